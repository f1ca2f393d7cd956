// The cells of FMP's rows: a number may come as a number, as text, as null, or as a word for "none". For .cc
// files only.
#pragma once

#include <optional>
#include <string_view>

#include "base/date.h"
#include "source/json_reader_internal.h"

namespace penstock::source::fmp {

// "1.5" is 1.5; "", "N/A", "None", "null", "NaN", "-" are none. False: neither.
bool ReadNumberText(std::string_view text, std::optional<double>* out);

// "2024-02-28", or with " 00:00:00" or another time of day behind it. Nothing where it is no date.
std::optional<Date> ReadDay(std::string_view text);

class CellReader : protected JsonReader {
 protected:
  bool ReadCell(Value value, std::optional<double>* out);
  // A boolean, or null.
  bool ReadFlag(Value value, std::optional<bool>* out);
};

}  // namespace penstock::source::fmp
