#include "net/curl_loop.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/ascii.h"

namespace penstock::net {
namespace {

// Returning another number than `size` ends the transfer with CURLE_WRITE_ERROR.
size_t OnHeader(char* bytes, size_t one, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  size *= one;
  transfer.header_bytes += static_cast<int64_t>(size);
  if (transfer.header_bytes > transfer.max_header_bytes) {
    transfer.headers_too_large = true;
    return 0;
  }
  // Trailers: who takes the body may be reading the head.
  if (transfer.body_bytes > 0) return size;
  const std::string_view line = TrimAscii(std::string_view(bytes, size));
  if (line.starts_with("HTTP/")) {  // also after 100 Continue, and after the answer of a proxy
    transfer.headers = Headers();
    transfer.announced_bytes = -1;
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos && colon > 0) {
    transfer.headers.Add(std::string(line.substr(0, colon)), std::string(TrimAscii(line.substr(colon + 1))));
  } else if (line.empty()) {
    if (const auto length = transfer.headers.Find("content-length")) {
      std::from_chars(length->data(), length->data() + length->size(), transfer.announced_bytes);
    }
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.status = static_cast<int>(status);
    if (transfer.streams()) return size;
    const int64_t likely = std::min<int64_t>(transfer.announced_bytes, 8 << 20);
    if (likely > 0) transfer.body.reserve(static_cast<size_t>(std::min(likely, transfer.max_body_bytes)));
  }
  return size;
}

size_t OnBody(char* bytes, size_t one, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  size *= one;
  const bool streams = transfer.streams();
  const int64_t most = streams ? transfer.max_streamed_bytes : transfer.max_body_bytes;
  if (static_cast<int64_t>(size) > most - transfer.body_bytes) {
    transfer.too_large = true;
    return 0;
  }
  if (streams) {
    // libcurl keeps these bytes, and gives them again when it is resumed.
    if (!transfer.pipe->Put(std::string_view(bytes, size))) return CURL_WRITEFUNC_PAUSE;
  } else {
    transfer.body.append(bytes, size);
  }
  transfer.body_bytes += static_cast<int64_t>(size);
  return size;
}

// Called each time before the request is sent. libcurl itself sends again when a kept connection turns out to
// be dead, perhaps after the first one arrived: that is for Exchange to do, which counts requests.
int OnSend(void* user, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.resend = transfer.sends++ > 0;
  return transfer.resend ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

}  // namespace

void Transfer::Attach() {
  if (on_piece) pipe = std::make_unique<BodyPipe>();
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, OnSend);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, nullptr);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
}

CurlLoop::CurlLoop(int max_connections, bool cookies) : multi_(curl_multi_init()) {
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(max_connections));
  if (cookies) {
    share_ = curl_share_init();
    curl_share_setopt(share_, CURLSHOPT_USERDATA, share_mutex_);
    curl_share_setopt(
        share_, CURLSHOPT_LOCKFUNC, +[](CURL*, curl_lock_data data, curl_lock_access, void* user) {
          static_cast<std::mutex*>(user)[data].lock();
        });
    curl_share_setopt(
        share_, CURLSHOPT_UNLOCKFUNC,
        +[](CURL*, curl_lock_data data, void* user) { static_cast<std::mutex*>(user)[data].unlock(); });
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  }
  thread_ = std::thread([this] { Loop(); });
}

void CurlLoop::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  if (thread_.joinable()) thread_.join();
}

CurlLoop::~CurlLoop() {
  Stop();
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);
  if (share_ != nullptr) curl_share_cleanup(share_);
}

CURL* CurlLoop::Borrow() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      CURL* easy = idle_.back();
      idle_.pop_back();
      return easy;
    }
  }
  return curl_easy_init();
}

void CurlLoop::Return(CURL* easy) {
  // libcurl 7.88's reset forgets the list behind this option without freeing it.
  curl_easy_setopt(easy, CURLOPT_COOKIEFILE, nullptr);
  curl_easy_reset(easy);
  std::lock_guard lock(mutex_);
  idle_.push_back(easy);
}

void CurlLoop::Run(Transfer& transfer, std::stop_token stop) {
  Entry entry{&transfer};
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      transfer.cancelled = true;
      return;
    }
    curl_easy_setopt(transfer.easy, CURLOPT_PRIVATE, &entry);
    entries_.push_back(&entry);
    attention_ = true;
  }
  curl_multi_wakeup(multi_);
  const std::stop_callback cancel(stop, [&] { CallAttention(&Entry::cancel, entry); });
  if (transfer.pipe) Drain(entry);
  std::unique_lock lock(mutex_);
  entry.finished.wait(lock, [&] { return entry.done; });
  std::erase(entries_, &entry);
  // Unlocked before `cancel` goes: its destructor waits for a callback that may be waiting for the lock.
}

void CurlLoop::CallAttention(bool Entry::* what, Entry& entry) {
  {
    std::lock_guard lock(mutex_);
    entry.*what = true;
    attention_ = true;
  }
  curl_multi_wakeup(multi_);
}

void CurlLoop::Drain(Entry& entry) {
  Transfer& transfer = *entry.transfer;
  std::string piece;
  bool made_room = false;
  while (transfer.pipe->Take(&piece, &made_room)) {
    if (made_room) CallAttention(&Entry::resume, entry);
    transfer.refused = transfer.on_piece(piece);
    if (!transfer.refused.ok()) return CallAttention(&Entry::cancel, entry);
  }
}

void CurlLoop::Finish(Entry& entry) {
  if (entry.transfer->pipe) entry.transfer->pipe->Close();
  if (entry.added) curl_multi_remove_handle(multi_, entry.transfer->easy);
  entry.added = false;
  entry.done = true;
  entry.finished.notify_one();
}

void CurlLoop::Attend() {
  std::lock_guard lock(mutex_);
  if (!attention_ && !stopping_) return;
  attention_ = false;
  for (Entry* entry : entries_) {
    if (entry->done) continue;
    if (entry->cancel || stopping_) {
      entry->transfer->cancelled = true;
      Finish(*entry);
    } else if (!entry->added) {
      entry->added = curl_multi_add_handle(multi_, entry->transfer->easy) == CURLM_OK;
      if (!entry->added) {
        entry->transfer->code = CURLE_FAILED_INIT;
        Finish(*entry);
      }
    } else if (std::exchange(entry->resume, false)) {
      entry->transfer->code = curl_easy_pause(entry->transfer->easy, CURLPAUSE_CONT);
      if (entry->transfer->code != CURLE_OK) Finish(*entry);
    }
  }
}

void CurlLoop::Loop() {
  while (true) {
    Attend();
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;  // the message dies with the handle's removal
      CURL* easy = message->easy_handle;
      char* user = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
      auto& entry = *reinterpret_cast<Entry*>(user);
      entry.transfer->code = code;
      std::lock_guard lock(mutex_);
      Finish(entry);
    }
    {
      std::lock_guard lock(mutex_);
      if (attention_) continue;
      if (stopping_ && std::all_of(entries_.begin(), entries_.end(), [](Entry* e) { return e->done; }))
        return;
    }
    curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
  }
}

}  // namespace penstock::net
