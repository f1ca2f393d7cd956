// How many requests a window a source may send, and who waits for whose turn.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/status.h"
#include "base/thread_annotations.h"

namespace penstock::net {

struct Quota {
  int64_t requests = 0;
  // In no span of this length, wherever it begins, do more than `requests` requests arrive at the provider.
  Duration window{0};
  // Added to the window: the provider's clock may run faster than ours.
  int64_t guard_ms = 0;
  // A turn that nobody settled counts as settled so long after it was given. Longer than a request may take,
  // the machine's stalls included; as long is a turn lost whose process died.
  int64_t lease_ms = 120'000;

  Duration span() const { return window + std::chrono::milliseconds(guard_ms); }
  Duration lease() const { return std::chrono::milliseconds(lease_ms); }
};

// Configuration: less than one request, no window, or no lease.
Status Validate(const Quota& quota);

class RateLimiter;

// The right to send one request. It has arrived, if ever, before the turn is settled. Not thread-safe; dies
// before its limiter.
class Turn {
 public:
  Turn(RateLimiter& limiter, int64_t number) : limiter_(&limiter), number_(number) {}
  Turn(Turn&& other) noexcept : limiter_(other.limiter_), number_(other.number_) { other.limiter_ = nullptr; }
  // Settles.
  ~Turn();

  // The request was answered, or cannot arrive any more. Once; a failure leaves the turn to its lease.
  Status Settle();
  // The request was given up, and nobody knows when it arrives: the turn is left to its lease.
  void Abandon() { limiter_ = nullptr; }

 private:
  RateLimiter* limiter_;
  const int64_t number_;
};

// Gives out turns in order of asking, each the earliest moment at which the quota has room wherever between
// turn and Settle the requests arrive: a turn is given when fewer than `requests` of the earlier ones are
// unsettled or were settled less than a window ago. However long a machine stalls, the provider sees no
// window with more. The price is the time of an answer: `requests` turns a window and an answer.
//
// When the clock is set back, what was settled stays as far away as it was, as if no time had passed since
// somebody last asked or settled; who sleeps already waits by the clock. Thread-safe.
class RateLimiter {
 public:
  virtual ~RateLimiter() = default;
  // Blocks until one request may be sent. Cancelled when `stop` was requested first; no turn is taken then.
  Result<Turn> Acquire(std::stop_token stop = {});

 protected:
  // Of one who waits.
  struct Place {
    int64_t number = 0;  // in order of asking
    TimePoint at;        // the turn; or when to look again
    bool final = false;  // it is the turn
  };
  RateLimiter(Quota quota, Clock& clock) : quota_(quota), clock_(clock) {}
  // Where `number` stands now. A new place, at the end, for none, and for one whose lease is over: others did
  // not wait for it.
  virtual Result<Place> Look(const std::optional<int64_t>& number) = 0;
  virtual Status Settle(int64_t number) = 0;
  // The turn was not used.
  virtual Status Leave(int64_t number) = 0;

  const Quota quota_;
  Clock& clock_;

 private:
  friend class Turn;
};

// For one process; the sequence ends with it.
class MemoryRateLimiter : public RateLimiter {
 public:
  MemoryRateLimiter(Quota quota, Clock& clock) : RateLimiter(quota, clock) {}

 protected:
  Result<Place> Look(const std::optional<int64_t>& number) override;
  Status Settle(int64_t number) override;
  Status Leave(int64_t number) override;

 private:
  // The clock's time, after what it does to the turns: set back, or leases that are over.
  TimePoint Attend() REQUIRES(mutex_);
  void AddSettled(TimePoint now) REQUIRES(mutex_);

  std::mutex mutex_;
  int64_t next_ GUARDED_BY(mutex_) = 0;
  std::map<int64_t, TimePoint> open_ GUARDED_BY(mutex_);  // waiting or under way: the end of the lease
  std::deque<TimePoint> settled_ GUARDED_BY(mutex_);      // the last quota_.requests of them, ascending
  TimePoint seen_ GUARDED_BY(mutex_){};
};

}  // namespace penstock::net
