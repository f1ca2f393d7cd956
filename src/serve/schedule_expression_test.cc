#include "serve/schedule_expression.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/random.h"

namespace penstock::serve {
namespace {

namespace ch = std::chrono;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TimeZone Zone(std::string_view name) { return TimeZone::Find(name).ValueOrDie(); }
TimePoint At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

// The first occurrences strictly after a time, in UTC to the second.
std::vector<std::string> Occurrences(std::string_view text, std::string_view after, size_t count,
                                     std::string_view zone = "UTC", const ScheduleWindow& window = {}) {
  const auto expression = ScheduleExpression::Parse(text, Zone(zone), window);
  EXPECT_TRUE(expression.ok()) << text << ": " << expression.status();
  std::vector<std::string> out;
  if (!expression.ok()) return out;
  for (auto next = expression->Next(At(after)); next && out.size() < count; next = expression->Next(*next)) {
    out.push_back(FormatTimestamp(*next).substr(0, 19));
  }
  return out;
}

std::string FaultOf(std::string_view text) {
  const auto parsed = ScheduleExpression::Parse(text, Zone("UTC"));
  EXPECT_EQ(CodeOf(parsed.status()), ErrorCode::kInvalidData) << text;
  return parsed.status().message();
}

// US-7: the examples of the user guide, and of each wildcard.
TEST(ScheduleExpression, TheDocumentedExamples) {
  EXPECT_THAT(Occurrences("cron(15 10 ? * 6L 2022-2023)", "2022-11-01T00:00:00Z", 2),
              ElementsAre("2022-11-25T10:15:00", "2022-12-30T10:15:00"));
  EXPECT_TRUE(Occurrences("cron(15 10 ? * 6L 2022-2023)", "2023-12-29T10:15:00Z", 2).empty());
  EXPECT_THAT(Occurrences("cron(0 10 * * ? *)", "2026-11-20T09:59:59Z", 2),
              ElementsAre("2026-11-20T10:00:00", "2026-11-21T10:00:00"));
  EXPECT_THAT(Occurrences("cron(0 18 ? * MON-FRI *)", "2026-11-20T18:00:00Z", 1),
              ElementsAre("2026-11-23T18:00:00"));
  EXPECT_THAT(Occurrences("cron(0 8 1 * ? *)", "2026-11-20T00:00:00Z", 2),
              ElementsAre("2026-12-01T08:00:00", "2027-01-01T08:00:00"));
  EXPECT_THAT(Occurrences("cron(0/15 * * * ? *)", "2026-11-20T23:31:00Z", 3),
              ElementsAre("2026-11-20T23:45:00", "2026-11-21T00:00:00", "2026-11-21T00:15:00"));
  EXPECT_THAT(Occurrences("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-20T17:54:00Z", 2),
              ElementsAre("2026-11-20T17:55:00", "2026-11-23T08:00:00"));
  EXPECT_THAT(Occurrences("cron(1/10 4 * * ? *)", "2026-11-20T04:11:00Z", 2),
              ElementsAre("2026-11-20T04:21:00", "2026-11-20T04:31:00"));
}

TEST(ScheduleExpression, DaysOfTheMonthAndOfTheWeek) {
  EXPECT_THAT(Occurrences("cron(0 0 L * ? *)", "2028-01-31T00:00:00Z", 2),
              ElementsAre("2028-02-29T00:00:00", "2028-03-31T00:00:00"));
  EXPECT_THAT(Occurrences("cron(0 0 ? * L *)", "2026-11-20T00:00:00Z", 1), ElementsAre("2026-11-21T00:00:00"))
      << "the last day of the week is Saturday";
  EXPECT_THAT(Occurrences("cron(0 0 ? * 3#2 *)", "2026-11-01T00:00:00Z", 2),
              ElementsAre("2026-11-10T00:00:00", "2026-12-08T00:00:00"));
  EXPECT_THAT(Occurrences("cron(0 0 ? * tue#5 *)", "2026-11-01T00:00:00Z", 1),
              ElementsAre("2026-12-29T00:00:00"));
  // 2026-08-01 and 2027-05-01 are Saturdays, 2026-11-01 is a Sunday: the weekday stays within the month.
  EXPECT_THAT(Occurrences("cron(0 0 1W * ? *)", "2026-07-31T00:00:00Z", 1),
              ElementsAre("2026-08-03T00:00:00"));
  EXPECT_THAT(Occurrences("cron(0 0 1W * ? *)", "2026-10-31T00:00:00Z", 1),
              ElementsAre("2026-11-02T00:00:00"));
  EXPECT_THAT(Occurrences("cron(0 0 31W * ? *)", "2026-05-01T00:00:00Z", 2),
              ElementsAre("2026-05-29T00:00:00", "2026-07-31T00:00:00"))
      << "a Sunday at the end of May; June has no 31st";
  EXPECT_THAT(Occurrences("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00Z", 2),
              ElementsAre("2028-02-29T00:00:00", "2032-02-29T00:00:00"));
  EXPECT_TRUE(Occurrences("cron(0 0 30 2 ? *)", "2026-01-01T00:00:00Z", 1).empty());
}

TEST(ScheduleExpression, RatesAndSingleTimes) {
  EXPECT_THAT(Occurrences("rate(5 minutes)", "2026-11-20T09:59:59Z", 2),
              ElementsAre("2026-11-20T10:00:00", "2026-11-20T10:05:00"));
  EXPECT_THAT(Occurrences("rate(1 hour)", "2026-11-20T09:30:00Z", 1), ElementsAre("2026-11-20T10:00:00"));
  // From the first day on, and 24 hours later, whatever the clocks do.
  EXPECT_THAT(Occurrences("rate(1 day)", "2026-01-01T00:00:00Z", 3, "Europe/London",
                          {MakeDate(2026, 3, 28), MakeDate(2026, 3, 30)}),
              ElementsAre("2026-03-28T00:00:00", "2026-03-29T00:00:00", "2026-03-30T00:00:00"));
  EXPECT_THAT(Occurrences("at(2026-07-01T12:00:30)", "2026-01-01T00:00:00Z", 5, "America/New_York"),
              ElementsAre("2026-07-01T16:00:30"));
  EXPECT_TRUE(Occurrences("at(2026-07-01T12:00:30)", "2026-07-01T12:00:30Z", 5).empty());
  EXPECT_THAT(Occurrences("cron(0 12 * * ? *)", "2026-01-01T00:00:00Z", 9, "America/New_York",
                          {MakeDate(2026, 7, 3), MakeDate(2026, 7, 4)}),
              ElementsAre("2026-07-03T16:00:00", "2026-07-04T16:00:00"));
}

TEST(ScheduleExpression, DaylightSaving) {
  // London: 2026-03-29 01:00 to 02:00 is skipped, 2026-10-25 01:00 to 02:00 comes twice.
  EXPECT_THAT(Occurrences("cron(30 1 * * ? *)", "2026-03-28T12:00:00Z", 2, "Europe/London"),
              ElementsAre("2026-03-29T01:00:00", "2026-03-30T00:30:00"));
  EXPECT_THAT(Occurrences("cron(0/15 1-2 * * ? *)", "2026-03-28T12:00:00Z", 3, "Europe/London"),
              ElementsAre("2026-03-29T01:00:00", "2026-03-29T01:15:00", "2026-03-29T01:30:00"))
      << "four skipped times and 02:00 are one moment";
  EXPECT_THAT(Occurrences("cron(30 1 * * ? *)", "2026-10-24T12:00:00Z", 2, "Europe/London"),
              ElementsAre("2026-10-25T00:30:00", "2026-10-26T01:30:00"));
  EXPECT_THAT(Occurrences("cron(30 1 * * ? *)", "2026-10-25T01:10:00Z", 1, "Europe/London"),
              ElementsAre("2026-10-26T01:30:00"))
      << "asked in the second passage";
  EXPECT_THAT(Occurrences("at(2026-03-29T01:30:15)", "2026-01-01T00:00:00Z", 1, "Europe/London"),
              ElementsAre("2026-03-29T01:00:00"));
  EXPECT_THAT(Occurrences("at(2026-10-25T01:30:15)", "2026-01-01T00:00:00Z", 2, "Europe/London"),
              ElementsAre("2026-10-25T00:30:15"));
}

TEST(ScheduleExpression, FaultsNameTheField) {
  EXPECT_THAT(FaultOf("cron(60 10 * * ? *)"), HasSubstr("minutes: expected 0 to 59"));
  EXPECT_THAT(FaultOf("cron(0 24 * * ? *)"), HasSubstr("hours: expected 0 to 23"));
  EXPECT_THAT(FaultOf("cron(0 0 32 * ? *)"), HasSubstr("day-of-month: expected 1 to 31"));
  EXPECT_THAT(FaultOf("cron(0 0 1 13 ? *)"), HasSubstr("month: expected 1 to 12 or JAN to DEC"));
  EXPECT_THAT(FaultOf("cron(0 0 ? * 8 *)"), HasSubstr("day-of-week: expected 1 to 7 or SUN to SAT"));
  EXPECT_THAT(FaultOf("cron(0 0 1 * ? 1969)"), HasSubstr("year: expected 1970 to 2199"));
  EXPECT_THAT(FaultOf("cron(0 0 * * * *)"), HasSubstr("expected ? in exactly one of them"));
  EXPECT_THAT(FaultOf("cron(0 0 ? * ? *)"), HasSubstr("expected ? in exactly one of them"));
  EXPECT_THAT(FaultOf("cron(0 0 * * ?)"), HasSubstr("six fields"));
  EXPECT_THAT(FaultOf("rate(5 fortnights)"), HasSubstr("minutes, hours or days"));
  EXPECT_THAT(FaultOf("at(2026-02-30T00:00:00)"), HasSubstr("existing time"));
  EXPECT_THAT(FaultOf("5 4 * * *"), HasSubstr("expected cron(fields)"));
  for (const char* text : {"cron(? 0 * * ? *)",
                           "cron(5-1 0 * * ? *)",
                           "cron(0/0 0 * * ? *)",
                           "cron(, 0 * * ? *)",
                           "cron(1, 0 * * ? *)",
                           "cron(1--2 0 * * ? *)",
                           "cron(0 0 LW * ? *)",
                           "cron(0 0 1,L * ? *)",
                           "cron(0 0 0W * ? *)",
                           "cron(0 0 32W * ? *)",
                           "cron(0 0 ? * 3#6 *)",
                           "cron(0 0 ? * 3#1,6#3 *)",
                           "cron(0 0 ? * 2/2 *)",
                           "cron(0 0 ? * #1 *)",
                           "cron(0 0 1 JANUARY ? *)",
                           "cron(-1 0 1 * ? *)",
                           "cron(0 0 1 * ? *",
                           "cron",
                           "cron()",
                           "cron)",
                           "(",
                           "",
                           "rate(0 days)",
                           "rate(-1 day)",
                           "rate(1day)",
                           "rate(99999999999999999999 days)",
                           "rate(9223372036854775807 days)",
                           "rate()",
                           "rate(1 )",
                           "at()",
                           "at(2026-01-01)",
                           "at(2026-01-01T00:00:00Z)",
                           "at(2026-01-01 00:00:00)",
                           "at(1026-01-01T00:00:00)",
                           "at(2026-01-01T00:00:00.5)"}) {
    EXPECT_EQ(CodeOf(ScheduleExpression::Parse(text, Zone("UTC")).status()), ErrorCode::kInvalidData) << text;
  }
}

TEST(ScheduleExpression, TimesFarAway) {
  const auto daily = *ScheduleExpression::Parse("cron(0 0 * * ? *)", Zone("America/New_York"));
  EXPECT_EQ(daily.Next(TimePoint::min()), At("1970-01-01T05:00:00Z"));
  EXPECT_EQ(daily.Next(TimePoint::max()), std::nullopt);
  EXPECT_EQ(daily.Next(At("2300-01-01T00:00:00Z")), std::nullopt);
}

// A cron expression made of sets, and what it means, told apart from the parser.
struct Drawn {
  std::set<int> minutes, hours;
  std::string days_text, weekdays_text;
  std::function<bool(ch::year_month_day)> is_day;

