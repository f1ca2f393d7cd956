#include "serve/market_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace penstock::serve {
namespace {

namespace ch = std::chrono;

void SkipSpaces(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

// " + 30m", " - 2h" or nothing.
std::optional<Duration> ParseOffset(std::string_view text) {
  SkipSpaces(text);
  if (text.empty()) return Duration(0);
  const int sign = text[0] == '+' ? 1 : text[0] == '-' ? -1 : 0;
  text.remove_prefix(1);
  SkipSpaces(text);
  int value = -1;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (sign == 0 || error != std::errc() || value < 0 || end - at != 1) return std::nullopt;
  const int64_t unit = *at == 'm' ? 1 : *at == 'h' ? 60 : 0;
  if (unit == 0 || value * unit > 2 * 24 * 60) return std::nullopt;
  return ch::minutes(sign * value * unit);
}

}  // namespace

Result<MarketSchedule> MarketSchedule::Parse(std::string_view text, const ScheduleWindow& window) {
  constexpr std::string_view kOpen = "market-open ", kClose = "market-close ";
  std::string_view rest = text;
  const bool at_open = rest.starts_with(kOpen);
  if (at_open || rest.starts_with(kClose)) {
    rest.remove_prefix(at_open ? kOpen.size() : kClose.size());
    SkipSpaces(rest);
    const size_t end = std::min(rest.find_first_of(" +-"), rest.size());
    ASSIGN_OR_RETURN(const auto* calendar, calendar::ExchangeCalendar::Find(rest.substr(0, end)));
    if (const auto offset = ParseOffset(rest.substr(end))) {
      return MarketSchedule(calendar, at_open, *offset, TimeWindow(window, calendar->zone()));
    }
  }
  return MakeError(
      ErrorCode::kInvalidData,
      fmt::format("expected market-open or market-close, an exchange, and perhaps + or - with at "
                  "most 48h (market-close XNYS + 30m), got {}",
                  text.substr(0, 100)));
}

Result<std::optional<TimePoint>> MarketSchedule::Next(TimePoint after) const {
  if (window_.start) after = std::max(after, *window_.start - Duration(1));
  if (window_.end && after >= *window_.end) return std::nullopt;
  // Sessions before this day are over, and so is what follows from them.
  Date day = calendar_->zone().LocalDate(after - offset_) - ch::days(1);
  while (true) {
    ASSIGN_OR_RETURN(day, calendar_->NextSession(day));
    const auto session = calendar_->SessionOf(day);
    const TimePoint time = (at_open_ ? session->open : session->close) + offset_;
    if (time <= after) continue;
    if (window_.end && time >= *window_.end) return std::nullopt;
    return time;
  }
}

}  // namespace penstock::serve
