#include "serve/call_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace penstock::serve {
namespace {

TEST(CallThreads, TakeSoManyAtOnceAndWaitForThemAtTheEnd) {
  std::latch begun(2), go(1);
  std::atomic<int> done{0};
  const auto call = [&] {
    begun.count_down();
    go.wait();
    ++done;
  };
  CallThreads threads(2);
  EXPECT_EQ(threads.Run(call), CallThreads::Taken::kYes);
  EXPECT_EQ(threads.Run(call), CallThreads::Taken::kYes);
  begun.wait();
  EXPECT_EQ(threads.Run(call), CallThreads::Taken::kBusy);
  std::jthread closer([&] { threads.Close(); });
  go.count_down();
  closer.join();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(threads.Run(call), CallThreads::Taken::kClosed);
}

TEST(CallThreads, ThereIsRoomAgainWhenOneHasEnded) {
  CallThreads threads(1);
  std::atomic<int> done{0};
  for (int i = 0; i < 100; ++i) {
    while (threads.Run([&] { ++done; }) != CallThreads::Taken::kYes) std::this_thread::yield();
  }
  threads.Close();
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace penstock::serve
