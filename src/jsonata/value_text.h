// Values written out: as JSON values, as $string writes them, as an error names them.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "jsonata/value.h"

namespace penstock::jsonata {

// How deep a value may be to be written, and how much text it may make.
inline constexpr int kMaxValueDepth = 500;

// Functions become "". D1001: a number that JSON has not. U1001: too deep, or too large.
Result<json::value> ToJsonValue(const Value& value, size_t max_nodes);

// $string: numbers with 15 significant digits, functions as "". D3001: Infinity or NaN. U1001: as above.
Result<std::string> StringOf(const Value& value, bool pretty, size_t max_bytes);

// For the text of an error: JSON, cut short.
std::string ValueText(const Value& value);

// One JSON string with its quotes.
void AppendQuoted(std::string& out, std::string_view text);

}  // namespace penstock::jsonata
