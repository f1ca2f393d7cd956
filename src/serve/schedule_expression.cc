#include "serve/schedule_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace penstock::serve {
namespace {

namespace ch = std::chrono;

constexpr TimePoint kEpoch{};
// A time zone's rules are not asked outside these.
const TimePoint kEarliest = MakeDate(kFirstCronYear - 1, 12, 1);
const TimePoint kLatest = MakeDate(kLastCronYear + 1, 1, 3);

// What stands between "NAME(" and ")"; nullopt: it is another one.
std::optional<std::string_view> Argument(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || !text.ends_with(')')) return std::nullopt;
  text.remove_prefix(name.size());
  if (!text.starts_with('(')) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

}  // namespace

TimeWindow::TimeWindow(const ScheduleWindow& days, const TimeZone& zone) {
  if (days.from) start = zone.ToUtc(*days.from, ch::minutes(0));
  if (days.to) end = zone.ToUtc(*days.to + ch::days(1), ch::minutes(0));
}

Result<ScheduleExpression> ScheduleExpression::Parse(std::string_view text, const TimeZone& zone,
                                                     const ScheduleWindow& window) {
  ScheduleExpression expression(zone, TimeWindow(window, zone));
  if (const auto fields = Argument(text, "cron")) {
    ASSIGN_OR_RETURN(expression.when_, ParseCron(*fields));
  } else if (const auto rate = Argument(text, "rate")) {
    ASSIGN_OR_RETURN(expression.when_, ParseRate(*rate, expression.window_));
  } else if (const auto at = Argument(text, "at")) {
    ASSIGN_OR_RETURN(expression.when_, ParseAt(*at, zone));
  } else {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("expected cron(fields), rate(value unit) or at(yyyy-mm-ddThh:mm:ss), got {}",
                                 text.substr(0, 100)));
  }
  return expression;
}

Result<ScheduleExpression::Rate> ScheduleExpression::ParseRate(std::string_view text,
                                                               const TimeWindow& window) {
  const char* const end = text.data() + text.size();
  int64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), end, value);
  std::string_view unit(at, static_cast<size_t>(end - at));
  const bool spaced = unit.starts_with(' ');
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.ends_with('s')) unit.remove_suffix(1);
  const int64_t minutes = unit == "minute" ? 1 : unit == "hour" ? 60 : unit == "day" ? 24 * 60 : 0;
  if (error != std::errc() || !spaced || minutes == 0 || value < 1) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("expected a positive number and minutes, hours or days, got {}", text.substr(0, 100)));
  }
  constexpr int64_t kMostMinutes = 100LL * 366 * 24 * 60;
  if (value > kMostMinutes / minutes) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("expected at most 100 years, got {}", text));
  }
  return Rate{window.start.value_or(kEpoch), ch::minutes(value * minutes)};
}

Result<ScheduleExpression::At> ScheduleExpression::ParseAt(std::string_view text, const TimeZone& zone) {
  // A timestamp without its zone.
  const auto utc = ParseTimestamp(std::string(text) + "Z");
  const auto year = utc.ok() ? ch::year_month_day(ch::floor<ch::days>(*utc)).year() : ch::year(0);
  if (text.size() != 19 || text[10] != 'T' || !utc.ok() || year < ch::year(kFirstCronYear) ||
      year > ch::year(kLastCronYear)) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("expected an existing time as yyyy-mm-ddThh:mm:ss in the years {} to {}, got {}",
                    kFirstCronYear, kLastCronYear, text.substr(0, 100)));
  }
  const Date day = ch::floor<ch::days>(*utc);
  const auto minute = ch::floor<ch::minutes>(*utc - day);
  const TimePoint time = zone.ToUtc(day, minute);
  // A skipped minute is the moment of the change, without its seconds.
  const bool exists = zone.LocalDate(time) == day && zone.LocalTimeOfDay(time) == minute;
  return At{exists ? time + (*utc - day - minute) : time};
}

std::optional<TimePoint> ScheduleExpression::Next(TimePoint after) const {
  after = std::max(after, kEarliest);
  if (window_.start) after = std::max(after, *window_.start - Duration(1));
  if (after > kLatest) return std::nullopt;
  const auto next = std::visit([&](const auto& when) { return NextOf(when, after); }, when_);
  if (next && window_.end && *next >= *window_.end) return std::nullopt;
  return next;
}

std::optional<TimePoint> ScheduleExpression::NextOf(const Cron& cron, TimePoint after) const {
  for (Date day = zone_.LocalDate(after);;) {
    const ch::year_month_day ymd(day);
    if (ymd.year() > ch::year(kLastCronYear)) return std::nullopt;
    const bool known = ymd.year() >= ch::year(kFirstCronYear);
    if (!known || !cron.years[static_cast<size_t>(static_cast<int>(ymd.year()) - kFirstCronYear)]) {
      day = MakeDate(static_cast<int>(ymd.year()) + 1, 1, 1);
      continue;
    }
    if (cron.IsDay(day)) {
      // Later local times are never earlier in UTC, so those that are past stand in front.
      const auto time = std::partition_point(cron.times.begin(), cron.times.end(),
                                             [&](ch::minutes at) { return zone_.ToUtc(day, at) <= after; });
      if (time != cron.times.end()) return zone_.ToUtc(day, *time);
    }
    day += ch::days(1);
  }
}

std::optional<TimePoint> ScheduleExpression::NextOf(const Rate& rate, TimePoint after) const {
  if (after < rate.first) return rate.first;
  return rate.first + ((after - rate.first) / rate.period + 1) * rate.period;
}

std::optional<TimePoint> ScheduleExpression::NextOf(const At& at, TimePoint after) const {
  return at.time > after ? std::optional(at.time) : std::nullopt;
}

}  // namespace penstock::serve
