#include "jsonata/datetime_parse.h"

#include <string>
#include <utility>

#include "jsonata/civil_time.h"
#include "jsonata/datetime_match.h"
#include "jsonata/datetime_picture.h"
#include "jsonata/fault.h"
#include "jsonata/iso_time.h"

namespace penstock::jsonata {
namespace {

int64_t FieldOf(const CivilTime& time, char component) {
  switch (component) {
    case 'Y': return time.year;
    case 'M': return time.month;
    case 'D': return time.day;
    case 'H': return time.hour;
    case 'm': return time.minute;
    case 's': return time.second;
    default: return time.millisecond;
  }
}

Status MissingComponents() {
  return MakeFault("D3136",
                   "The date/time picture string is missing specifiers required to parse the timestamp");
}

// The components that make the moment, from the largest to the smallest. Of two that say the same (D and d,
// H and h), the first counts.
Result<std::string> Order(const DateTimeFields& fields) {
  const auto has = [&](char component) { return fields.count(component) > 0; };
  const bool day_of_year = has('d') && !has('D');
  const bool weeks = has('X') || has('x') || has('W') || has('w');
  if (weeks && !(has('Y') && (has('D') || has('d')))) return MissingComponents();
  const bool twelve_hours = !has('H') && (has('h') || has('P'));
  if (twelve_hours && !has('P')) return MissingComponents();
  return std::string(day_of_year ? "Yd" : "YMD") + (twelve_hours ? "Phmsf" : "Hmsf");
}

// Gives every component of `order` a value.
Status Complete(const std::string& order, const CivilTime& now, DateTimeFields& fields) {
  size_t first = 0;
  while (first < order.size() && fields.count(order[first]) == 0) ++first;
  bool behind = false;
  for (size_t i = 0; i < order.size(); ++i) {
    const char component = order[i];
    if (fields.count(component) > 0) {
      if (behind) return MissingComponents();
    } else if (i < first) {
      fields[component] = FieldOf(now, component);
    } else {
      fields[component] = component == 'M' || component == 'D' ? 1 : 0;
      behind = true;
    }
  }
  return Status::OK();
}

std::optional<int64_t> MomentOf(DateTimeFields fields) {
  constexpr int64_t kMaxYear = 300'000;  // beyond every moment there is
  int64_t year = fields['Y'];
  if (year < -kMaxYear || year > kMaxYear) return std::nullopt;
  if (year >= 0 && year <= 99) year += 1900;

  CivilTime time;
  time.year = year;
  if (fields.count('M') > 0 && fields.count('D') > 0) {
    time.month = static_cast<int>(fields['M']);
    time.day = static_cast<int>(fields['D']);
  } else {
    const int64_t day = fields['d'];
    if (day < 1 || day > (IsLeapYear(year) ? 366 : 365)) return std::nullopt;
    time = ToCivil((DaysFromCivil(year, 1, 1) + day - 1) * kMillisPerDay);
  }
  if (fields.count('H') == 0) {
    const int64_t hour = fields['h'];
    const int64_t half = fields['P'];
    if (hour < 0 || hour > 12 || half < 0 || half > 1) return std::nullopt;
    fields['H'] = hour % 12 + 12 * half;
  }
  time.hour = static_cast<int>(fields['H']);
  time.minute = static_cast<int>(fields['m']);
  time.second = static_cast<int>(fields['s']);
  time.millisecond = static_cast<int>(fields['f']);
  return CheckedMillis(time, static_cast<int>(fields['Z']));
}

}  // namespace

Result<std::optional<int64_t>> ParseDateTime(std::string_view text, std::string_view picture,
                                             int64_t now_millis) {
  if (picture.empty()) {
    const std::optional<int64_t> millis = ParseIsoTime(text);
    if (millis) return millis;
    return MakeFault(
        "D3110",
        "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given \"" +
            std::string(text) + "\"",
        std::string(text));
  }
  ASSIGN_OR_RETURN(const DateTimePicture parsed, DateTimePicture::Parse(picture));
  ASSIGN_OR_RETURN(std::optional<DateTimeFields> fields, MatchDateTime(parsed, text));
  if (!fields || fields->empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string order, Order(*fields));
  RETURN_IF_ERROR(Complete(order, ToCivil(now_millis), *fields));
  return MomentOf(*std::move(fields));
}

}  // namespace penstock::jsonata
