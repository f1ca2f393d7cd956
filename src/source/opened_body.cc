#include "source/opened_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/inflate.h"

namespace penstock::source {

Result<std::string_view> OpenBody(std::string_view bytes, std::string_view raw_key, std::string* inflated) {
  const auto invalid = [&](std::string_view what) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} in {}", what, raw_key),
                     "fetch this symbol and day again");
  };
  if (IsGzip(bytes)) {
    auto opened = Inflate(bytes, kMaxBodyBytes);
    if (!opened.ok()) return WithContext(opened.status(), raw_key);
    *inflated = *std::move(opened);
    bytes = *inflated;
  }
  if (bytes.size() > kMaxBodyBytes) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("a body of {} bytes in {}", bytes.size(), raw_key));
  }
  if (bytes.substr(0, 3) == "\xef\xbb\xbf") bytes.remove_prefix(3);
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  if (bytes.empty()) return invalid("an empty body");
  if (bytes.front() == '<') return invalid("an HTML page instead of data");
  return bytes;
}

std::string BeginningOf(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, 60)) out += (c >= ' ' && c < 127) ? c : '.';
  return out;
}

bool SaysGenerated(std::string_view body) {
  const std::string_view head = body.substr(0, 4096);
  return head.substr(0, 11) == "# generated" || head.find("\"generated\":true") != std::string_view::npos;
}

}  // namespace penstock::source
