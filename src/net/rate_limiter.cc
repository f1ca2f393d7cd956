#include "net/rate_limiter.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::net {

Status Validate(const Quota& quota) {
  if (quota.requests >= 1 && quota.window > Duration(0) && quota.guard_ms >= 0) return Status::OK();
  return MakeError(
      ErrorCode::kConfiguration,
      fmt::format("a quota needs at least one request and a window: {} requests in {} us, guard {} ms",
                  quota.requests, quota.window.count(), quota.guard_ms),
      "write the quota as requests and window, such as 300 and 60 s");
}

Status ReservingRateLimiter::Acquire(std::stop_token stop) {
  const auto cancelled = [] {
    return MakeError(ErrorCode::kCancelled, "cancelled while waiting for the quota");
  };
  // A turn is not to be wasted on a caller that has gone.
  if (stop.stop_requested()) return cancelled();
  ASSIGN_OR_RETURN(const TimePoint turn, Reserve());
  if (!clock_.SleepUntil(turn, stop)) return cancelled();
  return Status::OK();
}

Result<TimePoint> MemoryRateLimiter::Reserve() {
  RETURN_IF_ERROR(Validate(quota_));
  std::lock_guard lock(mutex_);
  const TimePoint now = clock_.Now();
  if (!grants_.empty() && now < reserved_at_) {
    // The clock was set back: what was granted stays as far away as it was, as if no time had passed since.
    for (TimePoint& grant : grants_) grant -= reserved_at_ - now;
  }
  reserved_at_ = now;
  TimePoint turn = now;
  if (!grants_.empty()) turn = std::max(turn, grants_.back());
  if (static_cast<int64_t>(grants_.size()) >= quota_.requests) {
    turn = std::max(turn, grants_.front() + quota_.span());
    grants_.pop_front();
  }
  grants_.push_back(turn);
  return turn;
}

}  // namespace penstock::net
