// What every RateLimiter must do: INSTANTIATE_TEST_SUITE_P(Name, RateLimiterConformance,
// Values(factory)).
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "net/rate_limiter.h"

namespace penstock::net {

// A limiter with nothing used yet.
using RateLimiterFactory = std::function<std::unique_ptr<RateLimiter>(Quota, Clock&)>;

class RateLimiterConformance : public testing::TestWithParam<RateLimiterFactory> {};

// Time that moves only when all `workers` threads sleep, and then to the first that wakes: real concurrency,
// exact times.
class VirtualClock : public Clock {
 public:
  VirtualClock(TimePoint start, int workers) : now_(start), awake_(workers) {}
  TimePoint Now() const override;
  bool SleepUntil(TimePoint deadline, std::stop_token stop) override;
  // A worker is done.
  void Leave();

 private:
  struct Sleeper {
    TimePoint deadline;
    bool woken = false;
  };
  void MoveIfAllSleep();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  TimePoint now_;
  int awake_;
  std::list<Sleeper*> sleepers_;
};

// Fails where more than quota.requests of `arrivals` (in any order) lie in a span of quota.window, wherever
// it begins.
void ExpectWithinQuota(std::vector<TimePoint> arrivals, const Quota& quota);

}  // namespace penstock::net
