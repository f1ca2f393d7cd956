#include "base/date.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <charconv>

namespace penstock {

namespace ch = std::chrono;

std::string FormatDate(Date date) {
  const ch::year_month_day ymd(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

Result<Date> ParseDate(std::string_view text) {
  const auto digits = [&](size_t at, size_t count, int& out) {
    for (size_t i = at; i < at + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return false;
    }
    return std::from_chars(text.data() + at, text.data() + at + count, out).ec == std::errc();
  };
  int year = 0, month = 0, day = 0;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(0, 4, year) && digits(5, 2, month) &&
      digits(8, 2, day) && year >= 1000) {
    const ch::year_month_day ymd{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                 ch::day(static_cast<unsigned>(day))};
    if (ymd.ok()) return Date(ymd);
  }
  return MakeError(ErrorCode::kInvalidData, fmt::format("not a date, expected YYYY-MM-DD: {}", text));
}

namespace {
const date::time_zone* ZoneOf(const void* zone) { return static_cast<const date::time_zone*>(zone); }
date::sys_time<ch::microseconds> ToDate(TimePoint time) {
  return date::sys_time<ch::microseconds>(time.time_since_epoch());
}
}  // namespace

Result<TimeZone> TimeZone::Find(std::string_view name) {
  try {
    return TimeZone(date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    return MakeError(ErrorCode::kNotFound,
                     fmt::format("no time zone of this name in the tz database: {}", name),
                     "use an IANA name such as Europe/London; install the package tzdata if it is missing");
  }
}

Date TimeZone::LocalDate(TimePoint time) const {
  const auto local = ZoneOf(zone_)->to_local(ToDate(time));
  return Date(ch::floor<ch::days>(local.time_since_epoch()));
}

ch::microseconds TimeZone::LocalTimeOfDay(TimePoint time) const {
  const auto local = ZoneOf(zone_)->to_local(ToDate(time)).time_since_epoch();
  return local - ch::floor<ch::days>(local);
}

TimePoint TimeZone::ToUtc(Date date, ch::minutes time_of_day) const {
  const date::local_time<ch::microseconds> local(date.time_since_epoch() + time_of_day);
  return TimePoint(ZoneOf(zone_)->to_sys(local, date::choose::earliest).time_since_epoch());
}

std::string TimeZone::name() const { return ZoneOf(zone_)->name(); }

}  // namespace penstock
