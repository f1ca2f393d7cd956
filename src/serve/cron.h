// The six fields of a cron expression of EventBridge Scheduler.
// Source: Amazon EventBridge Scheduler user guide, "Schedule types", cron-based schedules.
#pragma once

#include <bitset>
#include <chrono>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/status.h"

namespace penstock::serve {

inline constexpr int kFirstCronYear = 1970, kLastCronYear = 2199;

struct Cron {
  enum class Days {
    kOfMonth,         // `days` 1 to 31
    kLastOfMonth,     // L
    kNearestWeekday,  // 15W: Monday to Friday, within the month; `number` is the day
    kOfWeek,          // `days` 1 (Sunday) to 7
    kLastWeekday,     // 6L: the last Friday of the month; `number` is the day of the week
    kNthWeekday,      // 3#2: the second Tuesday; `number` and `nth`
  };

  std::vector<std::chrono::minutes> times;  // of day, ascending, at least one
  std::bitset<13> months;                   // 1 to 12
  std::bitset<kLastCronYear - kFirstCronYear + 1> years;
  Days rule = Days::kOfMonth;
  std::bitset<32> days;
  unsigned number = 0, nth = 0;

  // Whether it fires on this day, whose year is in kFirstCronYear to kLastCronYear.
  bool IsDay(Date date) const;
};

// "15 18 ? * MON-FRI *". InvalidData: names the field, and what was expected.
Result<Cron> ParseCron(std::string_view fields);

}  // namespace penstock::serve
