// US-7 (scheduled by the exchange's sessions, holidays and half days included), FTSE-1 (a dt= is a session
// day).
#include "calendar/exchange_calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace penstock::calendar {
namespace {

using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ExchangeCalendar& Get(std::string_view mic) { return *ExchangeCalendar::Find(mic).ValueOrDie(); }
Date Day(std::string_view text) { return ParseDate(text).ValueOrDie(); }
TimePoint At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

std::string Hours(const ExchangeCalendar& calendar, std::string_view day) {
  const auto session = calendar.SessionOf(Day(day));
  if (!session) return "closed";
  EXPECT_EQ(session->date, Day(day));
  return FormatTimestamp(session->open).substr(11, 5) + "-" + FormatTimestamp(session->close).substr(11, 5) +
         (session->half_day ? " half" : "");
}

TEST(ExchangeCalendarFind, KnowsTheBuiltInOnesAndNamesThemOtherwise) {
  EXPECT_THAT(ExchangeCalendar::Known(), ElementsAre("XLON", "XNYS"));
  EXPECT_EQ(Get("XLON").mic(), "XLON");
  EXPECT_EQ(Get("XLON").name(), "London Stock Exchange");
  EXPECT_EQ(Get("XLON").zone().name(), "Europe/London");
  EXPECT_EQ(Get("XNYS").zone().name(), "America/New_York");
  for (const char* unknown : {"XTKS", "xlon", ""}) {
    const Status status = ExchangeCalendar::Find(unknown).status();
    EXPECT_EQ(CodeOf(status), ErrorCode::kNotFound) << unknown;
    EXPECT_THAT(Describe(status), HasSubstr("XLON, XNYS"));
  }
}

TEST(ExchangeCalendarFind, GivesEveryThreadTheSameCalendar) {
  std::vector<const ExchangeCalendar*> found(8);
  {
    std::vector<std::jthread> threads;
    for (auto& one : found) threads.emplace_back([&one] { one = &Get("XNYS"); });
  }
  EXPECT_THAT(found, ::testing::Each(&Get("XNYS")));
}

TEST(ExchangeCalendarHours, FollowSummerTime) {
  // The clocks change in London on 28 March and 31 October 2021, in New York on 14 March and 7 November.
  const auto& london = Get("XLON");
  EXPECT_EQ(Hours(london, "2021-03-26"), "08:00-16:30");
  EXPECT_EQ(Hours(london, "2021-03-29"), "07:00-15:30");
  EXPECT_EQ(Hours(london, "2021-10-29"), "07:00-15:30");
  EXPECT_EQ(Hours(london, "2021-11-01"), "08:00-16:30");
  const auto& new_york = Get("XNYS");
  EXPECT_EQ(Hours(new_york, "2021-03-12"), "14:30-21:00");
  EXPECT_EQ(Hours(new_york, "2021-03-15"), "13:30-20:00");
  EXPECT_EQ(Hours(new_york, "2021-11-05"), "13:30-20:00");
  EXPECT_EQ(Hours(new_york, "2021-11-08"), "14:30-21:00");
  // Before 2007 the change was in April: 3 April 2005.
  EXPECT_EQ(Hours(new_york, "2005-04-01"), "14:30-21:00");
  EXPECT_EQ(Hours(new_york, "2005-04-04"), "13:30-20:00");
}

TEST(ExchangeCalendarHours, FollowSummerTimeToTheLastYear) {
  for (const std::string& mic : ExchangeCalendar::Known()) {
    const auto& calendar = Get(mic);
    const int year = static_cast<int>(std::chrono::year_month_day(calendar.last()).year());
    const auto open = [&](unsigned month) {
      const Date date = calendar.NextSession(MakeDate(year, month, 9)).ValueOrDie();
      return calendar.SessionOf(date)->open - TimePoint(date);
    };
    EXPECT_EQ(open(1) - open(7), std::chrono::hours(1)) << mic;
  }
}

TEST(ExchangeCalendarHours, HalfDays) {
  const auto& new_york = Get("XNYS");
  EXPECT_EQ(Hours(new_york, "2024-07-03"), "13:30-17:00 half");  // 13:00 local
  EXPECT_EQ(Hours(new_york, "2024-11-29"), "14:30-18:00 half");
  EXPECT_EQ(Hours(new_york, "2024-12-24"), "14:30-18:00 half");
  EXPECT_EQ(Hours(new_york, "2024-12-31"), "14:30-21:00");
  EXPECT_EQ(Hours(new_york, "2002-07-05"), "13:30-17:00 half");
  EXPECT_EQ(Hours(new_york, "2002-07-03"), "13:30-20:00");
  EXPECT_EQ(Hours(new_york, "2020-07-02"), "13:30-20:00");  // the 4th is a Saturday: the 3rd is closed
  EXPECT_EQ(Hours(new_york, "2003-12-26"), "14:30-18:00 half");
  EXPECT_EQ(Hours(new_york, "2014-12-26"), "14:30-21:00");
  const auto& london = Get("XLON");
  EXPECT_EQ(Hours(london, "2024-12-24"), "08:00-12:30 half");
  EXPECT_EQ(Hours(london, "2023-12-22"), "08:00-12:30 half");  // Christmas Eve on a Sunday
  EXPECT_EQ(Hours(london, "2022-12-30"), "08:00-12:30 half");
  EXPECT_EQ(Hours(london, "2022-12-29"), "08:00-16:30");
}

TEST(ExchangeCalendarHolidays, AreNamed) {
  const auto& london = Get("XLON");
  EXPECT_EQ(london.HolidayName(Day("2022-09-19")), "State funeral of Queen Elizabeth II");
  EXPECT_EQ(london.HolidayName(Day("2021-12-28")), "Boxing Day (substitute day)");
  EXPECT_EQ(london.HolidayName(Day("2024-03-29")), "Good Friday");
  EXPECT_THAT(*london.HolidayName(Day("2020-05-08")), HasSubstr("VE Day"));
  EXPECT_THAT(*london.HolidayName(Day("2012-06-04")), HasSubstr("Spring Bank Holiday"));
  const auto& new_york = Get("XNYS");
  EXPECT_THAT(*new_york.HolidayName(Day("2025-01-09")), HasSubstr("Carter"));
  EXPECT_EQ(new_york.HolidayName(Day("2027-06-18")), "Juneteenth National Independence Day");
  EXPECT_EQ(new_york.HolidayName(Day("2021-06-18")), std::nullopt);  // a session: kept since 2022
  EXPECT_TRUE(new_york.IsSession(Day("2021-12-31")));  // New Year's Day on a Saturday is not kept
  EXPECT_EQ(new_york.HolidayName(Day("2024-06-22")), std::nullopt);  // a Saturday
  EXPECT_EQ(new_york.HolidayName(Day("2024-06-20")), std::nullopt);  // a session
  EXPECT_EQ(new_york.HolidayName(Day("2060-12-26")), std::nullopt);  // not covered
}

TEST(ExchangeCalendarWalk, CrossesHolidays) {
  const auto& london = Get("XLON");
  // Easter 2024: Friday 29 March to Monday 1 April.
  EXPECT_EQ(*london.NextSession(Day("2024-03-28")), Day("2024-04-02"));
  EXPECT_EQ(*london.NextSession(Day("2024-03-30")), Day("2024-04-02"));
  EXPECT_EQ(*london.PreviousSession(Day("2024-04-02")), Day("2024-03-28"));
  EXPECT_EQ(*london.PreviousSession(Day("2024-03-28")), Day("2024-03-27"));  // strictly before
  EXPECT_EQ(*Get("XNYS").NextSession(Day("2001-09-10")), Day("2001-09-17"));
  EXPECT_THAT(london.Sessions(Day("2024-03-28"), Day("2024-04-03")),
              ElementsAre(Day("2024-03-28"), Day("2024-04-02"), Day("2024-04-03")));
  EXPECT_THAT(london.Sessions(Day("2024-03-29"), Day("2024-04-01")), ElementsAre());
  EXPECT_THAT(london.Sessions(Day("2024-04-03"), Day("2024-04-02")), ElementsAre());
}

TEST(ExchangeCalendarLastClosed, ChangesAtTheClose) {
  const auto& new_york = Get("XNYS");
  const auto last = [](const ExchangeCalendar& calendar, std::string_view now) {
    return FormatDate(calendar.LastClosedSession(At(now)).ValueOrDie());
  };
  EXPECT_EQ(last(new_york, "2024-07-02T19:59:59Z"), "2024-07-01");
  EXPECT_EQ(last(new_york, "2024-07-02T20:00:00Z"), "2024-07-02");
  EXPECT_EQ(last(new_york, "2024-07-03T16:59:59Z"), "2024-07-02");  // a half day
  EXPECT_EQ(last(new_york, "2024-07-03T17:00:00Z"), "2024-07-03");
  EXPECT_EQ(last(new_york, "2024-07-05T12:00:00Z"), "2024-07-03");  // over the holiday
  EXPECT_EQ(last(new_york, "2024-07-08T02:00:00Z"), "2024-07-05");  // Sunday evening in New York
  // After midnight UTC it is still the day of the session in New York.
  EXPECT_EQ(last(new_york, "2024-01-10T03:00:00Z"), "2024-01-09");
  EXPECT_EQ(last(Get("XLON"), "2024-06-03T15:29:59Z"), "2024-05-31");
  EXPECT_EQ(last(Get("XLON"), "2024-06-03T15:30:00Z"), "2024-06-03");
}

class EveryExchange : public ::testing::TestWithParam<std::string> {
 protected:
  const ExchangeCalendar& calendar_ = Get(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Known, EveryExchange, ::testing::ValuesIn(ExchangeCalendar::Known()),
                         [](const auto& each) { return each.param; });

TEST_P(EveryExchange, SaysWhatItDoesNotKnow) {
  const Date first = calendar_.first(), last = calendar_.last();
  EXPECT_LE(first, Day("2000-01-01"));
  EXPECT_GE(last, Day("2030-12-31"));
  const auto fails = [](const Result<Date>& result) {
    return CodeOf(result.status()) == ErrorCode::kInvalidData;
  };
  // The first session is the one after the day before the range, and nothing is before it.
  const Result<Date> first_session = calendar_.NextSession(first - days(1));
  ASSERT_TRUE(first_session.ok());
  EXPECT_TRUE(fails(calendar_.PreviousSession(*first_session)));
  EXPECT_TRUE(fails(calendar_.NextSession(first - days(2))));
  const Result<Date> last_session = calendar_.PreviousSession(last + days(1));
  ASSERT_TRUE(last_session.ok());
  EXPECT_TRUE(fails(calendar_.NextSession(*last_session)));
  EXPECT_TRUE(fails(calendar_.NextSession(last + days(4000))));
  EXPECT_TRUE(fails(calendar_.PreviousSession(last + days(2))));
  EXPECT_TRUE(fails(calendar_.LastClosedSession(TimePoint(first))));
  EXPECT_TRUE(fails(calendar_.LastClosedSession(TimePoint(last + days(1)))));
  EXPECT_TRUE(fails(calendar_.LastClosedSession(TimePoint::max())));
  EXPECT_TRUE(fails(calendar_.LastClosedSession(TimePoint::min())));
  EXPECT_FALSE(calendar_.Covers(last + days(1)));
  EXPECT_FALSE(calendar_.IsSession(last + days(3)));
  EXPECT_EQ(calendar_.SessionOf(first - days(1)), std::nullopt);
  EXPECT_EQ(calendar_.Sessions(first - days(900), last + days(900)), calendar_.Sessions(first, last));
}

TEST_P(EveryExchange, AgreesWithItselfOnEveryDay) {
  std::optional<Date> previous;
  for (Date date = calendar_.first(); date <= calendar_.last(); date += days(1)) {
    SCOPED_TRACE(FormatDate(date));
    const std::chrono::weekday weekday(date);
    const bool weekend = weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
    const auto session = calendar_.SessionOf(date);
    ASSERT_EQ(session.has_value(), calendar_.IsSession(date));
    // A weekday without a session has a reason; no session has one.
    ASSERT_EQ(calendar_.HolidayName(date).has_value(), !session && !weekend);
    if (!session) continue;
    ASSERT_FALSE(weekend);
    ASSERT_LT(session->open, session->close);
    ASSERT_EQ(calendar_.zone().LocalDate(session->open), date);
    ASSERT_EQ(calendar_.zone().LocalDate(session->close), date);
    ASSERT_EQ(*calendar_.LastClosedSession(session->close), date);
    if (previous) {
      ASSERT_EQ(*calendar_.NextSession(*previous), date);
      ASSERT_EQ(*calendar_.PreviousSession(date), *previous);
      ASSERT_EQ(*calendar_.LastClosedSession(session->close - Duration(1)), *previous);
    }
    previous = date;
  }
}

TEST(ExchangeCalendar, DayWithoutSessionSaysWhyAndWhichDaysHaveOne) {
  const auto* nyse = *ExchangeCalendar::Find("XNYS");
  const auto half = nyse->RequireSession(MakeDate(2020, 11, 27));
  ASSERT_TRUE(half.ok());
  EXPECT_TRUE(half->half_day);
  const Status holiday = nyse->RequireSession(MakeDate(2020, 5, 25)).status();
  EXPECT_EQ(CodeOf(holiday), ErrorCode::kUsage);
  EXPECT_EQ(holiday.message(), "2020-05-25 is no session of New York Stock Exchange: Memorial Day");
  EXPECT_EQ(AdviceOf(holiday), "ask for 2020-05-22 or 2020-05-26");
  const Status weekend = nyse->RequireSession(MakeDate(2020, 5, 16)).status();
  EXPECT_EQ(weekend.message(), "2020-05-16 is no session of New York Stock Exchange: a weekend");
  EXPECT_EQ(CodeOf(nyse->RequireSession(MakeDate(1950, 5, 16)).status()), ErrorCode::kUsage);
}

}  // namespace
}  // namespace penstock::calendar
