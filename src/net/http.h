// The seam to HTTP: what a source or a store sends, and what comes back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace penstock::net {

// In order of arrival; names compare without case (RFC 9110 section 5.1).
class Headers {
 public:
  void Add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // The first of this name.
  std::optional<std::string> Find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;  // content codings (gzip, deflate) undone
  std::string url;   // of the last redirect
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https, with query
  Headers headers;
  std::string body;
  // TooLarge when the answer's body, decoded, is longer. With on_body, 0 is no bound.
  int64_t max_body_bytes = 64 << 20;
  // 0: the client's own. Counts the time that on_body takes, too.
  int64_t total_timeout_ms = 0;
  // Timeout when nothing came for this long (up to some seconds more: libcurl looks at averages), instead of
  // the client's own rule for slow servers, which is the meaning of 0. A receiver's pause does not count.
  int64_t stall_timeout_ms = 0;
  // No content coding is asked for, and none is undone: for ranges, and for objects that are compressed
  // themselves.
  bool as_stored = false;

  // A streamed answer. on_body is given the body of a 2xx answer piece by piece, in memory of bounded size,
  // and HttpResponse::body stays empty. on_head, if set, is called once before the first piece, or at the end
  // of an empty body, with status, headers and url. Both are called on the thread that called Send, and may
  // block; a request they send goes by another client, as this one's bounds count the streamed one. A failure
  // that one of them returns ends the transfer and is what Send returns. What came before a connection broke
  // was delivered. The body of any other answer is in HttpResponse::body: TooLarge above 1 MiB.
  std::function<Status(std::string_view piece)> on_body{};
  std::function<Status(const HttpResponse& head)> on_head{};
};

// Thread-safe. Blocking: many callers at once share connections below.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any status that the server answered is OK here. Fails with Unavailable (no connection, reset, broken
  // body), Timeout, TooLarge, Unauthenticated (certificate not trusted), Usage (the URL), RejectedByProvider
  // (a redirect that leaves the site or https), InvalidData (a content coding that nobody asked for),
  // Cancelled. No text of a failure carries a URL's query or user part.
  virtual Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop = {}) = 0;
};

// For clients that have the whole answer at hand (scripts, caches): on_head and on_body of `request` get what
// CurlClient would give them, and the body is emptied.
Status DeliverBody(const HttpRequest& request, HttpResponse* response);

// Scheme, host and path, without user, query and fragment: what may be logged or stored (ALL-4).
std::string MaskUrl(std::string_view url);

// The span that a Retry-After asks for: seconds or an HTTP date (RFC 9110 section 10.2.3), never negative;
// nothing when it is neither. More than a year counts as a year.
std::optional<std::chrono::milliseconds> ParseRetryAfter(
    std::string_view value, std::chrono::sys_time<std::chrono::microseconds> now);

// OK for 2xx and 3xx. Otherwise what the status means: Throttled (429, with Retry-After), Unavailable (5xx),
// Timeout (408), NotFound (404, 410), Unauthenticated (401), PermissionDenied (403), RejectedByProvider (the
// rest). `now` turns a Retry-After date into a span. Source: RFC 9110 sections 10.2.3 and 15, RFC 6585
// section 4.
Status ToStatus(const HttpResponse& response, std::string_view masked_url,
                std::chrono::sys_time<std::chrono::microseconds> now);

}  // namespace penstock::net
