// libcurl, loaded when it is first asked for: it brings 28 libraries along (Kerberos, LDAP, …), which cost
// 5 ms of each start, and most commands never open a connection. These are libcurl's own functions, with its
// own names and declarations, each of which calls the one in the library; so the rest of this module is
// written as if the linker had bound it.
//
// curl_global_init comes first and loads the library; without it that one fails, and CurlLibraryError says
// why.
#include <curl/curl.h>
#include <dlfcn.h>

#include <cstdarg>
#include <mutex>
#include <string>

#include "net/curl_on_demand_internal.h"

namespace penstock::net {
namespace {

std::string& LoadError() {
  static std::string text;
  return text;
}

void* Library() {
  static void* const library = [] {
    // RTLD_LOCAL: nothing of it is offered to others, whose OpenSSL it must not meet.
    void* opened = dlopen(PENSTOCK_CURL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) LoadError() = dlerror();
    return opened;
  }();
  return library;
}

template <typename Function>
Function* Find(Function*, const char* name) {
  void* found = Library() == nullptr ? nullptr : dlsym(Library(), name);
  if (found == nullptr && LoadError().empty()) LoadError() = std::string("it lacks ") + name;
  return reinterpret_cast<Function*>(found);
}

}  // namespace

const std::string& CurlLibraryError() { return LoadError(); }

}  // namespace penstock::net

// The functions are found once each; curl_global_init has made sure that all are there.
#define PENSTOCK_CURL(name) static auto* const found = penstock::net::Find(&name, #name)

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#undef curl_share_setopt

// Each option's argument is one pointer, long or curl_off_t (curl_easy_setopt(3)): eight bytes that are
// passed alike.
static_assert(sizeof(long) == sizeof(void*) && sizeof(curl_off_t) == sizeof(void*));
#define PENSTOCK_CURL_OPTION(name, handle, option) \
  PENSTOCK_CURL(name);                             \
  va_list arguments;                               \
  va_start(arguments, option);                     \
  void* const argument = va_arg(arguments, void*); \
  va_end(arguments);                               \
  return found(handle, option, argument)

// CURLU*; const CURLU* from curl 8 on.
template <typename Handle>
Handle HandleOf(CURLUcode (*)(Handle, CURLUPart, char**, unsigned));
using UrlToRead = decltype(HandleOf(&curl_url_get));

extern "C" {

CURLcode curl_global_init(long flags) {
  if (penstock::net::Library() == nullptr) return CURLE_FAILED_INIT;
  PENSTOCK_CURL(curl_global_init);
  return found == nullptr ? CURLE_FAILED_INIT : found(flags);
}

CURL* curl_easy_init() {
  PENSTOCK_CURL(curl_easy_init);
  return found();
}
CURLcode curl_easy_setopt(CURL* handle, CURLoption option, ...) {
  PENSTOCK_CURL_OPTION(curl_easy_setopt, handle, option);
}
CURLcode curl_easy_getinfo(CURL* handle, CURLINFO option, ...) {
  PENSTOCK_CURL_OPTION(curl_easy_getinfo, handle, option);
}
void curl_easy_reset(CURL* handle) {
  PENSTOCK_CURL(curl_easy_reset);
  found(handle);
}
void curl_easy_cleanup(CURL* handle) {
  PENSTOCK_CURL(curl_easy_cleanup);
  found(handle);
}
const char* curl_easy_strerror(CURLcode code) {
  if (penstock::net::Library() == nullptr) return "libcurl could not be loaded";
  PENSTOCK_CURL(curl_easy_strerror);
  return found(code);
}
CURLcode curl_easy_pause(CURL* handle, int bitmask) {
  PENSTOCK_CURL(curl_easy_pause);
  return found(handle, bitmask);
}
void curl_free(void* memory) {
  PENSTOCK_CURL(curl_free);
  found(memory);
}

CURLM* curl_multi_init() {
  PENSTOCK_CURL(curl_multi_init);
  return found();
}
CURLMcode curl_multi_setopt(CURLM* handle, CURLMoption option, ...) {
  PENSTOCK_CURL_OPTION(curl_multi_setopt, handle, option);
}
CURLMcode curl_multi_add_handle(CURLM* multi, CURL* handle) {
  PENSTOCK_CURL(curl_multi_add_handle);
  return found(multi, handle);
}
CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* handle) {
  PENSTOCK_CURL(curl_multi_remove_handle);
  return found(multi, handle);
}
CURLMcode curl_multi_perform(CURLM* multi, int* running) {
  PENSTOCK_CURL(curl_multi_perform);
  return found(multi, running);
}
CURLMcode curl_multi_poll(CURLM* multi, curl_waitfd* extra, unsigned count, int timeout_ms, int* ready) {
  PENSTOCK_CURL(curl_multi_poll);
  return found(multi, extra, count, timeout_ms, ready);
}
CURLMcode curl_multi_wakeup(CURLM* multi) {
  PENSTOCK_CURL(curl_multi_wakeup);
  return found(multi);
}
CURLMsg* curl_multi_info_read(CURLM* multi, int* left) {
  PENSTOCK_CURL(curl_multi_info_read);
  return found(multi, left);
}
CURLMcode curl_multi_cleanup(CURLM* multi) {
  PENSTOCK_CURL(curl_multi_cleanup);
  return found(multi);
}

CURLSH* curl_share_init() {
  PENSTOCK_CURL(curl_share_init);
  return found();
}
CURLSHcode curl_share_setopt(CURLSH* handle, CURLSHoption option, ...) {
  PENSTOCK_CURL_OPTION(curl_share_setopt, handle, option);
}
CURLSHcode curl_share_cleanup(CURLSH* handle) {
  PENSTOCK_CURL(curl_share_cleanup);
  return found(handle);
}

curl_slist* curl_slist_append(curl_slist* list, const char* text) {
  PENSTOCK_CURL(curl_slist_append);
  return found(list, text);
}
void curl_slist_free_all(curl_slist* list) {
  PENSTOCK_CURL(curl_slist_free_all);
  found(list);
}

CURLU* curl_url() {
  PENSTOCK_CURL(curl_url);
  return found();
}
void curl_url_cleanup(CURLU* handle) {
  PENSTOCK_CURL(curl_url_cleanup);
  found(handle);
}
CURLUcode curl_url_get(UrlToRead handle, CURLUPart what, char** part, unsigned flags) {
  PENSTOCK_CURL(curl_url_get);
  return found(handle, what, part, flags);
}
CURLUcode curl_url_set(CURLU* handle, CURLUPart what, const char* part, unsigned flags) {
  PENSTOCK_CURL(curl_url_set);
  return found(handle, what, part, flags);
}

}  // extern "C"
