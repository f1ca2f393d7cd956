// Schedule expressions of EventBridge Scheduler: cron(…), rate(…), at(…), in a time zone.
// Source: Amazon EventBridge Scheduler user guide, "Schedule types".
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/date.h"
#include "base/status.h"
#include "serve/cron.h"

namespace penstock::serve {

// The days, both included, on which a schedule is in force.
struct ScheduleWindow {
  std::optional<Date> from, to;
};

// The same in UTC: [start, end).
struct TimeWindow {
  std::optional<TimePoint> start, end;
  TimeWindow() = default;
  TimeWindow(const ScheduleWindow& days, const TimeZone& zone);
};

// Immutable.
//
// Daylight saving: a local time that is skipped is the moment of the change (EventBridge leaves it out), one
// that comes twice is the first. Both run once.
class ScheduleExpression {
 public:
  // InvalidData: what was expected, of cron with the field's name.
  static Result<ScheduleExpression> Parse(std::string_view text, const TimeZone& zone,
                                          const ScheduleWindow& window = {});

  // The first occurrence strictly after; nothing: there is none any more.
  std::optional<TimePoint> Next(TimePoint after) const;

 private:
  struct Rate {
    TimePoint first;  // the start of the window; without one, 1970-01-01T00:00Z, so that all agree
    Duration period;
  };
  struct At {
    TimePoint time;
  };

  ScheduleExpression(const TimeZone& zone, TimeWindow window) : zone_(zone), window_(window) {}
  static Result<Rate> ParseRate(std::string_view text, const TimeWindow& window);
  static Result<At> ParseAt(std::string_view text, const TimeZone& zone);
  std::optional<TimePoint> NextOf(const Cron& cron, TimePoint after) const;
  std::optional<TimePoint> NextOf(const Rate& rate, TimePoint after) const;
  std::optional<TimePoint> NextOf(const At& at, TimePoint after) const;

  TimeZone zone_;
  TimeWindow window_;
  std::variant<Cron, Rate, At> when_;
};

}  // namespace penstock::serve
