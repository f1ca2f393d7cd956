// London Stock Exchange: the bank holidays of England and Wales.
//
// Sources: Banking and Financial Dealings Act 1971, schedule 1 (New Year's Day and the first Monday in May by
// yearly proclamation), https://www.gov.uk/bank-holidays; London Stock Exchange, "Business days" and the
// Millennium Exchange guide MIT201 (trading hours, half days). Before 2000 the days are right, but the hours
// were others.
#include "calendar/exchange_rules.h"

namespace penstock::calendar {
namespace {

using std::chrono::days;
using std::chrono::Monday;
using std::chrono::Saturday;
using std::chrono::Sunday;
using std::chrono::weekday;
using namespace std::chrono_literals;

bool IsWeekend(Date date) { return weekday(date) == Saturday || weekday(date) == Sunday; }

// By proclamation, each of one year only.
constexpr struct {
  int year;
  unsigned month, day;
  std::string_view name;
} kOneOff[] = {
    {1999, 12, 31, "Millennium Eve"},
    {2002, 6, 3, "Golden Jubilee of Queen Elizabeth II"},
    {2011, 4, 29, "Wedding of Prince William and Catherine Middleton"},
    {2012, 6, 5, "Diamond Jubilee of Queen Elizabeth II"},
    {2022, 6, 3, "Platinum Jubilee of Queen Elizabeth II"},
    {2022, 9, 19, "State funeral of Queen Elizabeth II"},
    {2023, 5, 8, "Coronation of King Charles III"},
};

// The first Monday in May, but for the two years that moved it to VE Day (8 May).
Closing EarlyMay(int year) {
  if (year == 1995 || year == 2020) return {MakeDate(year, 5, 8), "Early May Bank Holiday (moved to VE Day)"};
  return {NthWeekday(year, std::chrono::May, Monday, 1), "Early May Bank Holiday"};
}

// The last Monday in May, but for the years that moved it next to a jubilee.
Closing Spring(int year) {
  constexpr std::string_view kMoved = "Spring Bank Holiday (moved to the Jubilee)";
  switch (year) {
    case 2002: return {MakeDate(2002, 6, 4), kMoved};
    case 2012: return {MakeDate(2012, 6, 4), kMoved};
    case 2022: return {MakeDate(2022, 6, 2), kMoved};
    default: return {LastWeekday(year, std::chrono::May, Monday), "Spring Bank Holiday"};
  }
}

std::vector<Closing> Closings(int year) {
  const Date new_year = MakeDate(year, 1, 1), christmas = MakeDate(year, 12, 25),
             boxing = MakeDate(year, 12, 26);
  const Date easter = EasterSunday(year);
  std::vector<Closing> closings = {
      {new_year, "New Year's Day"},
      {easter - days(2), "Good Friday"},
      {easter + days(1), "Easter Monday"},
      EarlyMay(year),
      Spring(year),
      {LastWeekday(year, std::chrono::August, Monday), "Summer Bank Holiday"},
      {christmas, "Christmas Day"},
      {boxing, "Boxing Day"},
  };
  // Substitute days: of New Year the Monday after, of Christmas and Boxing Day two days later each.
  if (IsWeekend(new_year)) {
    closings.push_back(
        {NthWeekday(year, std::chrono::January, Monday, 1), "New Year's Day (substitute day)"});
  }
  if (IsWeekend(christmas)) closings.push_back({christmas + days(2), "Christmas Day (substitute day)"});
  if (IsWeekend(boxing)) closings.push_back({boxing + days(2), "Boxing Day (substitute day)"});
  for (const auto& one : kOneOff) {
    if (one.year == year) closings.push_back({MakeDate(year, one.month, one.day), one.name});
  }
  return closings;
}

// The last trading days before Christmas Day and before New Year's Day close at 12:30.
std::vector<EarlyClose> EarlyCloses(int year) {
  std::vector<EarlyClose> closes;
  for (Date eve : {MakeDate(year, 12, 24), MakeDate(year, 12, 31)}) {
    while (IsWeekend(eve)) eve -= days(1);
    closes.push_back({eve, 12h + 30min});
  }
  return closes;
}

}  // namespace

const ExchangeRules& XlonRules() {
  static constexpr ExchangeRules kRules = {
      "XLON", "London Stock Exchange", "Europe/London", 8h, 16h + 30min, &Closings, &EarlyCloses};
  return kRules;
}

}  // namespace penstock::calendar
