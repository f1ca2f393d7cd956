#include "net/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace penstock::net {

Duration BackoffOf(const RetryPolicy& policy, int attempt, Random& random) {
  int64_t most = std::min(policy.initial_backoff_ms, policy.max_backoff_ms);
  for (int i = 1; i < attempt && most < policy.max_backoff_ms; ++i) {
    most = most > policy.max_backoff_ms / 2 ? policy.max_backoff_ms : most * 2;
  }
  return Duration(random.Uniform(0, std::max<int64_t>(0, most) * 1000));
}

namespace {

// `request`, noting that something of an answer reached the caller.
HttpRequest Watched(const HttpRequest& request, bool* delivered) {
  HttpRequest watched = request;
  watched.on_body = [&request, delivered](std::string_view piece) {
    *delivered = true;
    return request.on_body(piece);
  };
  watched.on_head = [&request, delivered](const HttpResponse& head) {
    if (!request.on_head) return Status::OK();
    *delivered = true;
    return request.on_head(head);
  };
  return watched;
}

}  // namespace

Result<HttpResponse> RetryingClient::Send(const HttpRequest& request, std::stop_token stop) {
  const std::string url = MaskUrl(request.url);
  const bool safe = request.method != "POST" && request.method != "PATCH";
  const int attempts = safe || policy_.retry_unsafe_methods ? std::max(1, policy_.max_attempts) : 1;
  bool delivered = false;
  std::optional<HttpRequest> watched;
  if (request.on_body) watched = Watched(request, &delivered);
  for (int attempt = 1;; ++attempt) {
    Result<HttpResponse> result = inner_.Send(watched ? *watched : request, stop);
    if (delivered) return result;
    const Status status = result.ok() ? ToStatus(*result, url, clock_.Now()) : result.status();
    if (!IsRetryable(status)) return result;

    const ErrorDetail* detail = DetailOf(status);
    const Duration asked =
        detail != nullptr && detail->retry_after ? Duration(*detail->retry_after) : Duration(0);
    if (attempt >= attempts) {
      return WithContext(status,
                         fmt::format("no answer after {} attempt{}", attempt, attempt == 1 ? "" : "s"));
    }
    if (asked > std::chrono::milliseconds(policy_.max_retry_after_ms)) {
      return WithContext(
          status, fmt::format("gave up after {} attempt{}: asked to wait {} s, the most is {} s", attempt,
                              attempt == 1 ? "" : "s", asked / std::chrono::seconds(1),
                              policy_.max_retry_after_ms / 1000));
    }
    const Duration wait = std::max(asked, BackoffOf(policy_, attempt, random_));
    logger_.Warning("http_retry", {{"url", url},
                                   {"attempt", attempt},
                                   {"error", NameOf(CodeOf(status))},
                                   {"reason", status.message()},
                                   {"wait_ms", static_cast<int64_t>(wait / std::chrono::milliseconds(1))}});
    if (!clock_.SleepFor(wait, stop)) {
      return MakeError(ErrorCode::kCancelled, fmt::format("cancelled while waiting to try again: {}", url));
    }
  }
}

}  // namespace penstock::net
