// The list of symbols of a pipeline: a CSV file with a header; lines that begin with '#' are comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::source {

// The column `column` of `text`, in the order of the file, spaces around a value removed. Cells may be quoted
// (RFC 4180 section 2, but without line breaks inside). Configuration names `file` and the line: no header,
// no such column, another number of cells than the header has, an empty or odd symbol, the same symbol twice,
// none at all.
Result<std::vector<std::string>> ParseSymbols(std::string_view text, std::string_view column,
                                              std::string_view file);

// The same of a file. Configuration: it cannot be read.
Result<std::vector<std::string>> ReadSymbols(const std::string& file, std::string_view column = "symbol");

}  // namespace penstock::source