  std::string text() const {
    return fmt::format("cron({} {} {} * {} *)", fmt::join(minutes, ","), fmt::join(hours, ","), days_text,
                       weekdays_text);
  }
};

int WeekdayOf(ch::year_month_day day) { return static_cast<int>(ch::weekday(Date(day)).c_encoding()) + 1; }

std::vector<int> DaysOfMonthOn(ch::year_month_day day, int weekday) {
  std::vector<int> days;
  for (unsigned i = 1; i <= 31; ++i) {
    const ch::year_month_day candidate = day.year() / day.month() / ch::day(i);
    if (candidate.ok() && WeekdayOf(candidate) == weekday) days.push_back(static_cast<int>(i));
  }
  return days;
}

Drawn Draw(Random& random) {
  Drawn drawn;
  const auto fill = [&](std::set<int>& set, int count, int high) {
    for (int i = 0; i < count; ++i) set.insert(static_cast<int>(random.Uniform(0, high)));
  };
  fill(drawn.minutes, static_cast<int>(random.Uniform(1, 4)), 59);
  fill(drawn.hours, static_cast<int>(random.Uniform(1, 5)), 23);
  drawn.days_text = drawn.weekdays_text = "?";
  const int number = static_cast<int>(random.Uniform(1, 31));
  const int weekday = static_cast<int>(random.Uniform(1, 7));
  const int nth = static_cast<int>(random.Uniform(1, 5));
  const auto day_of = [](ch::year_month_day day) {
    return static_cast<int>(static_cast<unsigned>(day.day()));
  };
  switch (random.Uniform(0, 5)) {
    case 0:
      drawn.days_text = "*";
      drawn.is_day = [](ch::year_month_day) { return true; };
      break;
    case 1:
      drawn.days_text = fmt::format("{}-31/3", number);
      drawn.is_day = [=](ch::year_month_day day) {
        return day_of(day) >= number && (day_of(day) - number) % 3 == 0;
      };
      break;
    case 2:
      drawn.weekdays_text = fmt::format("{}-7", weekday);
      drawn.is_day = [=](ch::year_month_day day) { return WeekdayOf(day) >= weekday; };
      break;
    case 3:
      drawn.weekdays_text = fmt::format("{}L", weekday);
      drawn.is_day = [=](ch::year_month_day day) {
        return DaysOfMonthOn(day, weekday).back() == day_of(day);
      };
      break;
    case 4:
      drawn.weekdays_text = fmt::format("{}#{}", weekday, nth);
      drawn.is_day = [=](ch::year_month_day day) {
        const auto days = DaysOfMonthOn(day, weekday);
        return static_cast<int>(days.size()) >= nth && days[static_cast<size_t>(nth) - 1] == day_of(day);
      };
      break;
    default:
      drawn.days_text = fmt::format("{}W", number);
      drawn.is_day = [=](ch::year_month_day day) {
        const ch::year_month_day target = day.year() / day.month() / ch::day(static_cast<unsigned>(number));
        if (!target.ok()) return false;
        // The nearest: a distance of at most two, and no nearer weekday in the month.
        int best = 0, distance = 99;
        for (int other = 1; other <= 31; ++other) {
          const ch::year_month_day candidate =
              day.year() / day.month() / ch::day(static_cast<unsigned>(other));
          if (!candidate.ok() || WeekdayOf(candidate) == 1 || WeekdayOf(candidate) == 7) continue;
          if (std::abs(other - number) < distance) {
            best = other;
            distance = std::abs(other - number);
          }
        }
        return best == day_of(day);
      };
  }
  return drawn;
}

// Every minute of a span, by the zone's clock: a local minute fires when it comes for the first time; those
// that the clock leaves out fire with the next one.
TEST(ScheduleExpression, AgreesWithAWalkOverEveryMinute) {
  struct Span {
    const char* zone;
    Date from;
    int days;
  };
  Random random(7);
  for (const Span& span : {Span{"Europe/London", MakeDate(2026, 3, 10), 40},
                           {"Europe/London", MakeDate(2026, 10, 10), 40},
                           {"America/New_York", MakeDate(2026, 10, 20), 40},
                           {"America/Havana", MakeDate(2026, 10, 20), 20},
                           {"Australia/Lord_Howe", MakeDate(2026, 3, 25), 20},
                           {"Australia/Lord_Howe", MakeDate(2026, 9, 25), 20},
                           {"Pacific/Apia", MakeDate(2011, 12, 20), 30},
                           {"Africa/Cairo", MakeDate(2026, 4, 15), 20},
                           {"Asia/Kolkata", MakeDate(2026, 1, 20), 40}}) {
    const TimeZone zone = Zone(span.zone);
    // Minutes since the epoch by the local clock, of each minute in UTC.
    std::vector<int64_t> local;
    for (TimePoint time = span.from; time < span.from + ch::days(span.days); time += ch::minutes(1)) {
      local.push_back(int64_t{DaysSinceEpoch(zone.LocalDate(time))} * 1440 +
                      ch::floor<ch::minutes>(zone.LocalTimeOfDay(time)).count());
    }
    for (int round = 0; round < 60; ++round) {
      const Drawn drawn = Draw(random);
      std::map<int64_t, bool> days;
      const auto fires = [&](int64_t minute) {
        const int64_t day = minute / 1440;
        if (!drawn.hours.contains(static_cast<int>(minute % 1440 / 60)) ||
            !drawn.minutes.contains(static_cast<int>(minute % 60)))
          return false;
        const auto [found, fresh] = days.try_emplace(day);
        if (fresh) found->second = drawn.is_day(FromDaysSinceEpoch(static_cast<int32_t>(day)));
        return found->second;
      };
      std::vector<TimePoint> expected;
      int64_t newest = local.front();
      for (size_t i = 1; i < local.size(); ++i) {
        bool any = false;
        while (newest < local[i]) any |= fires(++newest);
        if (any) expected.push_back(span.from + ch::minutes(i));
      }
      const auto expression = ScheduleExpression::Parse(drawn.text(), zone);
      ASSERT_TRUE(expression.ok()) << drawn.text() << expression.status();
      std::vector<TimePoint> got;
      for (auto next = expression->Next(span.from); next && *next < span.from + ch::days(span.days);
           next = expression->Next(*next)) {
        got.push_back(*next);
      }
      ASSERT_EQ(got, expected) << drawn.text() << " in " << span.zone;
    }
  }
}

}  // namespace
}  // namespace penstock::serve
