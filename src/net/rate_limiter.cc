#include "net/rate_limiter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::net {

Status Validate(const Quota& quota) {
  if (quota.requests >= 1 && quota.window > Duration(0) && quota.guard_ms >= 0 && quota.lease_ms >= 1) {
    return Status::OK();
  }
  return MakeError(
      ErrorCode::kConfiguration,
      fmt::format("a quota needs at least one request and a window: {} requests in {} us, guard {} ms, "
                  "lease {} ms",
                  quota.requests, quota.window.count(), quota.guard_ms, quota.lease_ms),
      "write the quota as requests and window, such as 300 and 60 s");
}

Turn::~Turn() { IgnoreError(Settle(), "the lease ends the turn"); }

Status Turn::Settle() {
  RateLimiter* limiter = std::exchange(limiter_, nullptr);
  return limiter == nullptr ? Status::OK() : limiter->Settle(number_);
}

Result<Turn> RateLimiter::Acquire(std::stop_token stop) {
  const auto cancelled = [] {
    return MakeError(ErrorCode::kCancelled, "cancelled while waiting for the quota");
  };
  // A turn is not to be wasted on a caller that has gone.
  if (stop.stop_requested()) return cancelled();
  ASSIGN_OR_RETURN(Place place, Look(std::nullopt));
  while (true) {
    if (!clock_.SleepUntil(place.at, stop)) {
      IgnoreError(Leave(place.number), "the lease ends the place");
      return cancelled();
    }
    // Who overslept may have lost the lease, or might before the request arrives.
    if (place.final && clock_.Now() <= place.at + quota_.lease() / 2) return Turn(*this, place.number);
    ASSIGN_OR_RETURN(place, Look(place.number));
  }
}

TimePoint MemoryRateLimiter::Attend() {
  const TimePoint now = clock_.Now();
  if (now < seen_) {  // set back
    for (TimePoint& settled : settled_) settled -= seen_ - now;
    for (auto& [number, lease_end] : open_) lease_end -= seen_ - now;
  }
  seen_ = now;
  std::erase_if(open_, [&](const auto& open) {
    if (open.second > now) return false;
    AddSettled(now);
    return true;
  });
  return now;
}

void MemoryRateLimiter::AddSettled(TimePoint now) {
  settled_.push_back(now);
  if (static_cast<int64_t>(settled_.size()) > quota_.requests) settled_.pop_front();
}

Result<RateLimiter::Place> MemoryRateLimiter::Look(const std::optional<int64_t>& number) {
  RETURN_IF_ERROR(Validate(quota_));
  std::lock_guard lock(mutex_);
  const TimePoint now = Attend();
  const int64_t own = number && open_.contains(*number) ? *number : next_++;
  Place place{.number = own, .at = now, .final = true};
  // Room for so many that are settled, beside the earlier ones that are not.
  const int64_t room = quota_.requests - std::distance(open_.begin(), open_.lower_bound(own));
  if (room <= 0) {
    // One of them has to be settled first, at the earliest now.
    place.final = false;
    place.at = now + quota_.span();
    for (const auto& [other, lease_end] : open_) {
      if (other < own) place.at = std::min(place.at, lease_end);
    }
  } else if (static_cast<int64_t>(settled_.size()) >= room) {
    place.at = std::max(now, settled_[settled_.size() - static_cast<size_t>(room)] + quota_.span());
  }
  open_[own] = place.at + quota_.lease();
  return place;
}

Status MemoryRateLimiter::Settle(int64_t number) {
  std::lock_guard lock(mutex_);
  const TimePoint now = Attend();
  open_.erase(number);
  AddSettled(now);  // also when the lease was over: the request may have arrived since
  return Status::OK();
}

Status MemoryRateLimiter::Leave(int64_t number) {
  std::lock_guard lock(mutex_);
  open_.erase(number);
  return Status::OK();
}

}  // namespace penstock::net
