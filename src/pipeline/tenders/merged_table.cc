#include "pipeline/tenders/merged_table.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <span>

#include "base/parallel.h"
#include "lake/parquet_stream.h"
#include "pipeline/tenders/tender_tables.h"

namespace penstock::pipeline {
namespace {

using lake::BatchView;
using lake::RowRef;

// Large enough for a scan, small enough that a few are held at once.
constexpr int64_t kRowsAGroup = 64 * 1024;
// Of footers; each waits for the store most of its time.
constexpr int kGetsAtOnce = 8;

struct DayFile {
  std::string key;
  std::shared_ptr<arrow::RecordBatch> rows;
};
using Day = std::vector<DayFile>;

Result<Day> ReadDay(store::ObjectStore& store, std::span<const std::string> keys) {
  Day day;
  for (const auto& key : keys) {
    ASSIGN_OR_RETURN(auto object, store.Get(key));
    ASSIGN_OR_RETURN(auto rows, lake::ReadParquetBatch(std::move(object.bytes), key));
    day.push_back({key, std::move(rows)});
  }
  return day;
}

// The columns of the field map, then those of files by another one.
Result<std::shared_ptr<arrow::Schema>> UnitedSchema(store::ObjectStore& store, const arrow::Schema& first,
                                                    const std::vector<std::string>& keys) {
  arrow::FieldVector fields;
  std::map<std::string, size_t> known;
  const auto unite = [&](const arrow::Schema& schema, std::string_view whose) -> Status {
    for (const auto& field : schema.fields()) {
      const auto [at, is_new] = known.try_emplace(field->name(), fields.size());
      if (is_new) {
        fields.push_back(field->WithNullable(true));
      } else if (!fields[at->second]->type()->Equals(field->type())) {
        return MakeError(ErrorCode::kConfiguration,
                         fmt::format("{}: the column {} is {}, elsewhere {}", whose, field->name(),
                                     field->type()->ToString(), fields[at->second]->type()->ToString()),
                         "extract all archives of the year with the field map of now");
      }
    }
    return Status::OK();
  };
  RETURN_IF_ERROR(unite(first, "the field map"));
  std::vector<std::shared_ptr<arrow::Schema>> schemas(keys.size());
  RETURN_IF_ERROR(ParallelFor(keys.size(), kGetsAtOnce, [&](size_t i) -> Status {
    ASSIGN_OR_RETURN(schemas[i], lake::ReadParquetSchema(store, keys[i]));
    return Status::OK();
  }));
  for (size_t i = 0; i < keys.size(); ++i) RETURN_IF_ERROR(unite(*schemas[i], keys[i]));
  return arrow::schema(fields);
}

// The same rows with all columns.
Result<std::shared_ptr<arrow::RecordBatch>> Widen(const arrow::RecordBatch& rows,
                                                  const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    auto column = rows.GetColumnByName(field->name());
    if (column == nullptr) {
      ASSIGN_OR_RETURN(column, arrow::MakeArrayOfNull(field->type(), rows.num_rows()));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, rows.num_rows(), std::move(columns));
}

// One table being written.
class Merging {
 public:
  Merging(const NoticeVersions& versions, const std::map<std::string, size_t, std::less<>>& notice_files,
          size_t which, std::shared_ptr<arrow::Schema> schema)
      : versions_(versions), notice_files_(notice_files), which_(which), schema_(std::move(schema)) {
    for (const char* column : {kNoticeIdColumn, kVersionColumn})
      order_.push_back(schema_->GetFieldIndex(column));
    if (which_ != 0) place_ = schema_->GetFieldIndex(kPlaceColumns[which_]);
  }

  // The rows of a day that stay, in order; null: none.
  Result<std::shared_ptr<arrow::RecordBatch>> Merge(const Day& day) const {
    std::vector<std::shared_ptr<const BatchView>> views;
    std::vector<RowRef> rows;
    int64_t given = 0;
    for (const DayFile& file : day) {
      ASSIGN_OR_RETURN(auto wide, Widen(*file.rows, schema_));
      ASSIGN_OR_RETURN(auto view, BatchView::Make(std::move(wide)));
      given += view->rows();
      const auto at = notice_files_.find(WithinTable(file.key));
      if (at == notice_files_.end())
        continue;  // of an extraction that was stopped half-way: it has no notices yet
      Choose(*view, at->second, rows);
      views.push_back(std::move(view));
    }
    if (rows.empty()) return nullptr;
    if (day.size() == 1 && static_cast<int64_t>(rows.size()) == given)
      return Widen(*day.front().rows, schema_);
    const auto less = [this](const RowRef& a, const RowRef& b) {
      for (const int column : order_) {
        const int order = lake::CompareCells(a.batch->column(column), a.row, b.batch->column(column), b.row);
        if (order != 0) return order < 0;
      }
      return false;
    };
    if (day.size() > 1) std::stable_sort(rows.begin(), rows.end(), less);
    return lake::GatherRows(schema_, rows);
  }

