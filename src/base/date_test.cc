#include "base/date.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

namespace ch = std::chrono;

TEST(Date, ParseAndFormat) {
  for (const char* text :
       {"1970-01-01", "2012-08-13", "2016-02-29", "2000-02-29", "9999-12-31", "1000-01-01"}) {
    const auto date = ParseDate(text);
    ASSERT_TRUE(date.ok()) << text;
    EXPECT_EQ(FormatDate(*date), text);
    EXPECT_EQ(FromDaysSinceEpoch(DaysSinceEpoch(*date)), *date);
  }
  EXPECT_EQ(DaysSinceEpoch(MakeDate(1970, 1, 2)), 1);
  EXPECT_EQ(DaysSinceEpoch(MakeDate(1969, 12, 31)), -1);
  EXPECT_EQ(DaysSinceEpoch(MakeDate(2017, 8, 11)), 17389);
  for (const char* bad :
       {"", "2017-02-30", "2017-2-3", "2100-02-29", "2017-13-01", "2017-00-10", "0999-01-01", "2017-08-11 ",
        " 2017-08-11", "2017/08/11", "20170811", "2017-08-1x", "-017-08-11", "+017-08-11"}) {
    EXPECT_EQ(CodeOf(ParseDate(bad).status()), ErrorCode::kInvalidData) << bad;
  }
}

TEST(TimeZone, UnknownIsNotFound) {
  EXPECT_EQ(CodeOf(TimeZone::Find("Europe/Atlantis").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(TimeZone::Find("").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(TimeZone::Find("../../etc/passwd").status()), ErrorCode::kNotFound);
  EXPECT_EQ(TimeZone::Find("Europe/London")->name(), "Europe/London");
}

struct Case {
  const char* zone;
  Date date;
  int minutes;
  const char* utc;
};

TEST(TimeZone, AroundTheChangesOfTheClock) {
  const Case cases[] = {
      // London 2017: 26 March 01:00 → 02:00, 29 October 02:00 → 01:00.
      {"Europe/London", MakeDate(2017, 3, 25), 8 * 60, "2017-03-25T08:00:00.000Z"},
      {"Europe/London", MakeDate(2017, 3, 27), 8 * 60, "2017-03-27T07:00:00.000Z"},
      {"Europe/London", MakeDate(2017, 3, 26), 59, "2017-03-26T00:59:00.000Z"},
      {"Europe/London", MakeDate(2017, 3, 26), 90, "2017-03-26T01:00:00.000Z"},  // skipped: the change
      {"Europe/London", MakeDate(2017, 3, 26), 120, "2017-03-26T01:00:00.000Z"},
      {"Europe/London", MakeDate(2017, 10, 29), 90, "2017-10-29T00:30:00.000Z"},  // twice: the first
      {"Europe/London", MakeDate(2017, 10, 29), 120, "2017-10-29T02:00:00.000Z"},
      // New York opens at 09:30; 12 March and 5 November 2017.
      {"America/New_York", MakeDate(2017, 3, 10), 570, "2017-03-10T14:30:00.000Z"},
      {"America/New_York", MakeDate(2017, 3, 13), 570, "2017-03-13T13:30:00.000Z"},
      {"America/New_York", MakeDate(2017, 11, 3), 570, "2017-11-03T13:30:00.000Z"},
      {"America/New_York", MakeDate(2017, 11, 6), 570, "2017-11-06T14:30:00.000Z"},
      {"UTC", MakeDate(2017, 8, 11), 0, "2017-08-11T00:00:00.000Z"},
  };
  for (const Case& c : cases) {
    const auto zone = TimeZone::Find(c.zone);
    ASSERT_TRUE(zone.ok()) << zone.status();
    EXPECT_EQ(FormatTimestamp(zone->ToUtc(c.date, ch::minutes(c.minutes))), c.utc) << c.zone;
  }
}

TEST(TimeZone, LocalDayOfAMoment) {
  const auto new_york = *TimeZone::Find("America/New_York");
  const auto tokyo = *TimeZone::Find("Asia/Tokyo");
  const TimePoint time = *ParseTimestamp("2017-08-11T02:30:00Z");
  EXPECT_EQ(new_york.LocalDate(time), MakeDate(2017, 8, 10));
  EXPECT_EQ(new_york.LocalTimeOfDay(time), ch::hours(22) + ch::minutes(30));
  EXPECT_EQ(tokyo.LocalDate(time), MakeDate(2017, 8, 11));
  const TimePoint before = *ParseTimestamp("1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(TimeZone::Find("UTC")->LocalDate(before), MakeDate(1969, 12, 31));
  EXPECT_EQ(TimeZone::Find("UTC")->LocalTimeOfDay(before), ch::hours(24) - ch::microseconds(1));
  // There and back on every hour of two years that changes its clock.
  for (TimePoint t = *ParseTimestamp("2016-01-01T00:00:00Z"); t < *ParseTimestamp("2018-01-01T00:00:00Z");
       t += ch::hours(1)) {
    const auto minutes = ch::duration_cast<ch::minutes>(new_york.LocalTimeOfDay(t));
    const TimePoint back = new_york.ToUtc(new_york.LocalDate(t), minutes);
    EXPECT_TRUE(back == t || back == t - ch::hours(1)) << FormatTimestamp(t);
  }
}

}  // namespace
}  // namespace penstock
