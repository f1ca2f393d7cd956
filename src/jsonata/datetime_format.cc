// FormatDateTime: a moment by a picture.
#include <algorithm>
#include <cstdlib>

#include "jsonata/civil_time.h"
#include "jsonata/datetime_picture.h"
#include "jsonata/decimal.h"
#include "jsonata/fault.h"
#include "jsonata/iso_time.h"
#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

using Marker = DateTimePicture::Marker;
using Style = DateTimePicture::Style;

int64_t PowerOfTen(size_t exponent) {
  int64_t power = 1;
  for (size_t i = 0; i < exponent; ++i) power *= 10;
  return power;
}

std::string Integer(int64_t value, const IntegerPicture& picture) {
  return picture.Format(ToDecimal(static_cast<double>(value)));
}

// Section 9.8.4.4: a maximum width cuts a year from the left, and so do two and more digits of the picture.
std::string Year(int64_t year, const Marker& marker) {
  IntegerPicture picture = marker.integer;
  size_t digits = 0;
  if (marker.max_width) {
    digits = picture.mandatory = *marker.max_width;
  } else if (picture.kind == IntegerPicture::Kind::kDigits && picture.mandatory + picture.optional >= 2) {
    digits = picture.mandatory + picture.optional;
  }
  year = std::abs(year);  // the era tells
  constexpr size_t kMaxYearDigits = 6;
  if (digits > 0 && digits < kMaxYearDigits) year %= PowerOfTen(digits);
  return Integer(year, picture);
}

// Section 9.8.4.3: digits of the fraction from the left, as many as the picture has; one alone: all there
// are.
std::string Fraction(int millisecond, const Marker& marker) {
  const IntegerPicture& picture = marker.integer;
  if (picture.kind != IntegerPicture::Kind::kDigits) return Integer(millisecond, picture);
  std::string digits = std::to_string(1000 + millisecond).substr(1);
  const size_t minimum = picture.mandatory;
  size_t maximum = picture.mandatory + picture.optional;
  if (marker.max_width) {
    maximum = std::max(*marker.max_width, minimum);
  } else if (marker.min_width || maximum == 1) {
    maximum = std::max(maximum, digits.size());
  }
  digits.resize(std::max(minimum, std::min(maximum, digits.size())), '0');
  while (digits.size() > minimum && digits.back() == '0') digits.pop_back();
  std::string out;
  for (const char digit : digits) AppendCharacter(out, picture.zero + static_cast<char32_t>(digit - '0'));
  return out;
}

std::string Zone(int offset_minutes, const Marker& marker) {
  if (marker.style == Style::kMilitaryZone) {
    const std::string letter = MilitaryZone(offset_minutes);
    if (!letter.empty()) return letter;
  }
  if (offset_minutes == 0 && marker.traditional) return "Z";
  const IntegerPicture& picture = marker.integer;
  const int hours = std::abs(offset_minutes) / 60;
  const int minutes = std::abs(offset_minutes) % 60;
  std::string text = marker.component == 'z' ? "GMT" : "";
  text += offset_minutes < 0 ? '-' : '+';
  if (!picture.separators.empty() || picture.mandatory + picture.optional > 2) {
    return text + Integer(hours * 100 + minutes, picture);
  }
  text += Integer(hours, picture);
  if (minutes == 0) return text;
  IntegerPicture two_digits = picture;
  two_digits.mandatory = 2;
  return text + ":" + Integer(minutes, two_digits);
}

std::string Name(std::string name, const Marker& marker) {
  for (char& c : name) {
    if (marker.letters == IntegerPicture::Case::kUpper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (marker.letters == IntegerPicture::Case::kLower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  if (marker.max_width) name.resize(std::min(name.size(), *marker.max_width));
  return name;
}

std::string Component(const CivilTime& time, int offset_minutes, const Marker& marker) {
  const CivilTime thursday = ThursdayOf(time);
  const auto integer = [&](int64_t value) { return Integer(value, marker.integer); };
  const bool named = marker.style == Style::kName;
  switch (marker.component) {
    case 'Y': return Year(time.year, marker);
    case 'X': return Year(thursday.year, marker);
    case 'M': return named ? Name(MonthName(time.month), marker) : integer(time.month);
    case 'x': return named ? Name(MonthName(thursday.month), marker) : integer(thursday.month);
    case 'D': return integer(time.day);
    case 'd': return integer(DayOfYear(time));
    case 'F': return named ? Name(DayName(DayOfWeek(time)), marker) : integer(DayOfWeek(time));
    case 'W': return integer((DayOfYear(thursday) - 1) / 7 + 1);
    case 'w': return integer((thursday.day - 1) / 7 + 1);
    case 'H': return integer(time.hour);
    case 'h': return integer((time.hour + 11) % 12 + 1);
    case 'P': return named ? Name(time.hour < 12 ? "Am" : "Pm", marker) : integer(time.hour < 12 ? 0 : 1);
    case 'm': return integer(time.minute);
    case 's': return integer(time.second);
    case 'f': return Fraction(time.millisecond, marker);
    case 'Z':
    case 'z': return Zone(offset_minutes, marker);
    default: return "ISO";  // C, E: the calendar and its era
  }
}

}  // namespace

Result<std::string> FormatDateTime(int64_t millis, std::string_view picture, std::string_view timezone) {
  int offset_minutes = 0;
  if (!timezone.empty()) {
    const std::optional<int> offset = ParseZone(timezone);
    if (!offset) {
      return MakeFault("D3134", "The timezone is not of the form +HHMM: \"" + std::string(timezone) + "\"",
                       std::string(timezone));
    }
    offset_minutes = *offset;
  }
  if (millis > kMaxMillis || millis < -kMaxMillis) {
    return MakeFault("D3110", "No date is so many milliseconds away: " + std::to_string(millis));
  }
  const CivilTime time = ToCivil(millis + offset_minutes * kMillisPerMinute);
  if (picture.empty()) return IsoText(time, offset_minutes);
  ASSIGN_OR_RETURN(const DateTimePicture parsed, DateTimePicture::Parse(picture));
  std::string out;
  for (const DateTimePicture::Part& part : parsed.parts) {
    const auto* marker = std::get_if<Marker>(&part);
    out +=
        marker != nullptr ? Component(time, offset_minutes, *marker) : ToUtf8(std::get<std::u32string>(part));
  }
  return out;
}

}  // namespace penstock::jsonata
