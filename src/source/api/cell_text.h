// One cell as text, and what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "source/api/records.h"

namespace penstock::source {

// int64 in decimal digits, with '-' but without '+' and leading zeros (0012 is a name, no number).
std::optional<int64_t> CellAsInt(std::string_view text);
// A finite number as JSON or CSV writes it: digits, at most one point, an exponent.
std::optional<double> CellAsDouble(std::string_view text);

// The cell as the 64 bits of that type: a number, 0 or 1, days or microseconds since the epoch; of kDouble
// the bits of the double. Nothing: it is not of that type. Not for kString.
std::optional<int64_t> CellAs(ColumnType type, std::string_view text);

// "a date (YYYY-MM-DD or YYYYMMDD)", for messages.
std::string_view Expected(ColumnType type);

}  // namespace penstock::source
