#include "calendar/exchange_rules.h"

#include <gtest/gtest.h>

namespace penstock::calendar {
namespace {

TEST(EasterSunday, MatchesTheTables) {
  // Earliest and latest possible dates, both exceptions of the computus, and some of this century.
  for (const char* easter :
       {"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23", "2011-04-24",
        "2019-04-21", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25", "2049-04-18", "2076-04-19"}) {
    const Date expected = ParseDate(easter).ValueOrDie();
    const int year = static_cast<int>(std::chrono::year_month_day(expected).year());
    EXPECT_EQ(FormatDate(EasterSunday(year)), easter);
  }
}

TEST(Weekdays, NthAndLast) {
  using namespace std::chrono;
  EXPECT_EQ(NthWeekday(2024, January, Monday, 1), MakeDate(2024, 1, 1));
  EXPECT_EQ(NthWeekday(2024, November, Thursday, 4),
            MakeDate(2024, 11, 28));  // not the last of five in other years
  EXPECT_EQ(NthWeekday(2023, November, Thursday, 4), MakeDate(2023, 11, 23));
  EXPECT_EQ(LastWeekday(2021, May, Monday), MakeDate(2021, 5, 31));
  EXPECT_EQ(LastWeekday(2023, August, Monday), MakeDate(2023, 8, 28));
}

TEST(ExchangeRules, KeepTheirYear) {
  for (const ExchangeRules* rules : {&XlonRules(), &XnysRules()}) {
    for (int year = 1990; year <= 2060; ++year) {
      const auto in_year = [year](Date date) {
        return std::chrono::year_month_day(date).year() == std::chrono::year(year);
      };
      for (const Closing& closing : rules->closings(year)) EXPECT_TRUE(in_year(closing.date)) << closing.name;
      for (const EarlyClose& early : rules->early_closes(year)) EXPECT_TRUE(in_year(early.date)) << year;
    }
  }
}

}  // namespace
}  // namespace penstock::calendar
