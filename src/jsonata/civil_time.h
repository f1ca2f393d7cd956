// Days and times of day of the proleptic Gregorian calendar, for every moment that JSON numbers of
// milliseconds are used for. Source: ECMA-262, "Time Values and Time Range"; ISO 8601 weeks.
#pragma once

#include <cstdint>

namespace penstock::jsonata {

inline constexpr int64_t kMillisPerMinute = 60'000;
inline constexpr int64_t kMillisPerDay = 86'400'000;
// ECMA-262: a hundred million days to either side of 1970-01-01.
inline constexpr int64_t kMaxMillis = 100'000'000 * kMillisPerDay;

struct CivilTime {
  int64_t year = 1970;
  int month = 1;  // from 1
  int day = 1;    // from 1
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
};

CivilTime ToCivil(int64_t millis);
// The fields are within their ranges.
int64_t ToMillis(const CivilTime& time);

int64_t DaysFromCivil(int64_t year, int month, int day);
bool IsLeapYear(int64_t year);
int DaysInMonth(int64_t year, int month);
int DayOfYear(const CivilTime& time);  // from 1
int DayOfWeek(const CivilTime& time);  // from 1: Monday
// The Thursday of the same week (Monday to Sunday): year, month and number of a week are those of its
// Thursday.
CivilTime ThursdayOf(const CivilTime& time);

}  // namespace penstock::jsonata
