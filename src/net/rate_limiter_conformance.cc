#include "net/rate_limiter_conformance.h"

#include <algorithm>
#include <thread>

#include "base/random.h"

namespace penstock::net {

using std::chrono::milliseconds;
using std::chrono::seconds;

TimePoint VirtualClock::Now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

void VirtualClock::MoveIfAllSleep() {
  if (awake_ > 0 || sleepers_.empty()) return;
  now_ = (*std::min_element(sleepers_.begin(), sleepers_.end(), [](auto* a, auto* b) {
           return a->deadline < b->deadline;
         }))->deadline;
  sleepers_.remove_if([&](Sleeper* sleeper) {
    if (sleeper->deadline > now_) return false;
    sleeper->woken = true;
    ++awake_;
    return true;
  });
  changed_.notify_all();
}

bool VirtualClock::SleepUntil(TimePoint deadline, std::stop_token) {
  std::unique_lock lock(mutex_);
  if (now_ >= deadline) return true;
  Sleeper self{deadline};
  sleepers_.push_back(&self);
  --awake_;
  MoveIfAllSleep();
  changed_.wait(lock, [&] { return self.woken; });
  return true;
}

void VirtualClock::Leave() {
  std::lock_guard lock(mutex_);
  --awake_;
  MoveIfAllSleep();
}

void ExpectWithinQuota(std::vector<TimePoint> grants, const Quota& quota) {
  std::sort(grants.begin(), grants.end());
  const auto n = static_cast<size_t>(quota.requests);
  for (size_t i = n; i < grants.size(); ++i) {
    ASSERT_GE(grants[i] - grants[i - n], quota.window)
        << "grants " << i - n << " to " << i << " of " << grants.size();
  }
}

namespace {

const TimePoint kStart = *ParseTimestamp("2026-11-20T10:00:00Z");

// What `threads` threads that ask `each` times get; `pause` is called before each request.
std::vector<TimePoint> RunThreads(const RateLimiterFactory& make, Quota quota, int threads, int each,
                                  const std::function<Duration()>& pause) {
  VirtualClock clock(kStart, threads);
  const auto limiter = make(quota, clock);
  std::mutex mutex;
  std::vector<TimePoint> grants;
  std::vector<std::jthread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        clock.SleepFor(pause());
        const Status status = limiter->Acquire();
        std::lock_guard lock(mutex);
        EXPECT_TRUE(status.ok()) << status;
        grants.push_back(clock.Now());
      }
      clock.Leave();
    });
  }
  workers.clear();
  std::sort(grants.begin(), grants.end());
  return grants;
}

TEST_P(RateLimiterConformance, IsUsedFullyAndNeverExceeded) {
  const Quota quota{.requests = 7, .window = seconds(10)};
  const auto grants = RunThreads(GetParam(), quota, 8, 20, [] { return Duration(0); });
  ASSERT_EQ(grants.size(), 160u);
  ExpectWithinQuota(grants, quota);
  for (size_t i = 0; i < grants.size(); ++i) {
    EXPECT_EQ(grants[i], kStart + static_cast<int>(i / 7) * quota.window) << i;
  }
}

TEST_P(RateLimiterConformance, HoldsInEveryWindowUnderChangingDemand) {
  const Quota quota{.requests = 5, .window = milliseconds(1000)};
  Random random(42);
  const auto grants = RunThreads(GetParam(), quota, 6, 60, [&] {
    return Duration(
        milliseconds(random.Uniform(0, 9) < 7 ? random.Uniform(0, 400) : random.Uniform(2'000, 5'000)));
  });
  ASSERT_EQ(grants.size(), 360u);
  ExpectWithinQuota(grants, quota);
}

TEST_P(RateLimiterConformance, EveryTurnIsTheEarliestPossible) {
  const Quota quota{.requests = 4, .window = milliseconds(1000)};
  ManualClock clock(kStart);
  const auto limiter = GetParam()(quota, clock);
  Random random(7);
  std::vector<TimePoint> expected;
  for (int i = 0; i < 300; ++i) {
    clock.Advance(milliseconds(random.Uniform(0, 3) == 0 ? random.Uniform(0, 1500) : random.Uniform(0, 100)));
    TimePoint turn = clock.Now();
    if (expected.size() >= 4) turn = std::max(turn, expected[expected.size() - 4] + quota.window);
    expected.push_back(turn);
    const auto got = limiter->Reserve();
    ASSERT_TRUE(got.ok()) << got.status();
    ASSERT_EQ(*got, turn) << i;
  }
}

TEST_P(RateLimiterConformance, TheGuardWidensTheWindow) {
  ManualClock clock(kStart);
  const auto limiter = GetParam()({.requests = 1, .window = seconds(60), .guard_ms = 600}, clock);
  EXPECT_EQ(*limiter->Reserve(), kStart);
  EXPECT_EQ(*limiter->Reserve(), kStart + milliseconds(60'600));
}

TEST_P(RateLimiterConformance, AClockSetBackDelaysByNoMoreThanTheWindow) {
  const Quota quota{.requests = 2, .window = seconds(60)};
  ManualClock clock(kStart);
  const auto limiter = GetParam()(quota, clock);
  EXPECT_EQ(*limiter->Reserve(), kStart);
  EXPECT_EQ(*limiter->Reserve(), kStart);
  EXPECT_EQ(*limiter->Reserve(), kStart + seconds(60));
  const TimePoint back = kStart - std::chrono::hours(5);
  clock.Set(back);
  // As if no time had passed: two now, one in a window; so the next comes then, too.
  EXPECT_EQ(*limiter->Reserve(), back + seconds(60));
  EXPECT_EQ(*limiter->Reserve(), back + seconds(120));
}

TEST_P(RateLimiterConformance, StopEndsTheWait) {
  ManualClock clock(kStart, /*auto_advance=*/false);
  const auto limiter = GetParam()({.requests = 1, .window = seconds(60)}, clock);
  ASSERT_TRUE(limiter->Acquire().ok());
  std::stop_source stop;
  Status status;
  std::jthread sleeper([&] { status = limiter->Acquire(stop.get_token()); });
  while (clock.sleepers() == 0) std::this_thread::yield();
  stop.request_stop();
  sleeper.join();
  EXPECT_EQ(CodeOf(status), ErrorCode::kCancelled);
  // Asked for in vain already: no turn is taken.
  EXPECT_EQ(CodeOf(limiter->Acquire(stop.get_token())), ErrorCode::kCancelled);
  EXPECT_EQ(*limiter->Reserve(), kStart + seconds(120));
}

}  // namespace
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RateLimiterConformance);
}  // namespace penstock::net
