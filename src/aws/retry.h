// How often and how soon a call to AWS is tried again: "standard mode" of the SDKs.
//
// Source: AWS SDKs and Tools Reference Guide, "Retry behavior" (the rules of 2026: AWS_NEW_RETRIES_2026).
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "base/thread_annotations.h"

namespace penstock::aws {

// A bucket of tokens that all calls of a client share: in an outage it is empty soon, and calls fail at once
// instead of adding load. Thread-safe.
class RetryQuota {
 public:
  static constexpr int kCapacity = 500;
  static constexpr int kCostOfThrottling = 5;
  static constexpr int kCostOfOther = 14;

  // False when there are fewer; none is taken then.
  bool Take(int tokens);
  // What a success gives back: the tokens of its last retry, or one if it needed none. Never above the
  // capacity.
  void GiveBack(int tokens);
  int left() const;

 private:
  mutable std::mutex mutex_;
  int left_ GUARDED_BY(mutex_) = kCapacity;
};

// The pause before attempt `attempt` + 1 (`attempt` counts from 1): uniform in [0, min(20 s, base *
// 2^(attempt-1))], base 1 s after throttling and 50 ms otherwise. `asked` (x-amz-retry-after, Retry-After)
// makes it longer, by 5 s at most.
Duration RetryPause(bool throttled, int attempt, std::optional<std::chrono::milliseconds> asked,
                    Random& random);

}  // namespace penstock::aws
