#include "base/random.h"

namespace penstock {

Random::Random() {
  std::random_device device;
  engine_.seed((static_cast<uint64_t>(device()) << 32) ^ device());
}

int64_t Random::Uniform(int64_t low, int64_t high) {
  std::lock_guard lock(mutex_);
  return std::uniform_int_distribution<int64_t>(low, high)(engine_);
}

uint64_t Random::Next() {
  std::lock_guard lock(mutex_);
  return engine_();
}

}  // namespace penstock
