// The screener table: the last bar of every symbol, with what SQL says of its past and what the company is
// worth. One Parquet file, {prefix}clean/screener/screener.parquet (US-5).
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "base/status.h"
#include "lake/table_spec.h"
#include "pipeline/pipeline.h"

namespace penstock::pipeline {

struct ScreenerParts {
  std::shared_ptr<arrow::RecordBatch> latest;  // of `bars`: one row a symbol
  std::shared_ptr<arrow::Table> statistics;    // by symbol: high_52w, close_1d …; may be nullptr
  std::shared_ptr<arrow::Table> fundamentals;  // by symbol: name, market_cap …; may be nullptr
};

// Key: symbol. Prices in `currency`; change_…_percent against the close 1, 21 and 251 sessions before; ratios
// as the provider has them; `delisted` where the symbol file says so.
lake::TableSpec ScreenerTable();

// A row a symbol of `latest`, ascending. What a part does not have is null. InvalidData: a part without
// symbol, or with a column of a type that is none of a number, a text, a truth value or a day.
Result<std::shared_ptr<arrow::RecordBatch>> MakeScreener(const Pipeline& pipeline,
                                                         const ScreenerParts& parts);

// CSV with a header, as a SQL engine writes a result; types by what the cells hold. InvalidData.
Result<std::shared_ptr<arrow::Table>> ParseResultCsv(std::string_view text);

}  // namespace penstock::pipeline
