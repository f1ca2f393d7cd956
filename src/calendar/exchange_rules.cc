#include "calendar/exchange_rules.h"

namespace penstock::calendar {

Date NthWeekday(int year, std::chrono::month month, std::chrono::weekday weekday, unsigned n) {
  return Date(std::chrono::year(year) / month / weekday[n]);
}

Date LastWeekday(int year, std::chrono::month month, std::chrono::weekday weekday) {
  return Date(std::chrono::year(year) / month / weekday[std::chrono::last]);
}

Date EasterSunday(int year) {
  const int a = year % 19, b = year / 100, c = year % 100;
  const int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4;
  const int l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int month_and_day = h + l - 7 * m + 114;
  return MakeDate(year, static_cast<unsigned>(month_and_day / 31),
                  static_cast<unsigned>(month_and_day % 31 + 1));
}

}  // namespace penstock::calendar
