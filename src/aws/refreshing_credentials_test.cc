// Credentials that expire: renewed in time, by one at a time, and used as long as they hold.
#include "aws/refreshing_credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>
#include <vector>

namespace penstock::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kStart = *ParseTimestamp("2026-11-21T10:00:00Z");

// Gives keys named by their number, of an hour each, or fails.
struct Issuer {
  ManualClock clock{kStart};
  std::atomic<int> fetches = 0;
  Duration life = hours(1);
  std::optional<ErrorCode> failure;

  Result<Credentials> Fetch() {
    const int number = ++fetches;
    if (failure) return MakeError(*failure, "no");
    return Credentials{std::to_string(number), "secret", "token", clock.Now() + life};
  }
  RefreshingCredentials Source(RefreshPolicy policy = {}) {
    return RefreshingCredentials(
        "test", [this](std::stop_token) { return Fetch(); }, clock, Logger(), policy);
  }
};

std::string IdOf(CredentialSource& source) {
  const auto credentials = source.Get();
  return credentials.ok() ? credentials->access_key_id : std::string(NameOf(CodeOf(credentials.status())));
}

TEST(RefreshingCredentials, FetchedOnceAndKept) {
  Issuer issuer;
  auto source = issuer.Source();
  EXPECT_EQ(issuer.fetches, 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(IdOf(source), "1");
  issuer.clock.Advance(minutes(44));
  EXPECT_EQ(IdOf(source), "1");
}

TEST(RefreshingCredentials, RenewedBeforeTheyExpire) {
  Issuer issuer;
  auto source = issuer.Source();
  EXPECT_EQ(IdOf(source), "1");
  issuer.clock.Advance(minutes(46));
  EXPECT_EQ(IdOf(source), "2");
  issuer.clock.Advance(minutes(44));
  EXPECT_EQ(IdOf(source), "2");
}

// Credentials of 15 minutes are not asked for again at every call.
TEST(RefreshingCredentials, AShortLifeIsUsedForThreeQuarters) {
  Issuer issuer;
  issuer.life = minutes(15);
  auto source = issuer.Source();
  EXPECT_EQ(IdOf(source), "1");
  issuer.clock.Advance(minutes(11));
  EXPECT_EQ(IdOf(source), "1");
  issuer.clock.Advance(minutes(1));
  EXPECT_EQ(IdOf(source), "2");
}

TEST(RefreshingCredentials, StaleOnesAreServedWhileTheyHold) {
  Issuer issuer;
  auto source = issuer.Source();
  EXPECT_EQ(IdOf(source), "1");
  issuer.failure = ErrorCode::kUnavailable;
  issuer.clock.Advance(minutes(50));
  EXPECT_EQ(IdOf(source), "1");
  EXPECT_EQ(issuer.fetches, 2);
  EXPECT_EQ(IdOf(source), "1");  // not asked again at once
  EXPECT_EQ(issuer.fetches, 2);
  issuer.clock.Advance(minutes(2));
  EXPECT_EQ(IdOf(source), "1");
  EXPECT_EQ(issuer.fetches, 3);
  issuer.clock.Advance(minutes(7) + seconds(59));  // a second is left
  EXPECT_EQ(IdOf(source), "1");
  issuer.clock.Advance(seconds(1));
  EXPECT_EQ(IdOf(source), "unavailable");
  issuer.failure.reset();
  EXPECT_EQ(IdOf(source), std::to_string(issuer.fetches.load() + 1));
}

TEST(RefreshingCredentials, AFailureAtFirstIsNotKept) {
  Issuer issuer;
  issuer.failure = ErrorCode::kTimeout;
  auto source = issuer.Source();
  EXPECT_EQ(IdOf(source), "timeout");
  issuer.failure.reset();
  EXPECT_EQ(IdOf(source), "2");
}

TEST(RefreshingCredentials, ExpiredOnesAreRefused) {
  Issuer issuer;
  issuer.life = -seconds(1);
  auto source = issuer.Source();
  EXPECT_EQ(IdOf(source), "unauthenticated");
}

// The instance metadata service in an outage.
TEST(RefreshingCredentials, WhereExpiredOnesStillWorkTheyAreUsed) {
  Issuer issuer;
  issuer.life = -hours(1);
  auto source = issuer.Source({.use_expired = true});
  EXPECT_EQ(IdOf(source), "1");
  EXPECT_EQ(IdOf(source), "1");
  issuer.clock.Advance(minutes(1));
  issuer.failure = ErrorCode::kUnavailable;
  EXPECT_EQ(IdOf(source), "1");
  EXPECT_EQ(issuer.fetches, 2);
  issuer.failure.reset();
  issuer.life = hours(1);
  issuer.clock.Advance(minutes(1));
  EXPECT_EQ(IdOf(source), "3");
}

TEST(RefreshingCredentials, WithoutAnEndTheyHoldForEver) {
  int fetches = 0;
  ManualClock clock(kStart);
  RefreshingCredentials source(
      "test", [&](std::stop_token) { return Credentials{std::to_string(++fetches), "s", "", std::nullopt}; },
      clock, Logger());
  EXPECT_EQ(IdOf(source), "1");
  clock.Advance(hours(10'000));
  EXPECT_EQ(IdOf(source), "1");
}

// Eight callers before there are any: one fetch, all wait for it.
TEST(RefreshingCredentials, OneFetchAtATime) {
  ManualClock clock(kStart);
  std::atomic<int> fetches = 0, inside = 0;
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  RefreshingCredentials source(
      "test",
      [&](std::stop_token) -> Result<Credentials> {
        EXPECT_EQ(++inside, 1);
        ++fetches;
        gone.wait();
        --inside;
        return Credentials{"id", "s", "", clock.Now() + hours(1)};
      },
      clock, Logger());
  std::latch started(8);
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      started.count_down();
      EXPECT_EQ(IdOf(source), "id");
    });
  }
  started.wait();
  go.set_value();
  callers.clear();
  EXPECT_EQ(fetches, 1);
}

// While one renews them, the others go on with the ones that hold.
TEST(RefreshingCredentials, OthersDoNotWaitForARenewal) {
  ManualClock clock(kStart);
  std::promise<void> begun, go;
  std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> fetches = 0;
  RefreshingCredentials source(
      "test",
      [&](std::stop_token) -> Result<Credentials> {
        const int number = ++fetches;
        if (number == 2) {
          begun.set_value();
          gone.wait();
        }
        return Credentials{std::to_string(number), "s", "", clock.Now() + hours(1)};
      },
      clock, Logger());
  EXPECT_EQ(IdOf(source), "1");
  clock.Advance(minutes(50));
  std::jthread renewing([&] { EXPECT_EQ(IdOf(source), "2"); });
  begun.get_future().wait();
  EXPECT_EQ(IdOf(source), "1");
  // In the last moment they do wait; a stop ends that.
  clock.Advance(minutes(9) + seconds(30));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(source.Get(stop.get_token()).status()), ErrorCode::kCancelled);
  go.set_value();
}

}  // namespace
}  // namespace penstock::aws
