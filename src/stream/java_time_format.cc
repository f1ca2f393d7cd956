#include "stream/java_time_format.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace penstock::stream {
namespace {

namespace ch = std::chrono;

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 4> kOrdinals{"1st", "2nd", "3rd", "4th"};

// How many of a letter there may be; 0: it has no meaning here.
int MostOf(char letter) {
  switch (letter) {
    case 'W':
    case 'F':
    case 'a': return 1;
    case 'd':
    case 'H':
    case 'h':
    case 'K':
    case 'k':
    case 'm':
    case 's':
    case 'w': return 2;
    case 'D':
    case 'z': return 3;
    case 'O': return 4;
    case 'G':
    case 'M':
    case 'L':
    case 'Q':
    case 'q':
    case 'E':
    case 'e':
    case 'c':
    case 'X':
    case 'x':
    case 'Z': return 5;
    case 'S': return 9;
    case 'u':
    case 'y':
    case 'Y':
    case 'A':
    case 'n':
    case 'N':
    case 'g': return 19;
    default: return 0;
  }
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Status Wrong(std::string_view pattern, std::string_view why) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("the time pattern '{}' {}", pattern, why));
}

std::string Padded(int64_t value, int width) { return fmt::format("{:0{}}", value, width); }

// yy is the last two digits.
std::string Year(int year, int count) {
  return count == 2 ? Padded(std::abs(year) % 100, 2) : Padded(year, count);
}

// 1-3 letters: short; 4: whole; 5: one letter.
std::string Text(std::string_view name, int count) {
  return std::string(count == 4 ? name : name.substr(0, count == 5 ? 1 : 3));
}

// A date in weeks that begin on Sunday, the first one being that of 1 January: Locale.US.
struct Weeks {
  int year, week_of_year, week_of_month;
};

Weeks WeeksOf(Date date) {
  const ch::year_month_day ymd(date);
  const auto sunday_of = [](Date day) { return day - ch::days(ch::weekday(day).c_encoding()); };
  int year = static_cast<int>(ymd.year());
  const Date next = MakeDate(year + 1, 1, 1);
  if (date >= sunday_of(next)) ++year;
  const Date first = sunday_of(MakeDate(year, 1, 1));
  const Date month = sunday_of(Date(ymd.year() / ymd.month() / 1));
  return {year, static_cast<int>((date - first).count() / 7) + 1,
          static_cast<int>((date - month).count() / 7) + 1};
}

// "UTC", "EDT"
std::string Abbreviation(TimePoint time, const TimeZone& zone) {
  return date::locate_zone(zone.name())
      ->get_info(date::sys_time<ch::microseconds>(time.time_since_epoch()))
      .abbrev;
}

std::string Offset(ch::seconds offset, std::string_view letters) {
  const bool zulu = letters[0] == 'X' || letters == "ZZZZZ";
  if (offset.count() == 0 && zulu) return "Z";
  const char sign = offset.count() < 0 ? '-' : '+';
  const int64_t all = std::abs(offset.count());
  const int64_t hours = all / 3600, minutes = all / 60 % 60, seconds = all % 60;
  if (letters[0] == 'O' || letters == "ZZZZ") {
    if (all == 0) return "GMT";
    if (letters != "O") return fmt::format("GMT{}{:02}:{:02}", sign, hours, minutes);
    return minutes == 0 ? fmt::format("GMT{}{}", sign, hours)
                        : fmt::format("GMT{}{}:{:02}", sign, hours, minutes);
  }
  const size_t count = letters[0] == 'Z' ? (letters.size() == 5 ? 5 : 2) : letters.size();
  std::string out = fmt::format("{}{:02}", sign, hours);
  if (count > 1 || minutes != 0) out += fmt::format("{}{:02}", count == 3 || count == 5 ? ":" : "", minutes);
  if (count > 3 && seconds != 0) out += fmt::format("{}{:02}", count == 5 ? ":" : "", seconds);
  return out;
}

}  // namespace

