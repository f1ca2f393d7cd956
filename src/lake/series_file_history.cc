#include "lake/series_file_history.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <span>

#include "lake/latest_rows.h"
#include "lake/series_table.h"

namespace penstock::lake {

// At least the last `count` rows before the day, as far as there are; nullptr: none.
Result<std::shared_ptr<arrow::RecordBatch>> SeriesFileHistory::RowsBefore(std::string_view series, Date date,
                                                                          int count) const {
  if (count == 1) {
    // Mostly the last row is the one: it stands at the end of the file.
    const auto file = table_.store().Head(table_.layout().SeriesKey(series));
    if (CodeOf(file.status()) == ErrorCode::kNotFound) return std::shared_ptr<arrow::RecordBatch>();
    RETURN_IF_ERROR(file.status());
    LatestOptions options;
    options.threads = 1;
    ASSIGN_OR_RETURN(const auto latest, ReadTails(table_, std::span(&*file, 1), options));
    const auto dates = latest.rows->GetColumnByName(table_.spec().partition_column);
    if (latest.rows->num_rows() == 1 && dates != nullptr && dates->type_id() == arrow::Type::DATE32 &&
        static_cast<const arrow::Date32Array&>(*dates).Value(0) < DaysSinceEpoch(date)) {
      return latest.rows;
    }
  }
  return table_.ReadSeries(series, std::nullopt, date - std::chrono::days(1));
}

Result<std::vector<double>> SeriesFileHistory::Before(std::string_view series, Date date,
                                                      std::string_view column, int count) {
  ASSIGN_OR_RETURN(const auto rows, RowsBefore(series, date, count));
  if (rows == nullptr) return std::vector<double>();
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
