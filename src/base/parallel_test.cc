#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <vector>

namespace penstock {
namespace {

TEST(ParallelFor, EachItemOnce) {
  for (const int threads : {-1, 0, 1, 3, 100}) {
    std::vector<std::atomic<int>> seen(57);
    EXPECT_TRUE(ParallelFor(seen.size(), threads, [&](size_t i) {
                  ++seen[i];
                  return Status::OK();
                }).ok());
    for (const auto& times : seen) EXPECT_EQ(times, 1);
  }
  EXPECT_TRUE(ParallelFor(0, 4, [](size_t) { return MakeError(ErrorCode::kInternal, "never"); }).ok());
}

TEST(ParallelFor, NeverMoreThreadsThanAsked) {
  std::atomic<int> now{0}, most{0};
  EXPECT_TRUE(ParallelFor(200, 3, [&](size_t) {
                int running = ++now, before = most;
                while (running > before && !most.compare_exchange_weak(before, running)) {
                }
                --now;
                return Status::OK();
              }).ok());
  EXPECT_LE(most, 3);
}

TEST(ParallelFor, RunsAtOnce) {
  std::latch both(2);  // would never end on one thread
  EXPECT_TRUE(ParallelFor(2, 2, [&](size_t) {
                both.arrive_and_wait();
                return Status::OK();
              }).ok());
}

TEST(ParallelFor, TheFirstFailureStopsTheRest) {
  std::atomic<int> begun{0};
  const Status status = ParallelFor(1'000'000, 2, [&](size_t i) -> Status {
    ++begun;
    if (i == 10) return MakeError(ErrorCode::kNoSpace, "full");
    return Status::OK();
  });
  EXPECT_EQ(CodeOf(status), ErrorCode::kNoSpace);
  EXPECT_LT(begun, 1'000'000);
  // On one thread: exactly those before, and it.
  begun = 0;
  EXPECT_FALSE(ParallelFor(100, 1, [&](size_t i) -> Status {
                 ++begun;
                 return i == 10 ? MakeError(ErrorCode::kNoSpace, "full") : Status::OK();
               }).ok());
  EXPECT_EQ(begun, 11);
}

TEST(ParallelFor, StopCancels) {
  std::stop_source stop;
  std::atomic<int> begun{0};
  const Status status = ParallelFor(
      1000, 1,
      [&](size_t i) {
        ++begun;
        if (i == 4) stop.request_stop();
        return Status::OK();
      },
      stop.get_token());
  EXPECT_EQ(CodeOf(status), ErrorCode::kCancelled);
  EXPECT_EQ(begun, 5);
  EXPECT_GE(HardwareThreads(), 1);
}

}  // namespace
}  // namespace penstock
