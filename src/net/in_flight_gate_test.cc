#include "net/in_flight_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace penstock::net {
namespace {

TEST(InFlightGate, NeverMoreThanTheBoundsAndEverybodyGetsThrough) {
  InFlightGate gate(4, 3);
  std::atomic<int> total{0}, most{0}, through{0};
  std::atomic<int> at_host[2] = {0, 0}, most_at_host{0};
  const auto raise = [](std::atomic<int>& most_of, int value) {
    int seen = most_of;
    while (seen < value && !most_of.compare_exchange_weak(seen, value)) {
    }
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      const int host = t % 2;
      const std::string name = host == 0 ? "a" : "b";
      for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(gate.Enter(name, {}).ok());
        raise(most, ++total);
        raise(most_at_host, ++at_host[host]);
        std::this_thread::yield();
        --at_host[host];
        --total;
        gate.Leave(name);
        ++through;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(through, 3200);
  EXPECT_LE(most, 4);
  EXPECT_LE(most_at_host, 3);
}

TEST(InFlightGate, AsManyAsTheBoundsAllowAreInsideAtOnce) {
  InFlightGate gate(4, 3);
  for (const char* host : {"a", "a", "a", "b"}) ASSERT_TRUE(gate.Enter(host, {}).ok());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(gate.Enter("b", stop.get_token())), ErrorCode::kCancelled);  // a fifth has no room
}

TEST(InFlightGate, AFullHostLetsOthersPass) {
  InFlightGate gate(2, 1);
  ASSERT_TRUE(gate.Enter("a", {}).ok());
  std::stop_source stop;
  Status waited;
  std::jthread waiter([&] { waited = gate.Enter("a", stop.get_token()); });
  ASSERT_TRUE(gate.Enter("b", {}).ok());
  stop.request_stop();
  waiter.join();
  EXPECT_EQ(CodeOf(waited), ErrorCode::kCancelled);
  gate.Leave("b");
  gate.Leave("a");
  ASSERT_TRUE(gate.Enter("a", {}).ok());  // the one that gave up holds nothing
}

}  // namespace
}  // namespace penstock::net
