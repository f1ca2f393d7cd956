// Civil dates: what a session day and a dt= partition are.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace penstock {

// Days since 1970-01-01, as Parquet's DATE.
using Date = std::chrono::sys_days;

inline Date MakeDate(int year, unsigned month, unsigned day) {
  return std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
}
inline int32_t DaysSinceEpoch(Date date) { return static_cast<int32_t>(date.time_since_epoch().count()); }
inline Date FromDaysSinceEpoch(int32_t days) { return Date(std::chrono::days(days)); }

// YYYY-MM-DD.
std::string FormatDate(Date date);
// Exactly YYYY-MM-DD of an existing day in the years 1000 to 9999; InvalidData otherwise (2017-02-30,
// 2017-2-3).
Result<Date> ParseDate(std::string_view text);

// A time zone of the machine's tz database, by its IANA name.
// Source: IANA Time Zone Database; the system's copy (package tzdata).
class TimeZone {
 public:
  // NotFound: no such zone.
  static Result<TimeZone> Find(std::string_view name);

  // The civil day and time of day that `time` has in this zone.
  Date LocalDate(TimePoint time) const;
  std::chrono::microseconds LocalTimeOfDay(TimePoint time) const;
  // The moment of a local time; of an ambiguous one the first, of a skipped one the moment of the change.
  TimePoint ToUtc(Date date, std::chrono::minutes time_of_day) const;
  std::string name() const;

 private:
  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;  // date::time_zone, owned by the database, alive to the end
};

}  // namespace penstock
