// When an exchange opens or closes, some minutes before or after: "market-close XNYS + 30m". Holidays have
// no occurrence, half days an earlier one.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "calendar/exchange_calendar.h"
#include "serve/schedule_expression.h"

namespace penstock::serve {

// Immutable.
class MarketSchedule {
 public:
  // market-open|market-close MIC, then + or - and a span of minutes or hours, at most two days. InvalidData.
  // The window's days are those of the exchange's zone.
  static Result<MarketSchedule> Parse(std::string_view text, const ScheduleWindow& window = {});

  // The first occurrence strictly after; nothing: the window is over. InvalidData: the calendar does not
  // reach that far.
  Result<std::optional<TimePoint>> Next(TimePoint after) const;

  const TimeZone& zone() const { return calendar_->zone(); }

 private:
  MarketSchedule(const calendar::ExchangeCalendar* calendar, bool at_open, Duration offset, TimeWindow window)
      : calendar_(calendar), at_open_(at_open), offset_(offset), window_(window) {}

  const calendar::ExchangeCalendar* calendar_;
  bool at_open_;
  Duration offset_;
  TimeWindow window_;
};

}  // namespace penstock::serve
