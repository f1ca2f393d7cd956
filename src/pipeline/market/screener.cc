#include "pipeline/market/screener.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

namespace penstock::pipeline {
namespace {

enum class From { kLatest, kStatistics, kFundamentals, kComputed };

struct Column {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  From from;
  const char* source;  // the column of that part; of a change, the close to compare with
};

const std::vector<Column>& Columns() {
  static const std::vector<Column> kColumns{
      {"symbol", arrow::utf8(), From::kLatest, "symbol"},
      {"name", arrow::utf8(), From::kFundamentals, "name"},
      {"exchange", arrow::utf8(), From::kFundamentals, "exchange"},
      {"sector", arrow::utf8(), From::kFundamentals, "sector"},
      {"industry", arrow::utf8(), From::kFundamentals, "industry"},
      {"country", arrow::utf8(), From::kFundamentals, "country"},
      {"as_of", arrow::date32(), From::kLatest, "date"},
      {"open", arrow::float64(), From::kLatest, "open"},
      {"high", arrow::float64(), From::kLatest, "high"},
      {"low", arrow::float64(), From::kLatest, "low"},
      {"close", arrow::float64(), From::kLatest, "close"},
      {"volume", arrow::int64(), From::kLatest, "volume"},
      {"currency", arrow::utf8(), From::kLatest, "currency"},
      {"change_1d_percent", arrow::float64(), From::kComputed, "close_1d"},
      {"change_1m_percent", arrow::float64(), From::kComputed, "close_1m"},
      {"change_1y_percent", arrow::float64(), From::kComputed, "close_1y"},
      {"high_52w", arrow::float64(), From::kStatistics, "high_52w"},
      {"low_52w", arrow::float64(), From::kStatistics, "low_52w"},
      {"average_50d", arrow::float64(), From::kStatistics, "average_50d"},
      {"volume_20d", arrow::float64(), From::kStatistics, "volume_20d"},
      {"sessions", arrow::int64(), From::kStatistics, "sessions"},
      {"market_cap", arrow::float64(), From::kFundamentals, "market_cap"},
      {"beta", arrow::float64(), From::kFundamentals, "beta"},
      {"pe", arrow::float64(), From::kFundamentals, "pe"},
      {"pb", arrow::float64(), From::kFundamentals, "pb"},
      {"dividend_yield", arrow::float64(), From::kFundamentals, "dividend_yield"},
      {"eps", arrow::float64(), From::kFundamentals, "eps"},
      {"revenue", arrow::float64(), From::kFundamentals, "revenue"},
      {"net_income", arrow::float64(), From::kFundamentals, "net_income"},
      {"roe", arrow::float64(), From::kFundamentals, "roe"},
      {"debt_to_equity", arrow::float64(), From::kFundamentals, "debt_to_equity"},
      {"is_etf", arrow::boolean(), From::kFundamentals, "is_etf"},
      {"ipo_date", arrow::date32(), From::kFundamentals, "ipo_date"},
      {"fundamentals_as_of", arrow::date32(), From::kFundamentals, "as_of"},
      {"delisted", arrow::date32(), From::kComputed, ""},
      {"source", arrow::utf8(), From::kLatest, "source"},
  };
  return kColumns;
}

// The column of a part, for each symbol; nullptr when the part has none of that name.
class Part {
 public:
  static Result<Part> Of(const std::shared_ptr<arrow::Table>& table, const arrow::StringArray& symbols,
                         std::string_view what) {
    Part part;
    if (table == nullptr) return part;
    ASSIGN_OR_RETURN(part.table_, table->CombineChunks());
    const auto names = part.table_->GetColumnByName("symbol");
    if (names == nullptr || names->type()->id() != arrow::Type::STRING) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("the {} have no column symbol", what));
    }
    std::unordered_map<std::string_view, int64_t> rows;
    if (names->num_chunks() > 0) {
      const auto& array = static_cast<const arrow::StringArray&>(*names->chunk(0));
      for (int64_t i = 0; i < array.length(); ++i) {
        if (!array.IsNull(i)) rows.emplace(array.GetView(i), i);
      }
    }
    arrow::Int64Builder builder;
    RETURN_IF_ERROR(builder.Reserve(symbols.length()));
    for (int64_t i = 0; i < symbols.length(); ++i) {
      const auto row = rows.find(symbols.GetView(i));
      if (row == rows.end())
        builder.UnsafeAppendNull();
      else
        builder.UnsafeAppend(row->second);
    }
    ASSIGN_OR_RETURN(part.rows_, builder.Finish());
    return part;
  }

  Result<std::shared_ptr<arrow::Array>> Get(const std::string& name,
                                            const std::shared_ptr<arrow::DataType>& type,
                                            int64_t length) const {
    const auto column = table_ == nullptr ? nullptr : table_->GetColumnByName(name);
    if (column == nullptr || column->num_chunks() == 0) return arrow::MakeArrayOfNull(type, length);
    ASSIGN_OR_RETURN(const auto taken, arrow::compute::Take(column->chunk(0), rows_));
    if (taken.type()->Equals(type)) return taken.make_array();
    auto cast = arrow::compute::Cast(taken, type);
    if (cast.ok()) return cast->make_array();
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("{}: expected {}, got {}: {}", name, type->ToString(),
                                 taken.type()->ToString(), cast.status().message()));
  }

 private:
  std::shared_ptr<arrow::Table> table_;
  std::shared_ptr<arrow::Array> rows_;
};

