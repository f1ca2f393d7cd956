#include "pipeline/stream/bar_record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>

#include "base/json_text.h"

namespace penstock::pipeline {

std::string FormatLocalTime(const TimeZone& zone, TimePoint time) {
  const Date date = zone.LocalDate(time);
  const auto of_day = zone.LocalTimeOfDay(time);
  const auto clock = std::chrono::hh_mm_ss(std::chrono::floor<std::chrono::seconds>(of_day));
  const auto offset = std::chrono::round<std::chrono::minutes>(date + of_day - time).count();
  return fmt::format("{} {:02}:{:02}:{:02}{}{:02}:{:02}", FormatDate(date), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), offset < 0 ? '-' : '+',
                     std::abs(offset) / 60, std::abs(offset) % 60);
}

std::string BarRecord(std::string_view name, const source::MinuteBar& bar, const TimeZone& zone,
                      bool generated) {
  json::object record{
      {"name", name}, {"high", bar.high}, {"low", bar.low}, {"ts", FormatLocalTime(zone, bar.start)}};
  if (generated) record["generated"] = true;
  return JsonText(json::value(std::move(record)));
}

}  // namespace penstock::pipeline
