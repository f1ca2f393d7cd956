// How far the service's clock is from ours: learned from answers, so that a machine with a wrong clock can
// call AWS.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "net/http.h"

namespace penstock::aws {

// Of one client. Thread-safe. The rules are those of the AWS SDKs' common tests
// (tests/data/aws/clock-skew-test-cases.json): every answer is believed that did not take long and that no
// cache gave.
class ClockSkew {
 public:
  // The service's clock minus ours.
  Duration now() const { return Duration(skew_us_.load(std::memory_order_relaxed)); }
  // `head`: status and headers of an answer; `sent` and `received` by our clock. Answers what it learned, or
  // nothing.
  std::optional<Duration> Learn(const net::HttpResponse& head, TimePoint sent, TimePoint received);

 private:
  std::atomic<int64_t> skew_us_{0};
};

// Whether a refusal may come from signing with the skew `assumed` while `learned` is right: it is one of the
// codes for a time or a signature that is wrong, or (HEAD has no body to say why in) a 403 without one.
bool IsClockRefusal(const Status& status, Duration assumed, Duration learned);

}  // namespace penstock::aws
