// Where the files of a table of series lie: {prefix}clean/TABLE/SYMBOL.parquet, the rows that did not pass at
// {prefix}rejected/TABLE/SYMBOL.parquet, the index of last rows at {prefix}index/TABLE.tails. SYMBOL as
// lake/symbol_key.h encodes it.
#pragma once

#include <string>
#include <string_view>

#include "lake/symbol_key.h"
#include "lake/table_spec.h"

namespace penstock::lake {

struct SeriesLayout : TableLayout {
  static constexpr std::string_view kExtension = ".parquet";

  std::string SeriesKey(std::string_view symbol) const {
    return CleanPrefix() + EncodeSymbol(symbol) + std::string(kExtension);
  }
  std::string RejectedSeriesKey(std::string_view symbol) const {
    return RejectedPrefix() + EncodeSymbol(symbol) + std::string(kExtension);
  }
  std::string IndexKey() const { return prefix + "index/" + table + ".tails"; }
  // The symbol of a key below `below` (CleanPrefix() or RejectedPrefix()); InvalidData: not a file of the
  // table.
  static Result<std::string> SymbolOfKey(std::string_view below, std::string_view key) {
    if (key.starts_with(below) && key.ends_with(kExtension) &&
        key.size() > below.size() + kExtension.size()) {
      key.remove_prefix(below.size());
      return DecodeSymbol(key.substr(0, key.size() - kExtension.size()));
    }
    return MakeError(ErrorCode::kInvalidData, "not a file of a series: " + std::string(key));
  }
};

}  // namespace penstock::lake