 private:
  // Appends the rows of a file that hold.
  void Choose(const BatchView& view, size_t file, std::vector<RowRef>& rows) const {
    const bool all = versions_.AllHold(file);
    const size_t before = rows.size();
    for (int64_t row = 0; row < view.rows(); ++row) {
      const bool holds =
          all || (which_ == 0 ? versions_.Holds(file, row)
                              : versions_.Holds(file, view.column(order_[0]), view.column(order_[1]), row));
      if (holds) rows.push_back({&view, row});
    }
    if (!all && which_ != 0) KeepLastOfEach(rows, before);
  }

  // An archive may have a notice twice: its lots then stand behind each other, each time from the first one
  // on.
  void KeepLastOfEach(std::vector<RowRef>& rows, size_t from) const {
    size_t kept = from, notice = from;
    for (size_t i = from; i < rows.size(); ++i) {
      const auto& id = rows[i].batch->column(order_[0]);
      const bool another = kept == notice || id.Bytes(rows[i].row) != id.Bytes(rows[notice].row);
      if (another) {
        notice = kept;
      } else if (rows[i].batch->column(place_).Integer(rows[i].row) == 1) {
        kept = notice;
      }
      rows[kept++] = rows[i];
    }
    rows.resize(kept);
  }

  const NoticeVersions& versions_;
  const std::map<std::string, size_t, std::less<>>& notice_files_;
  const size_t which_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> order_;
  int place_ = 0;
};

}  // namespace

std::string_view WithinTable(std::string_view key) {
  const size_t at = key.rfind("/dt=");
  return at == std::string_view::npos ? key : key.substr(at + 1);
}

Result<MergedTable> MergeTable(store::ObjectStore& store, const std::shared_ptr<arrow::Schema>& schema,
                               const std::vector<std::string>& keys, const NoticeVersions& versions,
                               const std::map<std::string, size_t, std::less<>>& notice_files, size_t which,
                               const std::function<Status(std::string_view)>& sink, std::stop_token stop) {
  MergedTable out;
  ASSIGN_OR_RETURN(out.schema, UnitedSchema(store, *schema, keys));
  lake::ParquetOptions options;
  options.sorted_by = {kPublishedColumn, kNoticeIdColumn, kVersionColumn};
  options.rows_a_group = kRowsAGroup;
  ASSIGN_OR_RETURN(const auto writer, lake::ParquetStreamWriter::Open(out.schema, options, sink));
  const Merging merging(versions, notice_files, which, out.schema);

  std::vector<std::span<const std::string>> days;
  for (auto first = keys.begin(); first != keys.end();) {
    const auto day_of = [](std::string_view key) {
      return WithinTable(key).substr(0, WithinTable(key).find('/'));
    };
    const auto last =
        std::find_if(first, keys.end(), [&](const auto& key) { return day_of(key) != day_of(*first); });
    days.emplace_back(first, last);
    first = last;
  }
  // The next day is read while this one is written.
  std::future<Result<Day>> next;
  const auto fetch = [&](size_t i) {
    return std::async(std::launch::async, [&store, keys = days[i]] { return ReadDay(store, keys); });
  };
  if (!days.empty()) next = fetch(0);
  for (size_t i = 0; i < days.size(); ++i) {
    if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped on request");
    ASSIGN_OR_RETURN(const Day day, next.get());
    if (i + 1 < days.size()) next = fetch(i + 1);
    ASSIGN_OR_RETURN(const auto rows, merging.Merge(day));
    if (rows == nullptr) continue;
    RETURN_IF_ERROR(writer->Write(*rows));
    out.rows += rows->num_rows();
  }
  RETURN_IF_ERROR(writer->Close());
  return out;
}

}  // namespace penstock::pipeline
