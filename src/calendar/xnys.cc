// New York Stock Exchange; Nasdaq follows it.
//
// Sources: NYSE Rule 7.2 (a holiday on a Sunday is kept on Monday, one on a Saturday on Friday unless unusual
// business conditions exist, such as the ending of a monthly or yearly accounting period: so never for New
// Year's Day); https://www.nyse.com/markets/hours-calendars; SEC release 34-38818 (SR-NYSE-97-22: Martin
// Luther King, Jr. Day); the change of Rule 7.2 in September 2021 (Juneteenth); NYSE's list of special
// closings.
#include <optional>

#include "calendar/exchange_rules.h"

namespace penstock::calendar {
namespace {

using std::chrono::days;
using std::chrono::Friday;
using std::chrono::Monday;
using std::chrono::Saturday;
using std::chrono::Sunday;
using std::chrono::Thursday;
using std::chrono::Tuesday;
using std::chrono::Wednesday;
using std::chrono::weekday;
using namespace std::chrono_literals;

constexpr struct {
  int year;
  unsigned month, day;
  std::string_view name;
} kOneOff[] = {
    {1994, 4, 27, "Day of mourning for President Nixon"},
    {2001, 9, 11, "Attacks of September 11"},
    {2001, 9, 12, "Attacks of September 11"},
    {2001, 9, 13, "Attacks of September 11"},
    {2001, 9, 14, "Attacks of September 11"},
    {2004, 6, 11, "Day of mourning for President Reagan"},
    {2007, 1, 2, "Day of mourning for President Ford"},
    {2012, 10, 29, "Hurricane Sandy"},
    {2012, 10, 30, "Hurricane Sandy"},
    {2018, 12, 5, "Day of mourning for President George H. W. Bush"},
    {2025, 1, 9, "Day of mourning for President Carter"},
};

// The day a fixed holiday is kept on.
Date Nearest(Date date) {
  if (weekday(date) == Saturday) return date - days(1);
  if (weekday(date) == Sunday) return date + days(1);
  return date;
}

Date ThanksgivingOf(int year) { return NthWeekday(year, std::chrono::November, Thursday, 4); }

std::vector<Closing> Closings(int year) {
  const Date new_year = MakeDate(year, 1, 1);
  std::vector<Closing> closings = {
      {weekday(new_year) == Sunday ? new_year + days(1) : new_year, "New Year's Day"},
      {NthWeekday(year, std::chrono::February, Monday, 3), "Washington's Birthday"},
      {EasterSunday(year) - days(2), "Good Friday"},
      {LastWeekday(year, std::chrono::May, Monday), "Memorial Day"},
      {Nearest(MakeDate(year, 7, 4)), "Independence Day"},
      {NthWeekday(year, std::chrono::September, Monday, 1), "Labor Day"},
      {ThanksgivingOf(year), "Thanksgiving Day"},
      {Nearest(MakeDate(year, 12, 25)), "Christmas Day"},
  };
  if (year >= 1998) {
    closings.push_back({NthWeekday(year, std::chrono::January, Monday, 3), "Martin Luther King, Jr. Day"});
  }
  if (year >= 2022)
    closings.push_back({Nearest(MakeDate(year, 6, 19)), "Juneteenth National Independence Day"});
  for (const auto& one : kOneOff) {
    if (one.year == year) closings.push_back({MakeDate(year, one.month, one.day), one.name});
  }
  return closings;
}

// The half day at Independence Day, kept since 1995. It joins the holiday to a whole session, never to a
// weekend: 3 July when the 4th is a Tuesday, Wednesday or Friday. For a Thursday it was Friday the 5th until
// 2012, and is Wednesday the 3rd since 2013. For a Saturday, Sunday or Monday there is none.
std::optional<Date> IndependenceHalfDay(int year) {
  if (year < 1995) return std::nullopt;
  const Date third = MakeDate(year, 7, 3);
  const weekday day(third);
  if (day == Monday || day == Tuesday || day == Thursday) return third;
  if (day == Wednesday) return year >= 2013 ? third : third + days(2);
  return std::nullopt;
}

std::vector<EarlyClose> EarlyCloses(int year) {
  // Until 1992 the early close was at 14:00.
  const std::chrono::minutes early = year < 1993 ? 14h : 13h;
  std::vector<EarlyClose> closes;
  if (const auto half_day = IndependenceHalfDay(year)) closes.push_back({*half_day, early});
  if (year >= 1992) closes.push_back({ThanksgivingOf(year) + days(1), early});
  // On a Friday, Christmas Eve is Christmas Day kept on Friday.
  const Date christmas_eve = MakeDate(year, 12, 24);
  if (weekday(christmas_eve) != Friday) closes.push_back({christmas_eve, early});
  // Once each, by notice: Fridays after a Thursday Christmas (in 2008, 2014 and later not), and the last of
  // the 1900s.
  if (year == 1997 || year == 2003) closes.push_back({MakeDate(year, 12, 26), early});
  if (year == 1999) closes.push_back({MakeDate(1999, 12, 31), early});
  return closes;
}

}  // namespace

const ExchangeRules& XnysRules() {
  static constexpr ExchangeRules kRules = {
      "XNYS", "New York Stock Exchange", "America/New_York", 9h + 30min, 16h, &Closings, &EarlyCloses};
  return kRules;
}

}  // namespace penstock::calendar
