#include "lake/partitioned_table.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/parallel.h"

namespace penstock::lake {
namespace {

constexpr int kMaxMerges = 64;

int64_t DayOfVersion(const CellColumn& version, const arrow::DataType& type, int64_t row) {
  if (type.id() != arrow::Type::TIMESTAMP || version.IsNull(row)) return 0;
  int64_t a_day = 86'400;
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND: break;
    case arrow::TimeUnit::MILLI: a_day *= 1'000; break;
    case arrow::TimeUnit::MICRO: a_day *= 1'000'000; break;
    case arrow::TimeUnit::NANO: a_day *= 1'000'000'000; break;
  }
  const int64_t value = version.Values<int64_t>()[row];
  return value / a_day - (value % a_day < 0 ? 1 : 0);
}

}  // namespace

struct PartitionedTable::Day {
  Date dt;
  std::vector<RowRef> accepted;
  std::vector<RowRef> rejected;
};

struct PartitionedTable::Outcome {
  bool has_clean = false;
  bool has_rejected = false;
  size_t written = 0;
  size_t removed = 0;
  size_t conflicts = 0;
  int64_t bytes = 0;
};

Result<std::unique_ptr<PartitionedTable>> PartitionedTable::Make(store::ObjectStore& store,
                                                                 TableFormat& format, TableSpec spec,
                                                                 std::string prefix) {
  RETURN_IF_ERROR(CheckSpec(spec));
  if (spec.version_column.empty()) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("table {} has no version column", spec.name));
  }
  return std::unique_ptr<PartitionedTable>(
      new PartitionedTable(store, format, std::move(spec), std::move(prefix)));
}

PartitionedTable::PartitionedTable(store::ObjectStore& store, TableFormat& format, TableSpec spec,
                                   std::string prefix)
    : store_(store),
      format_(format),
      spec_(std::move(spec)),
      layout_{spec_.name, std::move(prefix)},
      rejected_schema_(RejectedSchema(spec_)),
      merge_(spec_),
      clean_encoder_(spec_.schema, TableFileOptions(spec_)),
      rejected_encoder_(rejected_schema_, TableFileOptions(spec_)) {}

Result<PartitionedTable::Outcome> PartitionedTable::MergeDay(const Day& day,
                                                             const std::string& transaction) const {
  const std::string clean_key = layout_.CleanKey(day.dt);
  const std::string rejected_key = layout_.RejectedKey(day.dt);
  const std::string rule_version = std::to_string(spec_.rule_version);
  Outcome outcome;
  for (int attempt = 0; attempt < kMaxMerges; ++attempt) {
    ASSIGN_OR_RETURN(const auto clean, Read(clean_key, spec_.schema));
    ASSIGN_OR_RETURN(const auto rejected, Read(rejected_key, rejected_schema_));
    const auto merged = merge_.Merge(day.accepted, day.rejected, clean.rows.get(), rejected.rows.get());
    outcome.has_clean = !merged.clean.empty();
    outcome.has_rejected = !merged.rejected.empty();

    std::vector<FileChange> changes;
    const auto add = [&](const std::string& key, const StoredPartition& stored,
                         const std::vector<RowRef>& rows, const std::shared_ptr<arrow::Schema>& schema,
                         const ParquetEncoder& encoder) -> Status {
      const bool exists = stored.etag.has_value();
      if (rows.empty()) {
        if (exists) changes.push_back({key, std::nullopt, stored.etag});
        return Status::OK();
      }
      if (exists && stored.rule_version == rule_version &&
          PartitionMerge::SameRows(rows, stored.rows.get())) {
        return Status::OK();
      }
      ASSIGN_OR_RETURN(const auto batch, GatherRows(schema, rows));
      ASSIGN_OR_RETURN(auto bytes, encoder.Encode(*batch));
      changes.push_back({key, std::move(bytes), stored.etag});
      return Status::OK();
    };
    RETURN_IF_ERROR(add(clean_key, clean, merged.clean, spec_.schema, clean_encoder_));
    RETURN_IF_ERROR(add(rejected_key, rejected, merged.rejected, rejected_schema_, rejected_encoder_));
    if (changes.empty()) return outcome;

    const auto committed = format_.Commit(changes, transaction);
    if (!committed.ok()) {
      if (CodeOf(committed.status()) != ErrorCode::kPreconditionFailed) return committed.status();
      ++outcome.conflicts;
      continue;
    }
    for (const auto& change : changes) {
      ++(change.bytes.has_value() ? outcome.written : outcome.removed);
      if (change.bytes.has_value()) outcome.bytes += static_cast<int64_t>(change.bytes->size());
    }
    // The pair is not one atomic step. Whoever writes last sees here that the other file is not the one it
    // merged with, and merges again; merging the same rows again is harmless.
    const bool rejected_last = changes.back().key == rejected_key;
    const auto clean_now = changes.front().key == clean_key ? committed->front() : clean.etag;
    ASSIGN_OR_RETURN(const bool unchanged, rejected_last ? IsUnchanged(store_, clean_key, clean_now)
                                                         : IsUnchanged(store_, rejected_key, rejected.etag));
    if (unchanged) return outcome;
    ++outcome.conflicts;
  }
  return MakeError(ErrorCode::kConflict,
                   fmt::format("{}: other processes changed it during each of {} tries to write it",
                               clean_key, kMaxMerges),
                   "run it again when the others are done");
}

