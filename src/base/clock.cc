#include "base/clock.h"

#include <date/date.h>
#include <fmt/format.h>

#include <ctime>
#include <sstream>

namespace penstock {

namespace ch = std::chrono;

namespace {

bool SleepInShortWaits(const Clock& clock, TimePoint deadline, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  for (TimePoint now = clock.Now(); now < deadline; now = clock.Now()) {
    if (stop.stop_requested()) return false;
    // Short waits on the steady clock, so that a step of the clock is noticed.
    const auto span = std::min<Duration>(deadline - now, ch::seconds(1));
    never.wait_for(lock, stop, span, [] { return false; });
  }
  return !stop.stop_requested();
}

}  // namespace

TimePoint SystemClock::Now() const {
  return ch::time_point_cast<ch::microseconds>(ch::system_clock::now()) + offset_;
}

bool SystemClock::SleepUntil(TimePoint deadline, std::stop_token stop) {
  return SleepInShortWaits(*this, deadline, stop);
}

TimePoint BootClock::Now() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);  // cannot fail with this clock (Linux 2.6.39)
  return TimePoint(ch::seconds(now.tv_sec) + ch::microseconds(now.tv_nsec / 1000));
}

bool BootClock::SleepUntil(TimePoint deadline, std::stop_token stop) {
  return SleepInShortWaits(*this, deadline, stop);
}

TimePoint ManualClock::Now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

bool ManualClock::SleepUntil(TimePoint deadline, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (auto_advance_) {
    if (stop.stop_requested()) return false;
    now_ = std::max(now_, deadline);
    changed_.notify_all();
    return true;
  }
  ++sleepers_;
  const bool reached = changed_.wait(lock, stop, [&] { return now_ >= deadline; });
  --sleepers_;
  return reached && !stop.stop_requested();
}

void ManualClock::Advance(Duration span) {
  std::lock_guard lock(mutex_);
  now_ += span;
  changed_.notify_all();
}

void ManualClock::Set(TimePoint now) {
  std::lock_guard lock(mutex_);
  now_ = now;
  changed_.notify_all();
}

int ManualClock::sleepers() const {
  std::lock_guard lock(mutex_);
  return sleepers_;
}

std::string FormatTimestamp(TimePoint time) {
  // Not `time - floor<days>(time)`: that overflows for the earliest times there are.
  constexpr int64_t kDay = Duration(ch::days(1)).count();
  int64_t days = time.time_since_epoch().count() / kDay;
  int64_t rest = time.time_since_epoch().count() % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const ch::sys_days day{ch::days(days)};
  const ch::year_month_day ymd(day);
  const ch::hh_mm_ss hms(ch::floor<ch::milliseconds>(Duration(rest)));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                     hms.hours().count(), hms.minutes().count(), hms.seconds().count(),
                     hms.subseconds().count());
}

namespace {

// Takes exactly `count` digits from the front of `text`; -1 when they are not there.
int TakeDigits(std::string_view& text, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}
bool Take(std::string_view& text, char lower) {
  if (text.empty() || (text[0] | 0x20) != (lower | 0x20)) return false;
  text.remove_prefix(1);
  return true;
}

// RFC 3339 section 5.6, date-time; digits behind the microseconds are cut off, a leap second is the next one.
bool ReadTimestamp(std::string_view text, TimePoint& time) {
  const int year = TakeDigits(text, 4);
  if (year < 0 || !text.starts_with('-')) return false;
  text.remove_prefix(1);
  const int month = TakeDigits(text, 2);
  if (month < 0 || !text.starts_with('-')) return false;
  text.remove_prefix(1);
  const int day = TakeDigits(text, 2);
  const ch::year_month_day date{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                ch::day(static_cast<unsigned>(day))};
  if (day < 0 || !date.ok() || !Take(text, 't')) return false;
  const int hour = TakeDigits(text, 2);
  if (hour < 0 || hour > 23 || !text.starts_with(':')) return false;
  text.remove_prefix(1);
  const int minute = TakeDigits(text, 2);
  if (minute < 0 || minute > 59 || !text.starts_with(':')) return false;
  text.remove_prefix(1);
  const int second = TakeDigits(text, 2);
  if (second < 0 || second > 60) return false;
  int micros = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    size_t digits = 0;
    for (int digit; (digit = TakeDigits(text, 1)) >= 0; ++digits)
      micros = digits < 6 ? micros * 10 + digit : micros;
    if (digits == 0) return false;
    for (; digits < 6; ++digits) micros *= 10;
  }
  ch::minutes offset(0);
  if (!Take(text, 'z')) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const int hours = TakeDigits(text, 2);
    if (hours < 0 || hours > 23 || !text.starts_with(':')) return false;
    text.remove_prefix(1);
    const int minutes = TakeDigits(text, 2);
    if (minutes < 0 || minutes > 59) return false;
    offset = ch::minutes(sign * (hours * 60 + minutes));
  }
  time = ch::sys_days(date) + ch::hours(hour) + ch::minutes(minute) + ch::seconds(second) +
         ch::microseconds(micros) - offset;
  return text.empty();
}

}  // namespace

Result<TimePoint> ParseTimestamp(std::string_view text) {
  TimePoint time;
  if (ReadTimestamp(text, time)) return time;
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("not a time, expected YYYY-MM-DDThh:mm:ss(.fff)Z: {}", text.substr(0, 100)));
}

std::string FormatHttpDate(TimePoint time) {
  return date::format("%a, %d %b %Y %H:%M:%S GMT",
                      date::sys_seconds(ch::floor<ch::seconds>(time).time_since_epoch()));
}

Result<TimePoint> ParseHttpDate(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  date::sys_seconds time;
  in >> date::parse("%a, %d %b %Y %T GMT", time);
  if (!in.fail() && in.peek() == std::char_traits<char>::eof()) return TimePoint(time.time_since_epoch());
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("not a time, expected an HTTP date as in RFC 9110: {}", text.substr(0, 100)));
}

}  // namespace penstock