Result<std::shared_ptr<arrow::Array>> PercentChange(const arrow::Array& now, const arrow::Array& before) {
  arrow::DoubleBuilder builder;
  const auto& value = static_cast<const arrow::DoubleArray&>(now);
  const auto& base = static_cast<const arrow::DoubleArray&>(before);
  for (int64_t i = 0; i < value.length(); ++i) {
    if (value.IsNull(i) || base.IsNull(i) || base.Value(i) <= 0) {
      RETURN_IF_ERROR(builder.AppendNull());
    } else {
      RETURN_IF_ERROR(builder.Append(100.0 * (value.Value(i) / base.Value(i) - 1.0)));
    }
  }
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> DelistedDays(const Pipeline& pipeline,
                                                   const arrow::StringArray& symbols) {
  arrow::Date32Builder builder;
  for (int64_t i = 0; i < symbols.length(); ++i) {
    const auto day = pipeline.DelistedOn(symbols.GetView(i));
    RETURN_IF_ERROR(day ? builder.Append(DaysSinceEpoch(*day)) : builder.AppendNull());
  }
  return builder.Finish();
}

// In the order of the symbols.
Result<std::shared_ptr<arrow::RecordBatch>> Sorted(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const auto column = rows->GetColumnByName("symbol");
  if (column == nullptr || column->type_id() != arrow::Type::STRING) {
    return MakeError(ErrorCode::kInvalidData, "the last bars have no column symbol");
  }
  const auto& symbols = static_cast<const arrow::StringArray&>(*column);
  std::vector<int64_t> order(static_cast<size_t>(rows->num_rows()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return symbols.GetView(a) < symbols.GetView(b); });
  arrow::Int64Builder builder;
  RETURN_IF_ERROR(builder.AppendValues(order));
  ASSIGN_OR_RETURN(const auto indexes, builder.Finish());
  ASSIGN_OR_RETURN(const auto taken, arrow::compute::Take(rows, indexes));
  return taken.record_batch();
}

}  // namespace

lake::TableSpec ScreenerTable() {
  lake::TableSpec spec;
  spec.name = "screener";
  arrow::FieldVector fields;
  for (const auto& column : Columns()) {
    fields.push_back(arrow::field(column.name, column.type, std::string_view(column.name) != "symbol"));
  }
  spec.schema = arrow::schema(std::move(fields));
  spec.key_columns = {"symbol"};
  spec.partition_column = "as_of";
  return spec;
}

Result<std::shared_ptr<arrow::RecordBatch>> MakeScreener(const Pipeline& pipeline,
                                                         const ScreenerParts& parts) {
  ASSIGN_OR_RETURN(const auto latest, Sorted(parts.latest));
  const int64_t count = latest->num_rows();
  const auto& symbols = static_cast<const arrow::StringArray&>(*latest->GetColumnByName("symbol"));
  ASSIGN_OR_RETURN(const Part statistics, Part::Of(parts.statistics, symbols, "statistics"));
  ASSIGN_OR_RETURN(const Part fundamentals, Part::Of(parts.fundamentals, symbols, "fundamentals"));
  arrow::ArrayVector arrays;
  for (const auto& column : Columns()) {
    std::shared_ptr<arrow::Array> array;
    switch (column.from) {
      case From::kLatest: array = latest->GetColumnByName(column.source); break;
      case From::kStatistics: {
        ASSIGN_OR_RETURN(array, statistics.Get(column.source, column.type, count));
        break;
      }
      case From::kFundamentals: {
        ASSIGN_OR_RETURN(array, fundamentals.Get(column.source, column.type, count));
        break;
      }
      case From::kComputed: {
        if (*column.source == '\0') {
          ASSIGN_OR_RETURN(array, DelistedDays(pipeline, symbols));
          break;
        }
        ASSIGN_OR_RETURN(const auto before, statistics.Get(column.source, arrow::float64(), count));
        ASSIGN_OR_RETURN(array, PercentChange(*latest->GetColumnByName("close"), *before));
        break;
      }
    }
    if (array == nullptr || !array->type()->Equals(column.type)) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("the last bars have no {} of type {}",
                                                            column.source, column.type->ToString()));
    }
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(ScreenerTable().schema, count, std::move(arrays));
}

Result<std::shared_ptr<arrow::Table>> ParseResultCsv(std::string_view text) {
  const auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::string(text)));
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.column_types["symbol"] = arrow::utf8();  // TRUE and NAN are tickers
  convert.strings_can_be_null = false;
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  const auto reader = arrow::csv::TableReader::Make(arrow::io::default_io_context(), input, read,
                                                    arrow::csv::ParseOptions::Defaults(), convert);
  const auto table =
      reader.ok() ? (*reader)->Read() : arrow::Result<std::shared_ptr<arrow::Table>>(reader.status());
  if (table.ok()) return *table;
  return MakeError(ErrorCode::kInvalidData, "not the CSV of a query's result: " + table.status().message());
}

}  // namespace penstock::pipeline