Result<UpsertSummary> PartitionedTable::Upsert(const arrow::RecordBatchVector& accepted,
                                               const arrow::RecordBatchVector& rejected,
                                               const UpsertOptions& options) {
  ASSIGN_OR_RETURN(const auto accepted_views, ViewsOf(accepted, *spec_.schema, "accepted"));
  ASSIGN_OR_RETURN(const auto rejected_views, ViewsOf(rejected, *rejected_schema_, "rejected"));
  const int partition = ColumnIndex(*spec_.schema, spec_.partition_column);
  const int version = ColumnIndex(*spec_.schema, spec_.version_column);

  UpsertSummary summary;
  std::map<int32_t, Day> by_date;
  Day* last = nullptr;
  const auto day_of = [&](int32_t days) -> Day& {
    if (last != nullptr && DaysSinceEpoch(last->dt) == days) return *last;
    const auto [at, is_new] = by_date.try_emplace(days);
    if (is_new) at->second.dt = FromDaysSinceEpoch(days);
    return *(last = &at->second);
  };
  for (const auto& view : accepted_views) {
    summary.rows_accepted += view->rows();
    const auto& dates = view->column(partition);
    for (int64_t row = 0; row < view->rows(); ++row) {
      if (dates.IsNull(row)) {
        return MakeError(
            ErrorCode::kInvalidData,
            fmt::format("table {}: an accepted row without {}: {}", spec_.name, spec_.partition_column,
                        DescribeKey({view.get(), row}, KeyIndexes(spec_))));
      }
      day_of(dates.Values<int32_t>()[row]).accepted.push_back({view.get(), row});
    }
  }
  const auto& version_type = *spec_.schema->field(version)->type();
  for (const auto& view : rejected_views) {
    summary.rows_rejected += view->rows();
    const auto& dates = view->column(partition);
    for (int64_t row = 0; row < view->rows(); ++row) {
      const auto days = dates.IsNull(row) ? DayOfVersion(view->column(version), version_type, row)
                                          : dates.Values<int32_t>()[row];
      day_of(static_cast<int32_t>(days)).rejected.push_back({view.get(), row});
    }
  }

  std::vector<const Day*> days;
  for (const auto& [date, day] : by_date) days.push_back(&day);
  std::vector<Outcome> outcomes(days.size());
  std::mutex mutex;
  size_t done = 0;
  const auto work = [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(outcomes[i], MergeDay(*days[i], options.transaction));
    if (options.progress) {
      std::lock_guard lock(mutex);
      options.progress(++done, days.size());
    }
    return Status::OK();
  };
  RETURN_IF_ERROR(ParallelFor(days.size(), options.threads, work, options.stop));

  summary.partitions = days.size();
  for (size_t i = 0; i < days.size(); ++i) {
    const auto& outcome = outcomes[i];
    summary.partitions_changed += outcome.written + outcome.removed > 0;
    summary.files_written += outcome.written;
    summary.files_removed += outcome.removed;
    summary.bytes_written += outcome.bytes;
    summary.conflicts += outcome.conflicts;
    if (outcome.has_clean) summary.outputs.push_back(layout_.CleanKey(days[i]->dt));
    if (outcome.has_rejected) summary.outputs.push_back(layout_.RejectedKey(days[i]->dt));
  }
  std::sort(summary.outputs.begin(), summary.outputs.end());
  return summary;
}

Result<std::vector<Date>> PartitionedTable::Days() const {
  ASSIGN_OR_RETURN(const auto objects, store::ListAll(store_, layout_.CleanPrefix()));
  std::vector<Date> days;
  for (const auto& object : objects) {
    const auto date = PartitionOfKey(object.key);
    if (date.ok() && object.key == layout_.CleanKey(*date)) days.push_back(*date);
  }
  return days;
}

}  // namespace penstock::lake
