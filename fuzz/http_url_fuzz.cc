// URLs, request targets, Retry-After and compressed bodies: what comes from outside and is taken apart by
// src/net.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "net/content_decoder.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/url.h"

using namespace penstock;
using namespace penstock::net;

namespace {
void Check(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);

  // Masking drops the query, the fragment and the user, and doing it again changes nothing.
  const std::string masked = MaskUrl(text);
  const size_t host = masked.find("://");
  if (host != std::string::npos) {
    Check(masked.find('#') == std::string::npos);
    const std::string authority = masked.substr(host + 3, masked.find('/', host + 3) - host - 3);
    Check(authority.find('@') == std::string::npos);
  }
  for (const char c : masked) Check(static_cast<unsigned char>(c) > 0x20 || masked.starts_with("(not"));

  if (const auto url = ParseUrl(text); url.ok()) {
    Check(url->port != 0 && !url->host.empty() && url->path.front() == '/');
    const auto again = ParseUrl(url->Origin() + url->path);
    Check(again.ok() && again->Origin() == url->Origin() && again->path == url->path);
    Check(IsSameSite(url->host, url->host));
  }
  if (const auto decoded = PercentDecode(text); decoded.ok())
    Check(*PercentDecode(PercentEncode(*decoded)) == *decoded);
  if (const auto query = ParseQuery(text); query.ok()) Check(*ParseQuery(FormatQuery(*query)) == *query);
  ServerRequest request;
  IgnoreError(ParseTarget(text, &request), "most inputs are no target");

  const auto wait = ParseRetryAfter(text, TimePoint(std::chrono::seconds(1'700'000'000)));
  Check(!wait || wait->count() >= 0);

  for (const char* coding : {"gzip", "deflate", "zstd"}) {
    const auto body = DecodeContent(text, coding, 100'000);
    Check(!body.ok() || body->size() <= 100'000);
  }
  return 0;
}
