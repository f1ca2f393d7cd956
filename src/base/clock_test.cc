#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/date.h"

namespace penstock {
namespace {

namespace ch = std::chrono;

TimePoint At(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0, int us = 0) {
  return TimePoint(MakeDate(y, m, d)) + ch::hours(h) + ch::minutes(min) + ch::seconds(s) +
         ch::microseconds(us);
}

TEST(Timestamp, Format) {
  EXPECT_EQ(FormatTimestamp(At(2026, 11, 20, 17, 44, 14, 123'999)), "2026-11-20T17:44:14.123Z");
  EXPECT_EQ(FormatTimestamp(At(1969, 12, 31, 23, 59, 59, 999'000)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatTimestamp(At(2000, 2, 29)), "2000-02-29T00:00:00.000Z");
}

TEST(Timestamp, Parse) {
  const std::pair<const char*, TimePoint> good[] = {
      {"2026-11-20T17:44:14Z", At(2026, 11, 20, 17, 44, 14)},
      {"2026-11-20T17:44:14.5Z", At(2026, 11, 20, 17, 44, 14, 500'000)},
      {"2026-11-20T17:44:14.123Z", At(2026, 11, 20, 17, 44, 14, 123'000)},
      {"2026-11-20T17:44:14.123456Z", At(2026, 11, 20, 17, 44, 14, 123'456)},
      {"2026-11-20T17:44:14.123456789Z", At(2026, 11, 20, 17, 44, 14, 123'456)},
      {"2026-11-20T17:44:14+01:30", At(2026, 11, 20, 16, 14, 14)},
      {"2026-11-20T17:44:14.25-05:00", At(2026, 11, 20, 22, 44, 14, 250'000)},
      {"2026-11-20t17:44:14z", At(2026, 11, 20, 17, 44, 14)},
      {"2016-12-31T23:59:60Z", At(2017, 1, 1)},
      {"1969-12-31T23:59:59.999Z", At(1969, 12, 31, 23, 59, 59, 999'000)},
  };
  for (const auto& [text, time] : good) {
    const auto parsed = ParseTimestamp(text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
    EXPECT_EQ(*parsed, time) << text << " " << FormatTimestamp(*parsed);
  }
  for (const char* bad :
       {"", "2026-11-20", "2026-11-20T17:44Z", "2026-11-20T17:44:14", "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T17:60:00Z", "2026-11-20T17:44:61Z",
        "2026-11-20T17:44:14Zx", " 2026-11-20T17:44:14Z", "2026-11-20T17:44:14.Z", "26-11-20T17:44:14Z",
        "2026-11-20T17:44:14+0130", "2026-11-20T17:44:14+25:00", "2026-11-20 17:44:14Z", "2026-1-2T03:04:05Z",
        "2026-11-20T7:44:14Z", "+026-11-20T17:44:14Z"}) {
    EXPECT_EQ(CodeOf(ParseTimestamp(bad).status()), ErrorCode::kInvalidData) << bad;
  }
}

// RFC 9110 section 5.6.7, the example of the document.
TEST(HttpDate, BothWays) {
  EXPECT_EQ(FormatHttpDate(At(1994, 11, 6, 8, 49, 37, 900'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
  const auto parsed = ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, At(1994, 11, 6, 8, 49, 37));
  for (const char* bad :
       {"", "120", "06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 32 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(CodeOf(ParseHttpDate(bad).status()), ErrorCode::kInvalidData) << bad;
  }
}

TEST(ManualClock, AutoAdvanceJumps) {
  ManualClock clock(At(2017, 8, 11));
  EXPECT_TRUE(clock.SleepFor(ch::hours(24)));
  EXPECT_EQ(clock.Now(), At(2017, 8, 12));
  EXPECT_TRUE(clock.SleepUntil(At(2000, 1, 1)));
  EXPECT_EQ(clock.Now(), At(2017, 8, 12)) << "never back";
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(clock.SleepFor(ch::hours(1), stop.get_token()));
  EXPECT_EQ(clock.Now(), At(2017, 8, 12));
}

TEST(ManualClock, BlocksUntilAdvanced) {
  ManualClock clock(At(2017, 8, 11), /*auto_advance=*/false);
  std::atomic<bool> woke{false};
  std::jthread sleeper([&] {
    EXPECT_TRUE(clock.SleepFor(ch::seconds(10)));
    woke = true;
  });
  while (clock.sleepers() == 0) std::this_thread::yield();
  clock.Advance(ch::seconds(9));
  EXPECT_EQ(clock.sleepers(), 1);
  EXPECT_FALSE(woke);
  clock.Advance(ch::seconds(1));
  sleeper.join();
  EXPECT_TRUE(woke);
  EXPECT_EQ(clock.sleepers(), 0);
}

TEST(ManualClock, StopEndsASleep) {
  ManualClock clock(At(2017, 8, 11), /*auto_advance=*/false);
  std::jthread sleeper([&](std::stop_token stop) { EXPECT_FALSE(clock.SleepFor(ch::hours(1), stop)); });
  while (clock.sleepers() == 0) std::this_thread::yield();
  sleeper.request_stop();
  sleeper.join();
  EXPECT_EQ(clock.Now(), At(2017, 8, 11));
}

TEST(BootClock, GoesOnAndStops) {
  BootClock clock;
  const TimePoint deadline = clock.Now() + ch::milliseconds(5);
  EXPECT_TRUE(clock.SleepUntil(deadline, {}));
  EXPECT_GE(clock.Now(), deadline);
  EXPECT_LT(deadline, SystemClock().Now());  // since the start of the machine, not since 1970
  std::jthread sleeper([&](std::stop_token stop) { EXPECT_FALSE(clock.SleepFor(ch::hours(1), stop)); });
  sleeper.request_stop();
}

TEST(SystemClock, SleepsByItsOwnTimeAndStops) {
  SystemClock past(-ch::years(9));
  EXPECT_LT(past.Now(), SystemClock().Now() - ch::days(365 * 8));
  const TimePoint deadline = past.Now() + ch::milliseconds(5);
  EXPECT_TRUE(past.SleepUntil(deadline, {}));
  EXPECT_GE(past.Now(), deadline);
  std::jthread sleeper([&](std::stop_token stop) { EXPECT_FALSE(past.SleepFor(ch::hours(1), stop)); });
  sleeper.request_stop();
}

}  // namespace
}  // namespace penstock
