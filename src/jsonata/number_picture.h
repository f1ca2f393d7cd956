// $formatNumber: numbers by a picture ("#,##0.00", "0.0e0", "01%;(01%)").
// Source: XPath and XQuery Functions and Operators 3.1, fn:format-number; docs.jsonata.org.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::jsonata {

// `options` (nullptr: none) replaces signs of the decimal format by name: "decimal-separator", "zero-digit",
// ... Ties are rounded to the even digit. Faults: D3080 to D3093, one for each rule that a picture can break;
// of several, the one with the highest number.
Result<std::string> FormatNumber(double value, std::string_view picture, const json::object* options);

}  // namespace penstock::jsonata
