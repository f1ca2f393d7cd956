#include "aws/retry.h"

#include <algorithm>

namespace penstock::aws {

using std::chrono::milliseconds;

bool RetryQuota::Take(int tokens) {
  const std::lock_guard lock(mutex_);
  if (left_ < tokens) return false;
  left_ -= tokens;
  return true;
}

void RetryQuota::GiveBack(int tokens) {
  const std::lock_guard lock(mutex_);
  left_ = std::min(kCapacity, left_ + tokens);
}

int RetryQuota::left() const {
  const std::lock_guard lock(mutex_);
  return left_;
}

Duration RetryPause(bool throttled, int attempt, std::optional<milliseconds> asked, Random& random) {
  constexpr Duration kLongest = std::chrono::seconds(20);
  constexpr Duration kLongestExtra = std::chrono::seconds(5);
  Duration most = throttled ? milliseconds(1000) : milliseconds(50);
  for (int i = 1; i < attempt && most < kLongest; ++i) most *= 2;
  const Duration pause(random.Uniform(0, std::min(most, kLongest).count()));
  return asked ? std::clamp<Duration>(*asked, pause, pause + kLongestExtra) : pause;
}

}  // namespace penstock::aws
