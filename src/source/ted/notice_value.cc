#include "source/ted/notice_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ascii.h"

namespace penstock::source::ted {
namespace {

// The bytes of a space at the front of `text`, ASCII or Unicode (no-break, thin, figure, narrow no-break); 0:
// none.
size_t SpaceLength(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == ' ' || text[0] == '\t' || text[0] == '\n' || text[0] == '\r') return 1;
  if (text.starts_with("\xC2\xA0")) return 2;
  if (text.starts_with("\xE2\x80") && text.size() > 2) {
    const auto last = static_cast<unsigned char>(text[2]);
    if ((last >= 0x80 && last <= 0x8A) || last == 0xAF) return 3;
  }
  return 0;
}

// Reads `count` digits at `at`; nullopt: there are others.
std::optional<int> Digits(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!IsDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<Date> ExistingDay(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1000) return std::nullopt;
  return Date(date);
}

// Z, +01:00 or -02:00 (or without its colon).
bool IsZone(std::string_view text) {
  if (text == "Z" || text == "z") return true;
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return false;
  const bool colon = text[3] == ':';
  return Digits(text, 1, 2) && Digits(text, colon ? 4 : 3, 2) && text.size() == (colon ? 6u : 5u);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && SpaceLength(text) != 0) text.remove_prefix(SpaceLength(text));
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\n' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

// What stands behind a day: nothing, a zone, or a time.
bool EndsDay(std::string_view rest) {
  if (rest.empty() || IsZone(rest)) return true;
  if (rest[0] != 'T' && rest[0] != ' ') return false;
  return ParseNoticeTime(Trim(rest.substr(1))).has_value();
}

}  // namespace

std::optional<double> ParseNoticeNumber(std::string_view text) {
  text = Trim(text);
  std::string plain;  // digits, '.' and ',' only, but for sign and exponent
  plain.reserve(text.size());
  bool grouped = false;
  for (size_t i = 0; i < text.size();) {
    const size_t space = SpaceLength(text.substr(i));
    if (space != 0 || text[i] == '\'') {
      grouped = true;
      i += space + (space == 0 ? 1 : 0);
    } else {
      plain += text[i++];
    }
  }
  // Where the decimals begin.
  const size_t commas = static_cast<size_t>(std::count(plain.begin(), plain.end(), ','));
  const size_t points = static_cast<size_t>(std::count(plain.begin(), plain.end(), '.'));
  size_t decimal = std::string::npos;
  if (commas != 0 && points != 0) {
    const size_t comma = plain.rfind(','), point = plain.rfind('.');
    decimal = std::max(comma, point);
    if ((plain[decimal] == ',' ? commas : points) > 1) return std::nullopt;
  } else if (points == 1) {
    decimal = plain.find('.');
  } else if (commas == 1) {
    decimal = plain.find(',');
    const size_t sign = plain[0] == '-' || plain[0] == '+' ? 1 : 0;
    if (!grouped && plain.size() - decimal == 4 && decimal - sign <= 3 && decimal > sign)
      decimal = std::string::npos;
  }
  std::string number;
  number.reserve(plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    if (i == decimal) {
      number += '.';
    } else if (plain[i] == ',' || plain[i] == '.') {
      // A group is three digits.
      if (i == 0 || !Digits(plain, i + 1, 3) || (i + 4 < plain.size() && IsDigit(plain[i + 4])))
        return std::nullopt;
    } else {
      number += plain[i];
    }
  }
  if (!number.empty() && number[0] == '+') number.erase(0, 1);
  double value = 0;
  const char* end = number.data() + number.size();
  const auto [at, error] = std::from_chars(number.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseNoticeInteger(std::string_view text) {
  text = Trim(text);
  int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (const auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end)
    return whole;
  const auto number = ParseNoticeNumber(text);
  if (!number || *number != std::floor(*number) || std::abs(*number) > 9e15) return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::optional<Date> ParseNoticeDate(std::string_view text) {
  text = Trim(text);
  if (const auto year = Digits(text, 0, 4)) {
    if (text.size() >= 10 && text[4] == '-' && text[7] == '-') {
      const auto month = Digits(text, 5, 2), day = Digits(text, 8, 2);
      return month && day && EndsDay(text.substr(10)) ? ExistingDay(*year, *month, *day) : std::nullopt;
    }
    const auto month = Digits(text, 4, 2), day = Digits(text, 6, 2);
    return month && day && EndsDay(text.substr(8)) ? ExistingDay(*year, *month, *day) : std::nullopt;
  }
  // Day first.
  size_t at = 0;
  int parts[2] = {0, 0};
  char separator = 0;
  for (int& part : parts) {
    size_t digits = 0;
    while (digits < 2 && at + digits < text.size() && IsDigit(text[at + digits])) ++digits;
    if (digits == 0 || at + digits >= text.size()) return std::nullopt;
    part = *Digits(text, at, digits);
    at += digits;
    if (text[at] != '/' && text[at] != '.' && text[at] != '-' && text[at] != ' ') return std::nullopt;
    if (separator != 0 && separator != text[at]) return std::nullopt;
    separator = text[at++];
  }
  const auto year = Digits(text, at, 4);
  return year && EndsDay(text.substr(at + 4)) ? ExistingDay(*year, parts[1], parts[0]) : std::nullopt;
}

std::optional<std::string> ParseNoticeTime(std::string_view text) {
  text = Trim(text);
  // The day in front of it.
  if (Digits(text, 0, 4)) {
    const size_t day = text.size() > 4 && text[4] == '-' ? 10 : 8;
    if (text.size() <= day || (text[day] != 'T' && text[day] != ' ')) return std::nullopt;
    text = Trim(text.substr(day + 1));
  }
  const size_t hour_digits = text.size() > 1 && IsDigit(text[1]) ? 2 : 1;
  const auto hour = Digits(text, 0, hour_digits);
  if (!hour || *hour > 24 || text.size() <= hour_digits) return std::nullopt;
  text.remove_prefix(hour_digits);
  if (text[0] != ':' && text[0] != '.') return std::nullopt;
  const auto minute = Digits(text, 1, 2);
  if (!minute || *minute > 59 || (*hour == 24 && *minute != 0)) return std::nullopt;
  std::string time = fmt::format("{:02}:{:02}", *hour, *minute);
  text.remove_prefix(3);
  if (text.starts_with(':')) {
    const auto second = Digits(text, 1, 2);
    if (!second || *second > 59) return std::nullopt;
    if (*second != 0) time += fmt::format(":{:02}", *second);
    text.remove_prefix(3);
    if (text.starts_with('.')) {  // parts of a second say nothing here
      text.remove_prefix(1);
      while (!text.empty() && IsDigit(text[0])) text.remove_prefix(1);
    }
  }
  if (text.empty()) return time;
  return IsZone(text) ? std::optional(time + std::string(text)) : std::nullopt;
}

std::optional<bool> ParseNoticeBool(std::string_view text) {
  std::string lower;
  for (const char c : Trim(text)) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower == "true" || lower == "yes" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "0") return false;
  return std::nullopt;
}

std::string PlainNoticeNumber(std::string_view text) {
  // YYYY/S III-NNNNNN
  const size_t dash = text.rfind('-');
  if (text.size() < 9 || !Digits(text, 0, 4) || text.substr(4, 2) != "/S" || dash == text.npos ||
      dash + 1 == text.size() || text.size() - dash > 9) {
    return std::string(text);
  }
  for (size_t i = dash + 1; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return std::string(text);
  }
  return fmt::format("{}-{}", text.substr(dash + 1), text.substr(0, 4));
}

}  // namespace penstock::source::ted
