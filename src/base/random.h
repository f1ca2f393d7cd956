// Randomness as a parameter: seeded, so that a test repeats.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>

namespace penstock {

// Thread-safe. Not for secrets.
class Random {
 public:
  // Seeded from the machine.
  Random();
  explicit Random(uint64_t seed) : engine_(seed) {}
  // Uniform in [low, high].
  int64_t Uniform(int64_t low, int64_t high);
  uint64_t Next();

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace penstock
