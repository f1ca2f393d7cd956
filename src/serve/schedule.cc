#include "serve/schedule.h"

#include <fmt/format.h>

namespace penstock::serve {

Schedule::Schedule(std::string pipeline, pipeline::ScheduleConfig config,
                   std::variant<ScheduleExpression, MarketSchedule> when)
    : pipeline_(std::move(pipeline)),
      id_(pipeline_ + "/" + config.name),
      config_(std::move(config)),
      when_(std::move(when)) {}

Result<Schedule> Schedule::Make(const std::string& pipeline, const pipeline::ScheduleConfig& config) {
  const auto place = [&](const Status& status, std::string_view key) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{}: schedule {}: {}: {}", config.where, config.name, key, status.message()),
                     "docs/schedules.md has the expressions, with examples");
  };
  const ScheduleWindow window{config.from, config.to};
  if (config.key == "when") {
    auto market = MarketSchedule::Parse(config.expression, window);
    if (!market.ok()) return place(market.status(), config.key);
    return Schedule(pipeline, config, *std::move(market));
  }
  const auto zone = TimeZone::Find(config.timezone.empty() ? "UTC" : config.timezone);
  if (!zone.ok()) return place(zone.status(), "timezone");
  auto expression = ScheduleExpression::Parse(config.expression, *zone, window);
  if (!expression.ok()) return place(expression.status(), config.key);
  return Schedule(pipeline, config, *std::move(expression));
}

Result<std::optional<TimePoint>> Schedule::Next(TimePoint after) const {
  if (const auto* market = std::get_if<MarketSchedule>(&when_)) return market->Next(after);
  return std::get<ScheduleExpression>(when_).Next(after);
}

Result<std::optional<DueOccurrence>> Schedule::Due(TimePoint after, TimePoint now) const {
  std::optional<DueOccurrence> due;
  while (true) {
    ASSIGN_OR_RETURN(const auto next, Next(due ? due->time : after));
    if (!next || *next > now) return due;
    due = DueOccurrence{*next, due ? due->older + 1 : 0};
  }
}

std::string Schedule::timezone() const {
  if (const auto* market = std::get_if<MarketSchedule>(&when_)) return market->zone().name();
  return config_.timezone.empty() ? "UTC" : config_.timezone;
}

std::string Schedule::ExecutionName(TimePoint occurrence) const {
  // Dots, which no name has, so that no two schedules share one; of 2026-11-20T17:15:00.000Z the seconds.
  std::string time = FormatTimestamp(occurrence).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}.{}.{}Z", pipeline_, config_.name, time);
}

}  // namespace penstock::serve
