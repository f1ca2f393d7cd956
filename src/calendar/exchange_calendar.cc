#include "calendar/exchange_calendar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "calendar/exchange_rules.h"

namespace penstock::calendar {
namespace {

using std::chrono::days;

// The library date reads summer time from the tz database's list of changes, which ends in 2037 where the
// files are written in full (Debian, Ubuntu): from 2038 on the hours would be those of winter all year.
constexpr int kFirstYear = 1990, kLastYear = 2037;
constexpr Date kFirst = std::chrono::year(kFirstYear) / 1 / 1, kLast = std::chrono::year(kLastYear) / 12 / 31;

bool IsWeekend(Date date) {
  const std::chrono::weekday day(date);
  return day == std::chrono::Saturday || day == std::chrono::Sunday;
}

int YearOf(Date date) { return static_cast<int>(std::chrono::year_month_day(date).year()); }

Status OutOfRange(const std::string& mic, std::string_view what, const std::string& when) {
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("{}: the calendar {} knows {} to {}, asked for: {}", what, mic,
                               FormatDate(kFirst), FormatDate(kLast), when),
                   "use a date within that range");
}

}  // namespace

template <const ExchangeRules& (*rules)()>
Result<const ExchangeCalendar*> ExchangeCalendar::BuiltOnce() {
  static const Result<TimeZone> zone = TimeZone::Find(rules().zone);
  if (!zone.ok()) return WithContext(zone.status(), fmt::format("exchange calendar {}", rules().mic));
  static const ExchangeCalendar* const calendar =
      new ExchangeCalendar(rules(), *zone);  // outlives every thread
  return calendar;
}

Result<const ExchangeCalendar*> ExchangeCalendar::Find(std::string_view mic) {
  if (mic == XlonRules().mic) return BuiltOnce<&XlonRules>();
  if (mic == XnysRules().mic) return BuiltOnce<&XnysRules>();
  return MakeError(ErrorCode::kNotFound, fmt::format("no exchange calendar of this name: {}", mic),
                   fmt::format("use one of {}", fmt::join(Known(), ", ")));
}

std::vector<std::string> ExchangeCalendar::Known() {
  return {std::string(XlonRules().mic), std::string(XnysRules().mic)};
}

ExchangeCalendar::ExchangeCalendar(const ExchangeRules& rules, TimeZone zone)
    : rules_(rules), mic_(rules.mic), zone_(zone), closes_((kLast - kFirst).count() + 1) {
  for (Date date = kFirst; date <= kLast; date += days(1)) {
    if (!IsWeekend(date)) closes_[(date - kFirst).count()] = static_cast<int16_t>(rules.close.count());
  }
  const auto set = [&](Date date, std::chrono::minutes close) {
    int16_t& day = closes_[(date - kFirst).count()];
    if (day != 0) day = static_cast<int16_t>(close.count());
  };
  for (int year = kFirstYear; year <= kLastYear; ++year) {
    for (const Closing& closing : rules.closings(year)) set(closing.date, std::chrono::minutes(0));
    for (const EarlyClose& early : rules.early_closes(year)) set(early.date, early.close);
  }
}

std::string ExchangeCalendar::name() const { return std::string(rules_.name); }
Date ExchangeCalendar::first() const { return kFirst; }
Date ExchangeCalendar::last() const { return kLast; }

int16_t ExchangeCalendar::CloseOf(Date date) const {
  return Covers(date) ? closes_[(date - kFirst).count()] : int16_t{0};
}

// The hours are turned to UTC when asked for, 50 ns: for all days at once that would take 1 ms of every
// start.
Session ExchangeCalendar::At(Date date) const {
  const std::chrono::minutes close(CloseOf(date));
  return {date, zone_.ToUtc(date, rules_.open), zone_.ToUtc(date, close), close != rules_.close};
}

bool ExchangeCalendar::IsSession(Date date) const { return CloseOf(date) != 0; }

std::optional<Session> ExchangeCalendar::SessionOf(Date date) const {
  if (!IsSession(date)) return std::nullopt;
  return At(date);
}

Result<Session> ExchangeCalendar::RequireSession(Date date) const {
  if (IsSession(date)) return At(date);
  if (!Covers(date)) {
    const Status beyond = OutOfRange(mic_, "no session", FormatDate(date));
    return MakeError(ErrorCode::kUsage, beyond.message(), AdviceOf(beyond));
  }
  std::string beside;
  const auto before = PreviousSession(date), after = NextSession(date);
  if (before.ok()) beside = FormatDate(*before);
  if (after.ok()) beside += (beside.empty() ? "" : " or ") + FormatDate(*after);
  return MakeError(ErrorCode::kUsage,
                   fmt::format("{} is no session of {}: {}", FormatDate(date), name(),
                               HolidayName(date).value_or("a weekend")),
                   fmt::format("ask for {}", beside));
}

std::optional<std::string> ExchangeCalendar::HolidayName(Date date) const {
  if (!Covers(date) || IsWeekend(date) || IsSession(date)) return std::nullopt;
  for (const Closing& closing : rules_.closings(YearOf(date))) {
    if (closing.date == date) return std::string(closing.name);
  }
  return std::nullopt;
}

std::vector<Date> ExchangeCalendar::Sessions(Date from, Date to) const {
  std::vector<Date> sessions;
  for (Date date = std::max(from, kFirst); date <= std::min(to, kLast); date += days(1)) {
    if (IsSession(date)) sessions.push_back(date);
  }
  return sessions;
}

Result<Date> ExchangeCalendar::NextSession(Date after) const {
  if (after >= kFirst - days(1)) {
    for (Date date = after; date < kLast;) {
      date += days(1);
      if (IsSession(date)) return date;
    }
  }
  return OutOfRange(mic_, "no next session", FormatDate(after));
}

Result<Date> ExchangeCalendar::PreviousSession(Date before) const {
  if (before <= kLast + days(1)) {
    for (Date date = before; date > kFirst;) {
      date -= days(1);
      if (IsSession(date)) return date;
    }
  }
  return OutOfRange(mic_, "no previous session", FormatDate(before));
}

Result<Date> ExchangeCalendar::LastClosedSession(TimePoint now) const {
  // Days of UTC first: the zone database need not answer for any moment at all.
  const Date utc_day = std::chrono::floor<days>(now);
  if (kFirst <= utc_day && utc_day <= kLast) {
    const Date today = zone_.LocalDate(now);
    if (IsSession(today) && At(today).close <= now) return today;
    return PreviousSession(today);
  }
  return OutOfRange(mic_, "no last closed session", FormatTimestamp(now));
}

}  // namespace penstock::calendar
