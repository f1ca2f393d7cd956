#include "lake/table_check.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "lake/partitioned_table.h"

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

// What is wrong with the rows of a file, the first row of each kind of problem.
void CheckRows(const TableSpec& spec, const BatchView& rows, Date dt, bool clean, const std::string& key,
               TableReport& report) {
  const auto keys = KeyIndexes(spec);
  const auto& dates = rows.column(ColumnIndex(*spec.schema, spec.partition_column));
  bool order_told = false;
  bool date_told = false;
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (!date_told && !(dates.IsNull(row) && !clean) &&
        (dates.IsNull(row) || dates.Values<int32_t>()[row] != DaysSinceEpoch(dt))) {
      report.problems.push_back(
          {key, fmt::format("row {} is of another day: {}", row, DescribeKey({&rows, row}, keys))});
      date_told = true;
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

}  // namespace

Result<TableReport> CheckTable(store::ObjectStore& store, const TableSpec& spec, const std::string& prefix,
                               const TableCheckOptions& options) {
  HiveTableFormat format(store);
  ASSIGN_OR_RETURN(const auto table, PartitionedTable::Make(store, format, spec, prefix));
  const auto& layout = table->layout();
  ASSIGN_OR_RETURN(const auto clean, store::ListAll(store, layout.CleanPrefix()));
  ASSIGN_OR_RETURN(const auto rejected, store::ListAll(store, layout.RejectedPrefix()));

  TableReport report;
  std::mutex mutex;
  size_t done = 0;
  const int version = ColumnIndex(*spec.schema, spec.version_column);
  const auto& version_type = *spec.schema->field(version)->type();
  const auto check = [&](size_t i) -> Status {
    const bool is_clean = i < clean.size();
    const auto& object = is_clean ? clean[i] : rejected[i - clean.size()];
    const auto dt = PartitionOfKey(object.key);
    const bool placed = dt.ok() && object.key == (is_clean ? layout.CleanKey(*dt) : layout.RejectedKey(*dt));
    Result<StoredPartition> stored = StoredPartition{};
    if (placed) stored = is_clean ? table->ReadClean(*dt) : table->ReadRejected(*dt);
    if (!stored.ok() && CodeOf(stored.status()) != ErrorCode::kCorrupt) return stored.status();

    std::lock_guard lock(mutex);
    if (!placed) {
      report.problems.push_back({object.key, "a file that the table does not know: expected dt=YYYY-MM-DD/" +
                                                 spec.name + ".parquet"});
    } else if (!stored.ok()) {
      report.problems.push_back({object.key, stored.status().message()});
    } else if (stored->rows != nullptr) {
      const auto& rows = *stored->rows;
      CheckRows(spec, rows, *dt, is_clean, object.key, report);
      (is_clean ? report.rows : report.rejected_rows) += rows.rows();
      if (is_clean) {
        report.first = std::min(report.first.value_or(*dt), *dt);
        report.last = std::max(report.last.value_or(*dt), *dt);
        const auto& versions = rows.column(version);
        for (int64_t row = 0; version_type.id() == arrow::Type::TIMESTAMP && row < rows.rows(); ++row) {
          if (versions.IsNull(row)) continue;
          const auto time = TimeOf(version_type, versions.Values<int64_t>()[row]);
          report.newest = std::max(report.newest.value_or(time), time);
        }
      }
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

}  // namespace penstock::lake
