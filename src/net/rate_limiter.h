// How many requests a window a source may send, and who waits for whose turn.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "base/status.h"
#include "base/thread_annotations.h"

namespace penstock::net {

struct Quota {
  int64_t requests = 0;
  // In no span of this length, wherever it begins, are there more than `requests` grants.
  Duration window{0};
  // Added to the window. The provider counts arrivals, not departures: a request that was slow on its way and
  // one that is quick come closer together than they were granted. 0 trusts the network; some 1 % is
  // cautious.
  int64_t guard_ms = 0;

  Duration span() const { return window + std::chrono::milliseconds(guard_ms); }
};

// Configuration: less than one request, or no window.
Status Validate(const Quota& quota);

// Thread-safe.
class RateLimiter {
 public:
  virtual ~RateLimiter() = default;
  // Blocks until one request may be sent. Cancelled when `stop` was requested first (the turn is then lost,
  // which is on the safe side).
  virtual Status Acquire(std::stop_token stop = {}) = 0;
};

// A limiter that gives out turns, in order of asking: each the earliest moment at which the quota has room,
// now or later. Exact and used fully: when demand never ends, number k*requests falls exactly k windows after
// number 0. When the clock is set back, turns that were given move back with it, as if no time had passed
// since the last one was asked for; who sleeps already waits by the clock.
class ReservingRateLimiter : public RateLimiter {
 public:
  // The caller's turn, which is now taken. Does not wait for it.
  virtual Result<TimePoint> Reserve() = 0;
  // Reserve, then sleep until then.
  Status Acquire(std::stop_token stop = {}) final;

 protected:
  explicit ReservingRateLimiter(Clock& clock) : clock_(clock) {}
  Clock& clock_;
};

// For one process; the sequence ends with it.
class MemoryRateLimiter : public ReservingRateLimiter {
 public:
  MemoryRateLimiter(Quota quota, Clock& clock) : ReservingRateLimiter(clock), quota_(quota) {}
  Result<TimePoint> Reserve() override;

 private:
  const Quota quota_;
  std::mutex mutex_;
  std::deque<TimePoint> grants_ GUARDED_BY(mutex_);  // the last quota_.requests of them, ascending
  TimePoint reserved_at_ GUARDED_BY(mutex_){};
};

}  // namespace penstock::net
