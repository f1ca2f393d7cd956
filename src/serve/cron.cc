#include "serve/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace penstock::serve {
namespace {

namespace ch = std::chrono;

constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                   "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

// What a field may hold. Names count from `low`.
struct Field {
  std::string_view name;
  int low, high;
  bool steps = true;
  const std::string_view* names = nullptr;
  size_t name_count = 0;
};

constexpr Field kMinuteField{"minutes", 0, 59};
constexpr Field kHourField{"hours", 0, 23};
constexpr Field kDayField{"day-of-month", 1, 31};
constexpr Field kMonthField{"month", 1, 12, true, kMonths.data(), kMonths.size()};
constexpr Field kWeekdayField{"day-of-week", 1, 7, false, kWeekdays.data(), kWeekdays.size()};
constexpr Field kYearField{"year", kFirstCronYear, kLastCronYear};

using Values = std::bitset<256>;  // of value - low

Status Wrong(const Field& field, std::string_view text) {
  std::string expected = fmt::format("{} to {}", field.low, field.high);
  if (field.names != nullptr) {
    expected += fmt::format(" or {} to {}", field.names[0], field.names[field.name_count - 1]);
  }
  return MakeError(ErrorCode::kInvalidData, fmt::format("{}: expected {}, with , - *{}{}, got {}", field.name,
                                                        expected, field.steps ? " /" : "",
                                                        &field == &kDayField       ? " ? L W"
                                                        : &field == &kWeekdayField ? " ? L #"
                                                                                   : "",
                                                        text.empty() ? "nothing" : text));
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  if (text.empty() || text.size() > 4 || text[0] < '0' || text[0] > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A number or a name within the field's range.
std::optional<int> Value(const Field& field, std::string_view text) {
  if (const auto number = Number(text)) {
    return *number >= field.low && *number <= field.high ? number : std::nullopt;
  }
  for (size_t i = 0; i < field.name_count; ++i) {
    const std::string_view name = field.names[i];
    if (std::equal(text.begin(), text.end(), name.begin(), name.end(),
                   [](char a, char b) { return (a & ~0x20) == b; })) {
      return field.low + static_cast<int>(i);
    }
  }
  return std::nullopt;
}

// One item of a list: *, 5, 1-5, */10, 5/10, 1-30/10.
bool AddItem(const Field& field, std::string_view item, Values& values) {
  std::string_view range = item;
  int step = 1;
  const size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto number = Number(item.substr(slash + 1));
    if (!field.steps || !number || *number < 1 || *number > field.high) return false;
    step = *number;
    range = item.substr(0, slash);
  }
  int first = field.low, last = field.high;
  if (range != "*") {
    const size_t dash = range.find('-');
    const auto from = Value(field, range.substr(0, dash));
    if (!from) return false;
    first = *from;
    if (dash != std::string_view::npos) {
      const auto to = Value(field, range.substr(dash + 1));
      if (!to || *to < first) return false;
      last = *to;
    } else if (slash == std::string_view::npos) {
      last = first;
    }
  }
  for (int value = first; value <= last; value += step) values.set(static_cast<size_t>(value - field.low));
  return true;
}

Result<Values> ParseList(const Field& field, std::string_view text) {
  Values values;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    if (!AddItem(field, rest.substr(0, comma), values)) return Wrong(field, text);
    if (comma == std::string_view::npos) return values;
    rest.remove_prefix(comma + 1);
  }
}

Status ParseDaysOfMonth(std::string_view text, Cron& cron) {
  if (text == "L") {
    cron.rule = Cron::Days::kLastOfMonth;
  } else if (text.ends_with('W')) {
    const auto day = Value(kDayField, text.substr(0, text.size() - 1));
    if (!day) return Wrong(kDayField, text);
    cron.rule = Cron::Days::kNearestWeekday;
    cron.number = static_cast<unsigned>(*day);
  } else {
    ASSIGN_OR_RETURN(const Values values, ParseList(kDayField, text));
    cron.rule = Cron::Days::kOfMonth;
    for (size_t day = 1; day <= 31; ++day) cron.days[day] = values[day - 1];
  }
  return Status::OK();
}

Status ParseDaysOfWeek(std::string_view text, Cron& cron) {
  const size_t hash = text.find('#');
  if (text == "L") {  // the last day of the week
    cron.rule = Cron::Days::kOfWeek;
    cron.days.set(7);
  } else if (hash != std::string_view::npos) {
    const auto day = Value(kWeekdayField, text.substr(0, hash));
    const auto nth = Number(text.substr(hash + 1));
    if (!day || !nth || *nth < 1 || *nth > 5) return Wrong(kWeekdayField, text);
    cron.rule = Cron::Days::kNthWeekday;
    cron.number = static_cast<unsigned>(*day);
    cron.nth = static_cast<unsigned>(*nth);
  } else if (text.ends_with('L')) {
    const auto day = Value(kWeekdayField, text.substr(0, text.size() - 1));
    if (!day) return Wrong(kWeekdayField, text);
    cron.rule = Cron::Days::kLastWeekday;
    cron.number = static_cast<unsigned>(*day);
  } else {
    ASSIGN_OR_RETURN(const Values values, ParseList(kWeekdayField, text));
    cron.rule = Cron::Days::kOfWeek;
    for (size_t day = 1; day <= 7; ++day) cron.days[day] = values[day - 1];
  }
  return Status::OK();
}

std::vector<std::string_view> Words(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(kSpace), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// Monday to Friday, nearest to `day` of the month and within it; 0: the month has no such day.
unsigned NearestWeekday(ch::year_month month, unsigned day) {
  const unsigned last = static_cast<unsigned>((month / ch::last).day());
  if (day > last) return 0;
  const unsigned weekday = ch::weekday(Date(month / ch::day(day))).c_encoding();
  if (weekday == 6) return day > 1 ? day - 1 : day + 2;
  if (weekday == 0) return day < last ? day + 1 : day - 2;
  return day;
}

}  // namespace

bool Cron::IsDay(Date date) const {
  const ch::year_month_day ymd(date);
  const unsigned day = static_cast<unsigned>(ymd.day());
  if (!years[static_cast<size_t>(static_cast<int>(ymd.year()) - kFirstCronYear)]) return false;
  if (!months[static_cast<unsigned>(ymd.month())]) return false;
  const unsigned last = static_cast<unsigned>((ymd.year() / ymd.month() / ch::last).day());
  const unsigned weekday = ch::weekday(date).c_encoding() + 1;
  switch (rule) {
    case Days::kOfMonth: return days[day];
    case Days::kLastOfMonth: return day == last;
    case Days::kNearestWeekday: return day == NearestWeekday(ymd.year() / ymd.month(), number);
    case Days::kOfWeek: return days[weekday];
    case Days::kLastWeekday: return weekday == number && day + 7 > last;
    case Days::kNthWeekday: return weekday == number && (day - 1) / 7 + 1 == nth;
  }
  return false;
}

Result<Cron> ParseCron(std::string_view fields) {
  const auto words = Words(fields);
  if (words.size() != 6) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("expected six fields (minutes hours day-of-month month day-of-week year), "
                                 "got {}",
                                 words.size()));
  }
  Cron cron;
  ASSIGN_OR_RETURN(const Values minutes, ParseList(kMinuteField, words[0]));
  ASSIGN_OR_RETURN(const Values hours, ParseList(kHourField, words[1]));
  for (size_t hour = 0; hour < 24; ++hour) {
    for (size_t minute = 0; minute < 60; ++minute) {
      if (hours[hour] && minutes[minute]) cron.times.emplace_back(static_cast<int>(hour * 60 + minute));
    }
  }
  if ((words[2] == "?") == (words[4] == "?")) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("day-of-month, day-of-week: expected ? in exactly one of them, got {} and {}", words[2],
                    words[4]));
  }
  RETURN_IF_ERROR(words[4] == "?" ? ParseDaysOfMonth(words[2], cron) : ParseDaysOfWeek(words[4], cron));
  ASSIGN_OR_RETURN(const Values months, ParseList(kMonthField, words[3]));
  for (size_t month = 1; month <= 12; ++month) cron.months[month] = months[month - 1];
  ASSIGN_OR_RETURN(const Values years, ParseList(kYearField, words[5]));
  for (size_t year = 0; year < cron.years.size(); ++year) cron.years[year] = years[year];
  return cron;
}

}  // namespace penstock::serve