Result<JavaTimeFormat> JavaTimeFormat::Parse(std::string_view pattern) {
  JavaTimeFormat format;
  const auto add_text = [&](std::string_view text) {
    if (format.parts_.empty() || format.parts_.back().letter != 0) format.parts_.emplace_back();
    format.parts_.back().text += text;
  };
  int open = 0;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (IsLetter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      const auto count = static_cast<int>(end - i);
      const int most = MostOf(c);
      if (most == 0) return Wrong(pattern, fmt::format("has the letter {}, which stands for nothing", c));
      if (count > most || (c == 'c' && count == 2))
        return Wrong(pattern, fmt::format("has too many or too few of {}", c));
      format.parts_.push_back({c, count, ""});
      i = end;
    } else if (c == '\'') {
      // '' is a quote, within quotes and without.
      std::string text;
      size_t end = i + 1;
      for (;; ++end) {
        if (end >= pattern.size()) return Wrong(pattern, "has a quote that is not closed");
        if (pattern[end] == '\'') {
          if (end + 1 >= pattern.size() || pattern[end + 1] != '\'') break;
          ++end;
        }
        text += pattern[end];
      }
      add_text(end == i + 1 ? "'" : text);
      i = end + 1;
    } else if (c == '#' || c == '{' || c == '}') {
      return Wrong(pattern, fmt::format("has the reserved character {}", c));
    } else {
      // What is optional is there: all of a time is known.
      if (c == '[') ++open;
      if (c == ']' && --open < 0) return Wrong(pattern, "has a ] without its [");
      if (c != '[' && c != ']') add_text(pattern.substr(i, 1));
      ++i;
    }
  }
  return format;
}

std::string JavaTimeFormat::Format(TimePoint time, const TimeZone& zone) const {
  const Date date = zone.LocalDate(time);
  const ch::microseconds of_day = zone.LocalTimeOfDay(time);
  const auto offset = ch::floor<ch::seconds>(TimePoint(date) + of_day - time);
  const ch::year_month_day ymd(date);
  const int year = static_cast<int>(ymd.year());
  const auto month = static_cast<unsigned>(ymd.month()), day = static_cast<unsigned>(ymd.day());
  const int64_t hour = of_day / ch::hours(1), minute = of_day / ch::minutes(1) % 60,
                second = of_day / ch::seconds(1) % 60;
  const int64_t nanoseconds = of_day.count() % 1'000'000 * 1000;
  const unsigned weekday = ch::weekday(date).c_encoding();
  const auto quarter = (month - 1) / 3;

  std::string out;
  for (const Part& part : parts_) {
    const int count = part.count;
    switch (part.letter) {
      case 0: out += part.text; break;
      case 'G': out += count == 4 ? "Anno Domini" : count == 5 ? "A" : "AD"; break;
      case 'u':
      case 'y': out += Year(year, count); break;
      case 'Y': out += Year(WeeksOf(date).year, count); break;
      case 'D': out += Padded((date - MakeDate(year, 1, 1)).count() + 1, count); break;
      case 'M':
      case 'L': out += count < 3 ? Padded(month, count) : Text(kMonths[month - 1], count); break;
      case 'd': out += Padded(day, count); break;
      case 'g': out += Padded(date.time_since_epoch().count() + 40587, count); break;
      case 'Q':
      case 'q':
        if (count == 4)
          out += fmt::format("{} quarter", kOrdinals[quarter]);
        else
          out += count == 3 ? fmt::format("Q{}", quarter + 1) : Padded(quarter + 1, count == 5 ? 1 : count);
        break;
      case 'w': out += Padded(WeeksOf(date).week_of_year, count); break;
      case 'W': out += Padded(WeeksOf(date).week_of_month, count); break;
      case 'E': out += Text(kDays[weekday], count); break;
      case 'e':
      case 'c': out += count < 3 ? Padded(weekday + 1, count) : Text(kDays[weekday], count); break;
      case 'F': out += Padded((day - 1) % 7 + 1, count); break;  // Java 19 and newer mean the week
      case 'a': out += hour < 12 ? "AM" : "PM"; break;
      case 'h': out += Padded((hour + 11) % 12 + 1, count); break;
      case 'K': out += Padded(hour % 12, count); break;
      case 'k': out += Padded((hour + 23) % 24 + 1, count); break;
      case 'H': out += Padded(hour, count); break;
      case 'm': out += Padded(minute, count); break;
      case 's': out += Padded(second, count); break;
      case 'S': out += Padded(nanoseconds, 9).substr(0, static_cast<size_t>(count)); break;
      case 'A': out += Padded(of_day / ch::milliseconds(1), count); break;
      case 'n': out += Padded(nanoseconds, count); break;
      case 'N': out += Padded(of_day.count() * 1000, count); break;
      case 'z': out += Abbreviation(time, zone); break;
      default: out += Offset(offset, std::string(static_cast<size_t>(count), part.letter)); break;  // O X x Z
    }
  }
  return out;
}

}  // namespace penstock::stream
