#include "jsonata/iso_time.h"

#include <fmt/format.h>

#include <cstdlib>

namespace penstock::jsonata {
namespace {

// Takes text from the front, or says that it is another.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly so many digits.
  bool Digits(size_t count, int& value) {
    if (rest_.size() < count) return false;
    int read = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      read = read * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    value = read;
    return true;
  }
  // One digit and more: of them the first three, as milliseconds.
  bool Fraction(int& milliseconds) {
    int digit = 0;
    int weight = 100;
    milliseconds = 0;
    if (!Digits(1, digit)) return false;
    do {
      milliseconds += digit * weight;
      weight /= 10;
    } while (Digits(1, digit));
    return true;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace

std::string IsoText(const CivilTime& local, int offset_minutes) {
  std::string text = local.year >= 0 && local.year <= 9999
                         ? fmt::format("{:04}", local.year)
                         : fmt::format("{}{:06}", local.year < 0 ? '-' : '+', std::abs(local.year));
  text += fmt::format("-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", local.month, local.day, local.hour,
                      local.minute, local.second, local.millisecond);
  if (offset_minutes == 0) return text + "Z";
  const int minutes = std::abs(offset_minutes);
  return text + fmt::format("{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::optional<int> ParseZone(std::string_view text) {
  if (text == "Z") return 0;
  Reader reader(text);
  const bool negative = reader.Take('-');
  if (!negative) reader.Take('+');
  int hours = 0;
  int minutes = 0;
  if (!reader.Digits(2, hours)) return std::nullopt;
  if (!reader.rest().empty()) {
    reader.Take(':');
    if (!reader.Digits(2, minutes) || !reader.rest().empty()) return std::nullopt;
  }
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (negative ? -1 : 1) * (hours * 60 + minutes);
}

std::string MilitaryZone(int offset_minutes) {
  constexpr std::string_view kEast = "ZABCDEFGHIKLM";
  constexpr std::string_view kWest = "ZNOPQRSTUVWXY";
  const auto hours = static_cast<size_t>(std::abs(offset_minutes) / 60);
  if (offset_minutes % 60 != 0 || hours >= kEast.size()) return "";
  return std::string(1, (offset_minutes < 0 ? kWest : kEast)[hours]);
}

std::optional<int64_t> CheckedMillis(CivilTime local, int offset_minutes) {
  constexpr int64_t kMaxYear = 300'000;  // beyond every moment there is
  if (local.year < -kMaxYear || local.year > kMaxYear || local.month < 1 || local.month > 12 ||
      local.day < 1 || local.day > DaysInMonth(local.year, local.month)) {
    return std::nullopt;
  }
  const bool midnight = local.hour == 24 && local.minute == 0 && local.second == 0 && local.millisecond == 0;
  const auto within = [](int value, int limit) { return value >= 0 && value < limit; };
  if (!(within(local.hour, 24) || midnight) || !within(local.minute, 60) || !within(local.second, 60) ||
      !within(local.millisecond, 1000)) {
    return std::nullopt;
  }
  const int64_t millis = ToMillis(local) - offset_minutes * kMillisPerMinute;
  if (millis > kMaxMillis || millis < -kMaxMillis) return std::nullopt;
  return millis;
}

std::optional<int64_t> ParseIsoTime(std::string_view text) {
  Reader reader(text);
  CivilTime time;
  int year = 0;
  if (!reader.Digits(4, year)) return std::nullopt;
  time.year = year;
  if (reader.Take('-')) {
    if (!reader.Digits(2, time.month)) return std::nullopt;
    if (reader.Take('-') && !reader.Digits(2, time.day)) return std::nullopt;
  }
  int offset = 0;
  if (reader.Take('T')) {
    if (!reader.Digits(2, time.hour) || !reader.Take(':') || !reader.Digits(2, time.minute)) {
      return std::nullopt;
    }
    if (reader.Take(':')) {
      if (!reader.Digits(2, time.second)) return std::nullopt;
      if (reader.Take('.') && !reader.Fraction(time.millisecond)) return std::nullopt;
    }
    const std::string_view zone = reader.rest();
    if (!zone.empty()) {
      const std::optional<int> parsed = ParseZone(zone);
      if (!parsed || (zone[0] >= '0' && zone[0] <= '9')) return std::nullopt;
      offset = *parsed;
    }
  } else if (!reader.rest().empty()) {
    return std::nullopt;
  }
  return CheckedMillis(time, offset);
}

}  // namespace penstock::jsonata
