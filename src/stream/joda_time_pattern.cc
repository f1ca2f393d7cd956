#include "stream/joda_time_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/ascii.h"
#include "base/date.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kLetters = "yYMdDEaHkKhmsSZz";
constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDays{"monday", "tuesday",  "wednesday", "thursday",
                                                "friday", "saturday", "sunday"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes at most `most` digits; false: there is none.
bool TakeNumber(std::string_view* text, size_t most, int64_t* out) {
  size_t count = 0;
  *out = 0;
  for (; count < most && count < text->size() && IsDigit((*text)[count]); ++count) {
    *out = *out * 10 + ((*text)[count] - '0');
  }
  text->remove_prefix(count);
  return count > 0;
}

// A name, or its first three letters: the longer one that fits.
template <size_t N>
bool TakeName(std::string_view* text, const std::array<std::string_view, N>& names, int64_t* out) {
  for (const bool whole : {true, false}) {
    for (size_t i = 0; i < N; ++i) {
      const std::string_view name = whole ? names[i] : names[i].substr(0, 3);
      if (AsciiLower(text->substr(0, name.size())) != name) continue;
      text->remove_prefix(name.size());
      *out = static_cast<int64_t>(i) + 1;
      return true;
    }
  }
  return false;
}

// +0530, -05:00, Z; seconds.
bool TakeOffset(std::string_view* text, int64_t* out) {
  if (text->starts_with('Z')) {
    text->remove_prefix(1);
    *out = 0;
    return true;
  }
  if (!text->starts_with('+') && !text->starts_with('-')) return false;
  const int64_t sign = text->front() == '-' ? -1 : 1;
  text->remove_prefix(1);
  int64_t hours = 0, minutes = 0;
  if (!TakeNumber(text, 2, &hours)) return false;
  if (text->starts_with(':')) text->remove_prefix(1);
  if (!TakeNumber(text, 2, &minutes)) minutes = 0;
  *out = sign * (hours * 3600 + minutes * 60);
  return hours <= 23 && minutes <= 59;
}

bool TakeZoneName(std::string_view* text, int64_t* out) {
  for (const std::string_view name : {"UTC", "GMT", "Z"}) {
    if (!text->starts_with(name)) continue;
    text->remove_prefix(name.size());
    *out = 0;
    return true;
  }
  return false;
}

struct Fields {
  int64_t year = 1970, month = 1, day = 1, day_of_year = 0, weekday = 0, hour = 0, half_hour = -1,
          afternoon = 0, minute = 0, second = 0, micros = 0, offset = 0;
};

bool TakeYear(std::string_view* text, size_t count, bool before_digits, int64_t* year) {
  const bool negative = text->starts_with('-');
  if (negative) text->remove_prefix(1);
  const size_t before = text->size();
  if (!TakeNumber(text, before_digits ? count : 9, year)) return false;
  // Two digits are of the hundred years around now, for Joda; here of 1970 to 2069.
  if (count == 2 && before - text->size() == 2 && !negative) *year += *year < 70 ? 2000 : 1900;
  if (negative) *year = -*year;
  return true;
}

bool TakeFraction(std::string_view* text, size_t most, int64_t* micros) {
  size_t count = 0;
  *micros = 0;
  for (; count < most && count < text->size() && IsDigit((*text)[count]); ++count) {
    if (count < 6) *micros = *micros * 10 + ((*text)[count] - '0');
  }
  text->remove_prefix(count);
  for (size_t i = count; i < 6; ++i) *micros *= 10;
  return count > 0;
}

std::optional<int64_t> MomentOf(const Fields& fields) {
  int64_t hour = fields.hour;
  if (fields.half_hour >= 0) hour = fields.half_hour % 12 + fields.afternoon * 12;
  if (hour > 24 || fields.minute > 59 || fields.second > 59 || fields.year > 9999 || fields.year < -9999)
    return std::nullopt;
  const std::chrono::year year(static_cast<int>(fields.year));
  const std::chrono::year_month_day day{year, std::chrono::month(static_cast<unsigned>(fields.month)),
                                        std::chrono::day(static_cast<unsigned>(fields.day))};
  if (!day.ok()) return std::nullopt;
  int64_t days = DaysSinceEpoch(Date(day));
  if (fields.day_of_year > 0) {
    if (fields.day_of_year > (year.is_leap() ? 366 : 365)) return std::nullopt;
    days = DaysSinceEpoch(Date(year / 1 / 1)) + fields.day_of_year - 1;
  }
  if (fields.weekday > 0 && (days % 7 + 7 + 3) % 7 + 1 != fields.weekday)
    return std::nullopt;  // 1970-01-01: a Thursday
  return (days * 86400 + hour * 3600 + fields.minute * 60 + fields.second - fields.offset) * 1'000'000 +
         fields.micros;
}

std::optional<int64_t> ReadMillis(std::string_view text) {
  int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc()) return std::nullopt;
  std::string_view rest = text.substr(static_cast<size_t>(end - text.data()));
  int64_t micros = 0, out = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (!TakeFraction(&rest, 9, &micros)) return std::nullopt;
    micros /= 1000;
    if (text.starts_with('-')) micros = -micros;
  }
  if (!rest.empty() || __builtin_mul_overflow(whole, 1000, &out) ||
      __builtin_add_overflow(out, micros, &out)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

Result<JodaTimePattern> JodaTimePattern::Parse(std::string_view pattern) {
  JodaTimePattern parsed;
  if (pattern == "millis") {
    parsed.millis_ = true;
    return parsed;
  }
  const auto bad = [&](std::string_view what) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("the time pattern \"{}\": {}", pattern.substr(0, 200), what));
  };
  const auto text = [&](char c) {
    if (parsed.parts_.empty() || parsed.parts_.back().letter != 0) parsed.parts_.emplace_back();
    parsed.parts_.back().text += c;
  };
  if (pattern.empty()) return bad("is empty");
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      // '' is a quote, within a quoted text, too.
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        text('\'');
        i += 2;
        continue;
      }
      for (++i;; ++i) {
        if (i >= pattern.size()) return bad("a quote is not closed");
        if (pattern[i] != '\'') {
          text(pattern[i]);
        } else if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
          text('\'');
          ++i;
        } else {
          break;
        }
      }
      ++i;
      continue;
    }
    if (!IsLetter(c)) {
      text(c);
      ++i;
      continue;
    }
    if (kLetters.find(c) == kLetters.npos) return bad(fmt::format("the letter {} is not read here", c));
    size_t end = i;
    while (end < pattern.size() && pattern[end] == c) ++end;
    if (c == 'Z' && end - i > 2) return bad("ZZZ, the name of a zone, is not read here");
    const bool number = !(c == 'E' || c == 'a' || c == 'z' || c == 'Z' || (c == 'M' && end - i > 2));
    if (number && !parsed.parts_.empty()) parsed.parts_.back().before_digits = true;
    parsed.parts_.push_back({c, end - i, false, ""});
    i = end;
  }
  return parsed;
}

