#include "jsonata/civil_time.h"

namespace penstock::jsonata {
namespace {

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

constexpr int64_t kDaysPerEra = 146'097;  // 400 years
constexpr int64_t kEpochFromMarch0 = 719'468;

CivilTime FromDays(int64_t days) {
  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years that begin in March.
  days += kEpochFromMarch0;
  const int64_t era = FloorDivide(days, kDaysPerEra);
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  CivilTime time;
  time.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  time.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  return time;
}

}  // namespace

int64_t DaysFromCivil(int64_t year, int month, int day) {
  if (month <= 2) --year;
  const int64_t era = FloorDivide(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * kDaysPerEra + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         kEpochFromMarch0;
}

CivilTime ToCivil(int64_t millis) {
  const int64_t days = FloorDivide(millis, kMillisPerDay);
  auto rest = static_cast<int>(millis - days * kMillisPerDay);
  CivilTime time = FromDays(days);
  time.millisecond = rest % 1000;
  rest /= 1000;
  time.second = rest % 60;
  time.minute = rest / 60 % 60;
  time.hour = rest / 3600;
  return time;
}

int64_t ToMillis(const CivilTime& time) {
  const int64_t seconds = (time.hour * 60 + time.minute) * 60 + time.second;
  return DaysFromCivil(time.year, time.month, time.day) * kMillisPerDay + seconds * 1000 + time.millisecond;
}

bool IsLeapYear(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int64_t year, int month) {
  if (month == 2) return IsLeapYear(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int DayOfYear(const CivilTime& time) {
  return static_cast<int>(DaysFromCivil(time.year, time.month, time.day) - DaysFromCivil(time.year, 1, 1)) +
         1;
}

int DayOfWeek(const CivilTime& time) {
  // Day 0 was a Thursday.
  const int64_t days = DaysFromCivil(time.year, time.month, time.day) + 3;
  return static_cast<int>(days - FloorDivide(days, 7) * 7) + 1;
}

CivilTime ThursdayOf(const CivilTime& time) {
  return FromDays(DaysFromCivil(time.year, time.month, time.day) + 4 - DayOfWeek(time));
}

}  // namespace penstock::jsonata
