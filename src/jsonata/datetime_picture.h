// $fromMillis: moments as text, by a picture ("[D1o] [MNn] [Y0001]") or as ISO 8601.
// Source: XPath and XQuery Functions and Operators 3.1, section 9.8.4, "The date/time formatting functions";
// docs.jsonata.org. Names are English, weeks ISO 8601's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "jsonata/integer_picture.h"

namespace penstock::jsonata {

// `picture`: empty for ISO 8601 with milliseconds. `timezone`: "+0530", "-05:00", "Z"; empty: UTC.
// Faults: D3110 (no date is that far away), D3130 to D3135 (the picture), D3134 (the time zone).
Result<std::string> FormatDateTime(int64_t millis, std::string_view picture, std::string_view timezone);

// A picture that was read.
struct DateTimePicture {
  enum class Style { kInteger, kName, kMilitaryZone };

  struct Marker {
    char component = 0;  // 'Y', 'M', ...
    Style style = Style::kInteger;
    IntegerPicture integer;                                       // kInteger
    IntegerPicture::Case letters = IntegerPicture::Case::kLower;  // kName
    bool traditional = false;                                     // modifier t: zone zero is Z
    std::optional<size_t> min_width;
    std::optional<size_t> max_width;
  };
  using Part = std::variant<std::u32string, Marker>;  // text, or a component

  std::vector<Part> parts;

  static Result<DateTimePicture> Parse(std::string_view picture);
};

// Names from 1, in title case: of months, of days (Monday is 1).
const char* MonthName(int month);
const char* DayName(int day);

}  // namespace penstock::jsonata
