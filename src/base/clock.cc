#include "base/clock.h"

#include <date/date.h>
#include <fmt/format.h>

#include <sstream>

namespace penstock {

namespace ch = std::chrono;

TimePoint SystemClock::Now() const {
  return ch::time_point_cast<ch::microseconds>(ch::system_clock::now()) + offset_;
}

bool SystemClock::SleepUntil(TimePoint deadline, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (Now() < deadline) {
    if (stop.stop_requested()) return false;
    // Short waits on the steady clock, so that a step of the wall clock is noticed.
    const auto span = std::min<Duration>(deadline - Now(), ch::seconds(1));
    never.wait_for(lock, stop, span, [] { return false; });
  }
  return !stop.stop_requested();
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
  const auto day = ch::floor<ch::days>(time);
  const ch::year_month_day ymd(day);
  const ch::hh_mm_ss hms(ch::floor<ch::milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), hms.hours().count(),
                     hms.minutes().count(), hms.seconds().count(), hms.subseconds().count());
}

namespace {

Result<TimePoint> ParseWith(std::string_view text, std::initializer_list<const char*> formats, const char* expected) {
  for (const char* format : formats) {
    std::istringstream in{std::string(text)};
    in.imbue(std::locale::classic());
    date::sys_time<ch::microseconds> time;
    in >> date::parse(format, time);
    if (!in.fail() && in.peek() == std::char_traits<char>::eof()) return TimePoint(time.time_since_epoch());
  }
  return MakeError(ErrorCode::kInvalidData, fmt::format("not a time, expected {}: {}", expected, text));
}

}  // namespace

Result<TimePoint> ParseTimestamp(std::string_view text) {
  return ParseWith(text, {"%FT%TZ", "%FT%T%Ez"}, "YYYY-MM-DDThh:mm:ss(.fff)Z");
}

std::string FormatHttpDate(TimePoint time) {
  return date::format("%a, %d %b %Y %H:%M:%S GMT", date::sys_seconds(ch::floor<ch::seconds>(time).time_since_epoch()));
}

Result<TimePoint> ParseHttpDate(std::string_view text) {
  return ParseWith(text, {"%a, %d %b %Y %T GMT"}, "an HTTP date as in RFC 9110");
}

}  // namespace penstock
