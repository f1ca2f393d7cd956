#include "lake/series_file_history.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "lake/series_table.h"

namespace penstock::lake {

Result<std::vector<double>> SeriesFileHistory::Before(std::string_view series, Date date,
                                                      std::string_view column, int count) {
  ASSIGN_OR_RETURN(const auto rows, table_.ReadSeries(series, std::nullopt, date - std::chrono::days(1)));
  const auto cells = rows->GetColumnByName(std::string(column));
  if (cells == nullptr) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("no column {} to look back at", column));
  }
  const auto value = [&](int64_t row) -> double {
    if (cells->type_id() == arrow::Type::INT64) {
      return static_cast<double>(static_cast<const arrow::Int64Array&>(*cells).Value(row));
    }
    return static_cast<const arrow::DoubleArray&>(*cells).Value(row);
  };
  if (cells->type_id() != arrow::Type::INT64 && cells->type_id() != arrow::Type::DOUBLE) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("the column {} holds no numbers", column));
  }
  std::vector<double> out;
  for (int64_t row = rows->num_rows() - 1; row >= 0 && out.size() < static_cast<size_t>(count); --row) {
    if (!cells->IsNull(row)) out.push_back(value(row));
  }
  return out;
}

}  // namespace penstock::lake
