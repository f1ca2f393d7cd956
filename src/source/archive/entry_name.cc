#include "source/archive/entry_name.h"

#include <algorithm>
#include <cctype>

#include "base/utf8.h"

namespace penstock::source {
namespace {

constexpr size_t kMaxName = 1024;
constexpr size_t kMaxShown = 300;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string_view PlainEntryName(std::string_view name) {
  while (name.substr(0, 2) == "./") {
    name.remove_prefix(2);
    while (!name.empty() && name.front() == '/') name.remove_prefix(1);
  }
  return name;
}

std::string_view FaultOfEntryName(std::string_view name) {
  if (name.empty()) return "it has no name";
  if (name.size() > kMaxName) return "its name is longer than 1024 bytes";
  if (name.front() == '/' || name.front() == '\\') return "its path is absolute";
  if (name.size() > 1 && name[1] == ':' && std::isalpha(static_cast<unsigned char>(name[0])))
    return "its path is absolute";
  if (std::any_of(name.begin(), name.end(), IsControl)) return "its name has a control character";
  if (!IsUtf8(name)) return "its name is not UTF-8";
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find_first_of("/\\", at), name.size());
    if (name.substr(at, end - at) == "..") return "its path leads out of the archive (..)";
    at = end + 1;
  }
  return PlainEntryName(name).empty() ? "it has no name" : "";
}

std::string ShownEntryName(std::string_view name) {
  std::string out(name);
  if (out.size() > kMaxShown)
    out = "…" + out.substr(out.size() - kMaxShown);  // the end tells more than the beginning
  std::replace_if(out.begin(), out.end(), IsControl, '?');
  return ReplaceInvalidUtf8(out);
}

}  // namespace penstock::source
