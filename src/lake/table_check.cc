#include "lake/table_check.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "lake/partitioned_table.h"
#include "lake/series_table.h"

namespace penstock::lake {
namespace {

TimePoint TimeOf(const arrow::DataType& type, int64_t value) {
  using namespace std::chrono;
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND: return TimePoint(seconds(value));
    case arrow::TimeUnit::MILLI: return TimePoint(milliseconds(value));
    case arrow::TimeUnit::MICRO: return TimePoint(microseconds(value));
    default: return TimePoint(duration_cast<microseconds>(nanoseconds(value)));
  }
}

// How the files of a table are told apart and read.
struct Reading {
  std::string expected;   // of a key, for messages
  std::string misplaced;  // of a row, for messages
  // Nothing: not a file of the table.
  std::function<Result<std::optional<StoredFile>>(const std::string& key, bool clean)> read;
  std::function<bool(const std::string& key, const BatchView& rows, int64_t row, bool clean)> belongs;
};

// What is wrong with the rows of a file, the first row of each kind of problem.
void CheckRows(const TableSpec& spec, const Reading& reading, const BatchView& rows, bool clean,
               const std::string& key, TableReport& report) {
  const auto keys = KeyIndexes(spec);
  bool order_told = false;
  bool place_told = false;
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (!place_told && !reading.belongs(key, rows, row, clean)) {
      report.problems.push_back(
          {key, fmt::format("row {} {}: {}", row, reading.misplaced, DescribeKey({&rows, row}, keys))});
      place_told = true;
    }
    if (row == 0 || order_told) continue;
    int order = 0;
    for (const int column : keys) {
      order = CompareCells(rows.column(column), row - 1, rows.column(column), row);
      if (order != 0) break;
    }
    if (order > 0 || (order == 0 && clean)) {
      report.problems.push_back(
          {key,
           fmt::format("row {} {}: {}", row, order > 0 ? "is out of order" : "has the key of the one before",
                       DescribeKey({&rows, row}, keys))});
      order_told = true;
    }
  }
}

void CountRows(const TableSpec& spec, const BatchView& rows, TableReport& report) {
  const auto& dates = rows.column(ColumnIndex(*spec.schema, spec.partition_column));
  const int version = ColumnIndex(*spec.schema, spec.version_column);
  const bool timed = version >= 0 && spec.schema->field(version)->type()->id() == arrow::Type::TIMESTAMP;
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (!dates.IsNull(row)) {
      const Date date = FromDaysSinceEpoch(dates.Values<int32_t>()[row]);
      report.first = std::min(report.first.value_or(date), date);
      report.last = std::max(report.last.value_or(date), date);
    }
    if (!timed || rows.column(version).IsNull(row)) continue;
    const auto time =
        TimeOf(*spec.schema->field(version)->type(), rows.column(version).Values<int64_t>()[row]);
    report.newest = std::max(report.newest.value_or(time), time);
  }
}

Result<TableReport> CheckFiles(store::ObjectStore& store, const TableSpec& spec, const TableLayout& layout,
                               const Reading& reading, const TableCheckOptions& options) {
  ASSIGN_OR_RETURN(const auto clean, store::ListAll(store, layout.CleanPrefix()));
  ASSIGN_OR_RETURN(const auto rejected, store::ListAll(store, layout.RejectedPrefix()));
  TableReport report;
  std::mutex mutex;
  size_t done = 0;
  const auto check = [&](size_t i) -> Status {
    const bool is_clean = i < clean.size();
    const auto& object = is_clean ? clean[i] : rejected[i - clean.size()];
    const auto stored = reading.read(object.key, is_clean);
    if (!stored.ok() && CodeOf(stored.status()) != ErrorCode::kCorrupt) return stored.status();

    std::lock_guard lock(mutex);
    if (!stored.ok()) {
      report.problems.push_back({object.key, stored.status().message()});
    } else if (!stored->has_value()) {
      report.problems.push_back(
          {object.key, "a file that the table does not know: expected " + reading.expected});
    } else if ((*stored)->rows != nullptr) {
      const auto& rows = *(*stored)->rows;
      CheckRows(spec, reading, rows, is_clean, object.key, report);
      (is_clean ? report.rows : report.rejected_rows) += rows.rows();
      if (is_clean) CountRows(spec, rows, report);
    }
    ++(is_clean ? report.files : report.rejected_files);
    report.bytes += object.size;
    if (options.progress) options.progress(++done, clean.size() + rejected.size());
    return Status::OK();
  };
  RETURN_IF_ERROR(ParallelFor(clean.size() + rejected.size(), options.threads, check, options.stop));
  std::sort(report.problems.begin(), report.problems.end(),
            [](const auto& a, const auto& b) { return std::tie(a.key, a.what) < std::tie(b.key, b.what); });
  return report;
}

}  // namespace

Result<TableReport> CheckTable(store::ObjectStore& store, const TableSpec& spec, const std::string& prefix,
                               const TableCheckOptions& options) {
  HiveTableFormat format(store);
  ASSIGN_OR_RETURN(const auto table, PartitionedTable::Make(store, format, spec, prefix));
  const auto& layout = table->layout();
  const int partition = ColumnIndex(*spec.schema, spec.partition_column);
  Reading reading{"dt=YYYY-MM-DD/" + spec.name + ".parquet", "is of another day", {}, {}};
  reading.read = [&](const std::string& key, bool clean) -> Result<std::optional<StoredFile>> {
    const auto dt = PartitionOfKey(key);
    if (!dt.ok() || key != (clean ? layout.CleanKey(*dt) : layout.RejectedKey(*dt))) return std::nullopt;
    return clean ? table->ReadClean(*dt) : table->ReadRejected(*dt);
  };
  reading.belongs = [&](const std::string& key, const BatchView& rows, int64_t row, bool clean) {
    const auto& dates = rows.column(partition);
    if (dates.IsNull(row)) return !clean;
    const auto dt = PartitionOfKey(key);
    return dt.ok() && dates.Values<int32_t>()[row] == DaysSinceEpoch(*dt);
  };
  return CheckFiles(store, spec, layout, reading, options);
}

Result<TableReport> CheckSeriesTable(store::ObjectStore& store, const TableSpec& spec,
                                     const std::string& prefix, const TableCheckOptions& options) {
  HiveTableFormat format(store);
  ASSIGN_OR_RETURN(const auto table, SeriesTable::Make(store, format, spec, prefix));
  const auto& layout = table->layout();
  const auto keys = KeyIndexes(spec);
  const auto symbol_of = [&](const std::string& key, bool clean) {
    return SeriesLayout::SymbolOfKey(clean ? layout.CleanPrefix() : layout.RejectedPrefix(), key);
  };
  Reading reading{"SYMBOL.parquet", "is of another series or has no date", {}, {}};
  reading.read = [&](const std::string& key, bool clean) -> Result<std::optional<StoredFile>> {
    const auto symbol = symbol_of(key, clean);
    if (!symbol.ok()) return std::nullopt;
    return clean ? table->ReadClean(*symbol) : table->ReadRejected(*symbol);
  };
  // That clean rows are of their series is what ReadClean sees to.
  reading.belongs = [&](const std::string&, const BatchView& rows, int64_t row, bool clean) {
    return !clean || !rows.column(keys[1]).IsNull(row);
  };
  return CheckFiles(store, spec, layout, reading, options);
}

}  // namespace penstock::lake
