// Asks again where asking again may help (FTSE-4).
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"

namespace penstock::net {

struct RetryPolicy {
  int max_attempts = 3;  // with the first one
  int64_t initial_backoff_ms = 500;
  int64_t max_backoff_ms = 30'000;
  // A provider that asks for a longer pause gets no further attempt: the failure carries the hint to who can
  // wait.
  int64_t max_retry_after_ms = 120'000;
  // false: POST and PATCH are sent once, for the first may have been carried out although its answer was
  // lost.
  bool retry_unsafe_methods = false;
};

// The pause before attempt `attempt` + 1 (`attempt` counts from 1): uniform in [0, min(max, initial *
// 2^(attempt-1))], known as full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
Duration BackoffOf(const RetryPolicy& policy, int attempt, Random& random);

// Thread-safe if what it stands on is. Each attempt is a Send of its own, and takes a turn of its own where
// `inner` has a limiter.
//
// Tries again after what IsRetryable says: throttled, 5xx, 408, timeouts, resets. When the attempts are used
// up, the last failure is returned, with its code and retry_after, and the number of attempts in its text; a
// status of that kind becomes a failure too. Any other answer is returned as it is, whatever its status.
// Nothing is sent again once on_head or on_body was called: the failure is returned as it is, and the caller,
// who knows how much came, may ask for the rest by Range.
class RetryingClient : public HttpClient {
 public:
  RetryingClient(HttpClient& inner, RetryPolicy policy, Clock& clock, Random& random, Logger logger)
      : inner_(inner), policy_(policy), clock_(clock), random_(random), logger_(std::move(logger)) {}

  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop = {}) override;

 private:
  HttpClient& inner_;
  const RetryPolicy policy_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
};

}  // namespace penstock::net
