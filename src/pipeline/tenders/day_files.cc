#include "pipeline/tenders/day_files.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "lake/columns.h"

namespace penstock::pipeline {
namespace {

using lake::BatchView;
using lake::RowRef;

// Where a table has them.
struct KeyColumns {
  int day, id, version;
};

KeyColumns KeyColumnsOf(const arrow::Schema& schema) {
  return {schema.GetFieldIndex(kPublishedColumn), schema.GetFieldIndex(kNoticeIdColumn),
          schema.GetFieldIndex(kVersionColumn)};
}

Date DayOf(const RowRef& row, int column) {
  const auto& cells = row.batch->column(column);
  // A notice that was not published yet has no day: 1970-01-01, as what is rejected without one.
  return cells.IsNull(row.row) ? Date{} : FromDaysSinceEpoch(static_cast<int32_t>(cells.Integer(row.row)));
}

// Rows of one table, in order, that somebody keeps alive.
struct SortedRows {
  std::vector<std::shared_ptr<const BatchView>> views;
  std::vector<RowRef> rows;
};

Result<SortedRows> SortRows(const std::vector<TenderTables>& tables, size_t which, const KeyColumns& key) {
  SortedRows out;
  for (const auto& each : tables) {
    const auto& table = each[which];
    if (table->num_rows() == 0) continue;
    ASSIGN_OR_RETURN(auto batch, table->CombineChunksToBatch());
    ASSIGN_OR_RETURN(auto view, BatchView::Make(std::move(batch)));
    for (int64_t row = 0; row < view->rows(); ++row) out.rows.push_back({view.get(), row});
    out.views.push_back(std::move(view));
  }
  std::stable_sort(out.rows.begin(), out.rows.end(), [&key](const RowRef& a, const RowRef& b) {
    for (const int column : {key.day, key.id, key.version}) {
      const int order = lake::CompareCells(a.batch->column(column), a.row, b.batch->column(column), b.row);
      if (order != 0) return order < 0;
    }
    return false;
  });
  return out;
}

}  // namespace

Result<DayFiles> DayFiles::Make(store::ObjectStore& store, TenderLayout layout, std::string archive_name,
                                const TenderSchemas& schemas, int threads) {
  RETURN_IF_ERROR(CheckTenderSchemas(schemas));
  return DayFiles(store, std::move(layout), std::move(archive_name), schemas, threads);
}

DayFiles::DayFiles(store::ObjectStore& store, TenderLayout layout, std::string archive_name,
                   const TenderSchemas& schemas, int threads)
    : store_(store),
      layout_(std::move(layout)),
      archive_name_(std::move(archive_name)),
      schemas_(schemas),
      threads_(threads) {
  lake::ParquetOptions options;
  options.sorted_by = {kPublishedColumn, kNoticeIdColumn, kVersionColumn};
  for (size_t which = 0; which < schemas_.size(); ++which) {
    encoders_[which] = std::make_shared<lake::ParquetEncoder>(schemas_[which], options);
  }
}

Status DayFiles::Write(const std::vector<TenderTables>& tables) {
  std::array<SortedRows, 3> sorted;
  std::array<KeyColumns, 3> keys;
  RETURN_IF_ERROR(ParallelFor(sorted.size(), threads_, [&](size_t which) -> Status {
    keys[which] = KeyColumnsOf(*schemas_[which]);
    ASSIGN_OR_RETURN(sorted[which], SortRows(tables, which, keys[which]));
    return Status::OK();
  }));

  struct File {
    size_t which;
    Date day;
    std::span<const RowRef> rows;
  };
  std::vector<File> files;
  std::set<Date> days;
  for (size_t which = 0; which < sorted.size(); ++which) {
    const auto& rows = sorted[which].rows;
    rows_[which] += static_cast<int64_t>(rows.size());
    for (auto first = rows.begin(); first != rows.end();) {
      const Date day = DayOf(*first, keys[which].day);
      const auto last = std::find_if(first, rows.end(),
                                     [&](const RowRef& row) { return DayOf(row, keys[which].day) != day; });
      files.push_back({which, day, {first, last}});
      days.insert(day);
      first = last;
    }
  }
  // The largest ones first, so that no thread is left with one at the end.
  std::stable_sort(files.begin(), files.end(),
                   [](const File& a, const File& b) { return a.rows.size() > b.rows.size(); });
  for (const Date day : days) ++parts_[day];
  std::mutex mutex;
  // More than the processors: a put waits for the disk.
  RETURN_IF_ERROR(ParallelFor(files.size(), 4 * threads_, [&](size_t i) -> Status {
    const File& file = files[i];
    ASSIGN_OR_RETURN(const auto batch, lake::GatherRows(schemas_[file.which], file.rows));
    ASSIGN_OR_RETURN(const std::string bytes,
                     encoders_[file.which]->Encode(*batch->ReplaceSchemaMetadata(nullptr)));
    const std::string key =
        layout_.CleanKey(kTenderTables[file.which], file.day, archive_name_, parts_.at(file.day));
    RETURN_IF_ERROR(store_.Put(key, bytes).status());
    const std::lock_guard lock(mutex);
    outputs_.insert(key);
    return Status::OK();
  }));
  days_.insert(days.begin(), days.end());
  return Status::OK();
}

}  // namespace penstock::pipeline