std::optional<int64_t> JodaTimePattern::Read(std::string_view text) const {
  if (millis_) return ReadMillis(text);
  Fields fields;
  for (const Part& part : parts_) {
    bool good = false;
    switch (part.letter) {
      case 0:
        good = AsciiLower(text.substr(0, part.text.size())) == AsciiLower(part.text);
        text.remove_prefix(std::min(part.text.size(), text.size()));
        break;
      case 'y':
      case 'Y': good = TakeYear(&text, part.count, part.before_digits, &fields.year); break;
      case 'M':
        good = part.count > 2 ? TakeName(&text, kMonths, &fields.month) : TakeNumber(&text, 2, &fields.month);
        break;
      case 'd': good = TakeNumber(&text, 2, &fields.day); break;
      case 'D': good = TakeNumber(&text, 3, &fields.day_of_year) && fields.day_of_year > 0; break;
      case 'E': good = TakeName(&text, kDays, &fields.weekday); break;
      case 'H': good = TakeNumber(&text, 2, &fields.hour) && fields.hour < 24; break;
      case 'k':  // 1 to 24
        good = TakeNumber(&text, 2, &fields.hour) && fields.hour > 0 && fields.hour <= 24;
        fields.hour %= 24;
        break;
      case 'K': good = TakeNumber(&text, 2, &fields.half_hour) && fields.half_hour < 12; break;
      case 'h':
        good = TakeNumber(&text, 2, &fields.half_hour) && fields.half_hour > 0 && fields.half_hour <= 12;
        break;
      case 'a': {
        const std::string half = AsciiLower(text.substr(0, 2));
        good = half == "am" || half == "pm";
        fields.afternoon = half == "pm" ? 1 : 0;
        text.remove_prefix(std::min<size_t>(2, text.size()));
        break;
      }
      case 'm': good = TakeNumber(&text, 2, &fields.minute); break;
      case 's': good = TakeNumber(&text, 2, &fields.second); break;
      case 'S': good = TakeFraction(&text, part.count, &fields.micros); break;
      case 'Z': good = TakeOffset(&text, &fields.offset); break;
      case 'z': good = TakeZoneName(&text, &fields.offset); break;
      default: break;
    }
    if (!good) return std::nullopt;
  }
  return text.empty() ? MomentOf(fields) : std::nullopt;
}

}  // namespace penstock::stream
