// What an exchange's calendar is made of: the days it closes and the days it closes early, year by year.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "base/date.h"

namespace penstock::calendar {

// A day without a session. On a Saturday or Sunday it says nothing new.
struct Closing {
  Date date;
  std::string_view name;  // of static storage
};

// A half day, if there is a session at all on that day.
struct EarlyClose {
  Date date;
  std::chrono::minutes close;  // local time of day
};

struct ExchangeRules {
  std::string_view mic, name, zone;
  std::chrono::minutes open, close;  // local time of day, the same in all years
  // Of one year, in any order; every date is in that year.
  std::vector<Closing> (*closings)(int year);
  std::vector<EarlyClose> (*early_closes)(int year);
};

const ExchangeRules& XlonRules();
const ExchangeRules& XnysRules();

// Days that move, for the rules.

// The n-th (from 1) or last such weekday of a month.
Date NthWeekday(int year, std::chrono::month month, std::chrono::weekday weekday, unsigned n);
Date LastWeekday(int year, std::chrono::month month, std::chrono::weekday weekday);
// Easter Sunday of the Gregorian calendar. Source: the anonymous algorithm, J. Meeus, Astronomical Algorithms
// (1991), chapter 8.
Date EasterSunday(int year);

}  // namespace penstock::calendar
