#include "serve/schedule.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::serve {
namespace {

namespace ch = std::chrono;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TimePoint At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

std::vector<std::string> Occurrences(std::string_view text, std::string_view after, size_t count,
                                     const ScheduleWindow& window = {}) {
  const auto schedule = MarketSchedule::Parse(text, window);
  EXPECT_TRUE(schedule.ok()) << text << ": " << schedule.status();
  std::vector<std::string> out;
  TimePoint time = At(after);
  while (schedule.ok() && out.size() < count) {
    const auto next = schedule->Next(time);
    EXPECT_TRUE(next.ok()) << next.status();
    if (!next.ok() || !*next) break;
    out.push_back(FormatTimestamp(**next).substr(0, 16));
    time = **next;
  }
  return out;
}

// US-7: holidays have no occurrence, half days an earlier one, and summer time moves them.
TEST(MarketSchedule, FollowsTheCalendar) {
  // Thanksgiving is the 26th, a half day follows.
  EXPECT_THAT(Occurrences("market-close XNYS + 30m", "2026-11-25T00:00:00Z", 3),
              ElementsAre("2026-11-25T21:30", "2026-11-27T18:30", "2026-11-30T21:30"));
  EXPECT_THAT(Occurrences("market-open XNYS", "2026-03-06T14:30:00Z", 1), ElementsAre("2026-03-09T13:30"));
  EXPECT_THAT(Occurrences("market-close XLON + 45m", "2026-12-23T18:00:00Z", 3),
              ElementsAre("2026-12-24T13:15", "2026-12-29T17:15", "2026-12-30T17:15"));
  EXPECT_THAT(Occurrences("market-open XLON-2h", "2026-11-20T05:59:59Z", 2),
              ElementsAre("2026-11-20T06:00", "2026-11-23T06:00"));
  EXPECT_THAT(Occurrences("market-close XLON +24h", "2026-11-20T00:00:00Z", 2),
              ElementsAre("2026-11-20T16:30", "2026-11-21T16:30"));
  EXPECT_THAT(Occurrences("market-close XLON", "2026-01-01T00:00:00Z", 9,
                          {MakeDate(2026, 4, 2), MakeDate(2026, 4, 7)}),
              ElementsAre("2026-04-02T15:30", "2026-04-07T15:30"))
      << "Good Friday and Easter Monday between";
}

// Every session has exactly one occurrence.
TEST(MarketSchedule, ComesOnceASession) {
  const auto* calendar = *calendar::ExchangeCalendar::Find("XNYS");
  const Date from = MakeDate(2017, 1, 1), to = MakeDate(2026, 12, 31);
  for (const int hours : {-48, 0, 48}) {
    const auto schedule = *MarketSchedule::Parse(
        fmt::format("market-close XNYS {} {}h", hours < 0 ? '-' : '+', std::abs(hours)));
    std::vector<TimePoint> expected, got;
    for (const Date day : calendar->Sessions(from, to)) {
      expected.push_back(calendar->SessionOf(day)->close + ch::hours(hours));
    }
    for (auto next = *schedule.Next(from + ch::hours(hours)); *next < to + ch::hours(24 + hours);
         next = *schedule.Next(*next)) {
      got.push_back(*next);
    }
    EXPECT_EQ(got, expected) << hours;
  }
}

TEST(MarketSchedule, Faults) {
  for (const char* text :
       {"market-close", "market-close ", "market-shut XLON", "market-close XLON + 45",
        "market-close XLON + 45s", "market-close XLON 45m", "market-close XLON + 49h",
        "market-close XLON + -5m", "market-close XLON + 45m x", "market-close XLON +", ""}) {
    EXPECT_FALSE(MarketSchedule::Parse(text).ok()) << text;
  }
  EXPECT_THAT(MarketSchedule::Parse("market-close XTKS").status().message(), HasSubstr("XTKS"));
  EXPECT_EQ(CodeOf(MarketSchedule::Parse("market-open XLON")->Next(At("2040-01-01T00:00:00Z")).status()),
            ErrorCode::kInvalidData);
}

pipeline::ScheduleConfig Config(const std::string& key, const std::string& expression) {
  pipeline::ScheduleConfig config;
  config.name = "daily";
  config.key = key;
  config.expression = expression;
  config.where = "p/pipeline.yaml:7";
  return config;
}

TEST(Schedule, CountsWhatIsDue) {
  const auto schedule = *Schedule::Make("lake", Config("rate", "rate(1 hour)"));
  const TimePoint noon = At("2026-11-20T12:00:00Z");
  EXPECT_FALSE(schedule.Due(noon, noon + ch::minutes(59))->has_value());
  EXPECT_FALSE(schedule.Due(noon, noon - ch::hours(5))->has_value()) << "the clock went back";
  const auto one = *schedule.Due(noon, noon + ch::hours(1));
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->time, noon + ch::hours(1));
  EXPECT_EQ(one->older, 0);
  const auto many = *schedule.Due(noon, noon + ch::minutes(24 * 60 + 1));
  EXPECT_EQ(many->time, noon + ch::hours(24));
  EXPECT_EQ(many->older, 23);
  EXPECT_EQ(schedule.id(), "lake/daily");
  EXPECT_EQ(schedule.ExecutionName(noon), "lake.daily.20261120T120000Z");
}

TEST(Schedule, FaultsHaveTheirPlace) {
  const auto fault = [](const pipeline::ScheduleConfig& config) {
    const auto made = Schedule::Make("lake", config);
    EXPECT_EQ(CodeOf(made.status()), ErrorCode::kConfiguration);
    return made.status().message();
  };
  EXPECT_THAT(fault(Config("cron", "cron(0 25 * * ? *)")),
              HasSubstr("p/pipeline.yaml:7: schedule daily: cron: hours: expected 0 to 23"));
  EXPECT_THAT(fault(Config("when", "market-close XTKS")), HasSubstr("schedule daily: when: "));
  auto config = Config("rate", "rate(1 day)");
  config.timezone = "Europe/Londonium";
  EXPECT_THAT(fault(config), HasSubstr("schedule daily: timezone: "));
  EXPECT_EQ(Schedule::Make("lake", Config("when", "market-open XNYS"))->timezone(), "America/New_York");
}

}  // namespace
}  // namespace penstock::serve
