#include "net/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "net/answer_detail.h"

namespace penstock::net {
namespace {

bool EqualsWithoutCase(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

ErrorCode CodeOfHttp(int status) {
  switch (status) {
    case 401: return ErrorCode::kUnauthenticated;
    case 403: return ErrorCode::kPermissionDenied;
    case 404:
    case 410: return ErrorCode::kNotFound;
    case 408: return ErrorCode::kTimeout;
    case 429: return ErrorCode::kThrottled;
    default: return status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kRejectedByProvider;
  }
}

std::string AdviceFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied: return "check the token or the permissions that the provider gave you";
    case ErrorCode::kNotFound: return "check that the provider still has this name";
    case ErrorCode::kThrottled:
      return "lower the quota of this source, or wait until the provider's window is over";
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return "try again later; the provider answers with an error now";
    default: return "read the provider's answer; the same request will be refused again";
  }
}

}  // namespace

std::optional<std::string> Headers::Find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (EqualsWithoutCase(key, name)) return value;
  }
  return std::nullopt;
}

Status DeliverBody(const HttpRequest& request, HttpResponse* response) {
  if (!request.on_body || response->status < 200 || response->status >= 300) return Status::OK();
  const std::string body = std::exchange(response->body, "");
  if (request.on_head) RETURN_IF_ERROR(request.on_head(*response));
  if (request.max_body_bytes > 0 && static_cast<int64_t>(body.size()) > request.max_body_bytes) {
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("{} {}: the body is longer than {} bytes", request.method,
                                 MaskUrl(request.url), request.max_body_bytes));
  }
  return body.empty() ? Status::OK() : request.on_body(body);
}

std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view value, TimePoint now) {
  using std::chrono::milliseconds;
  constexpr milliseconds kMost = std::chrono::hours(24 * 365);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    int64_t seconds = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc() || seconds > kMost.count() / 1000) return kMost;
    return milliseconds(seconds * 1000);
  }
  const auto date = ParseHttpDate(value);
  if (!date.ok()) return std::nullopt;
  // Rounded up: a date is a moment before which nothing may come.
  return std::clamp(std::chrono::ceil<milliseconds>(*date - now), milliseconds(0), kMost);
}

Status ToStatus(const HttpResponse& response, std::string_view masked_url, TimePoint now) {
  if (response.status >= 200 && response.status < 400) return Status::OK();
  const ErrorCode code = CodeOfHttp(response.status);
  constexpr size_t kMostSaid = 2048;
  auto detail = std::make_shared<AnswerDetail>(code);
  detail->said = response.body.substr(0, kMostSaid);
  detail->advice = AdviceFor(code);
  if (const auto value = response.headers.Find("retry-after"))
    detail->retry_after = ParseRetryAfter(*value, now);
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id", "x-request-id"}) {
    if (const auto id = response.headers.Find(name); id.has_value() && detail->request_id.empty()) {
      detail->request_id = *id;
    }
  }
  return MakeError(std::move(detail), fmt::format("{} answered HTTP status {}", masked_url, response.status));
}

}  // namespace penstock::net
