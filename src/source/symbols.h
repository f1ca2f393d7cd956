// The list of symbols of a pipeline: a CSV file with a header; lines that begin with '#' are comments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/status.h"

namespace penstock::source {

// A line of the file. What it says beside the symbol stands in columns of these names; each may be left out.
struct SymbolEntry {
  std::string symbol;
  std::optional<Date> delisted;  // `delisted`: the first day without trading, YYYY-MM-DD; empty: still listed
  std::string renamed_to;        // `renamed_to`: the symbol that goes on; empty: none
  std::optional<Date> listed;    // `listed`: the first day with trading; empty: before anything asked for
  std::string name, exchange;    // `name`, `exchange`
  bool etf = false;              // `etf`: true
};

// The column `column` of `text`, in the order of the file, spaces around a value removed. Cells may be quoted
// (RFC 4180 section 2, but without line breaks inside). Configuration names `file` and the line: no header,
// no such column, another number of cells than the header has, an empty or odd symbol, the same symbol twice,
// none at all, a day that is none.
Result<std::vector<SymbolEntry>> ParseSymbolEntries(std::string_view text, std::string_view column,
                                                    std::string_view file);
// The same of a file. Configuration: it cannot be read.
Result<std::vector<SymbolEntry>> ReadSymbolEntries(const std::string& file,
                                                   std::string_view column = "symbol");

// The symbols alone.
Result<std::vector<std::string>> ParseSymbols(std::string_view text, std::string_view column,
                                              std::string_view file);
Result<std::vector<std::string>> ReadSymbols(const std::string& file, std::string_view column = "symbol");

}  // namespace penstock::source
