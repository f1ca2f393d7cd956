#include "pipeline/market/open_table.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lake/partitioned_table.h"
#include "lake/series_file_history.h"
#include "lake/series_history.h"
#include "lake/series_table.h"

namespace penstock::pipeline {
namespace {

// How many days of the lake the rules may want to see.
int SessionsLookedBack(const lake::TableSpec& spec) {
  int64_t most = 10;
  for (const auto& rule : spec.rules) {
    if (const auto* sessions = rule.params.if_contains("sessions");
        sessions != nullptr && sessions->is_int64()) {
      most = std::max(most, sessions->get_int64() + 1);
    }
  }
  return static_cast<int>(std::min<int64_t>(most, 10'000));
}

class TableByDay : public OpenTable {
 public:
  static Result<std::unique_ptr<OpenTable>> Open(const lake::TableSpec& spec, store::ObjectStore& store,
                                                 lake::TableFormat& format, const std::string& prefix) {
    auto out = std::make_unique<TableByDay>();
    ASSIGN_OR_RETURN(out->validator_, lake::Validator::Make(spec));
    ASSIGN_OR_RETURN(out->table_, lake::PartitionedTable::Make(store, format, spec, prefix));
    out->history_ = std::make_unique<lake::LakeHistory>(*out->table_, SessionsLookedBack(spec));
    return out;
  }

  lake::SeriesHistory& history() override { return *history_; }

  void Add(const std::string&, const lake::Validated& verdict) override {
    if (verdict.accepted->num_rows() > 0) accepted_.push_back(verdict.accepted);
    if (verdict.rejected->num_rows() > 0) rejected_.push_back(verdict.rejected);
  }

  Result<MergeSummary> Merge(const MergeOptions& options) override {
    MergeSummary summary;
    if (accepted_.empty() && rejected_.empty()) return summary;
    lake::UpsertOptions upsert;
    upsert.stop = options.stop;
    upsert.transaction = options.transaction;
    upsert.progress = options.progress;
    ASSIGN_OR_RETURN(const auto merged, table_->Upsert(accepted_, rejected_, upsert));
    accepted_.clear();
    rejected_.clear();
    summary.files = static_cast<int64_t>(merged.partitions);
    summary.files_changed = static_cast<int64_t>(merged.partitions_changed);
    summary.outputs.insert(merged.outputs.begin(), merged.outputs.end());
    return summary;
  }

 private:
  std::unique_ptr<lake::PartitionedTable> table_;
  std::unique_ptr<lake::LakeHistory> history_;
  arrow::RecordBatchVector accepted_, rejected_;
};

class TableBySymbol : public OpenTable {
 public:
  static Result<std::unique_ptr<OpenTable>> Open(const lake::TableSpec& spec, store::ObjectStore& store,
                                                 lake::TableFormat& format, const std::string& prefix) {
    auto out = std::make_unique<TableBySymbol>();
    ASSIGN_OR_RETURN(out->validator_, lake::Validator::Make(spec));
    ASSIGN_OR_RETURN(out->table_, lake::SeriesTable::Make(store, format, spec, prefix));
    out->history_ = std::make_unique<lake::SeriesFileHistory>(*out->table_);
    return out;
  }

  lake::SeriesHistory& history() override { return *history_; }

  void Add(const std::string& symbol, const lake::Validated& verdict) override {
    lake::SeriesRows& rows = rows_[symbol];
    rows.symbol = symbol;
    if (verdict.accepted->num_rows() > 0) rows.accepted.push_back(verdict.accepted);
    if (verdict.rejected->num_rows() > 0) rows.rejected.push_back(verdict.rejected);
  }

  Result<MergeSummary> Merge(const MergeOptions& options) override {
    std::vector<lake::SeriesRows> rows;
    for (auto& [symbol, series] : rows_) {
      if (!series.accepted.empty() || !series.rejected.empty()) rows.push_back(std::move(series));
    }
    rows_.clear();
    MergeSummary summary;
    if (rows.empty()) return summary;
    lake::SeriesUpsertOptions upsert;
    upsert.stop = options.stop;
    upsert.transaction = options.transaction;
    upsert.progress = options.progress;
    ASSIGN_OR_RETURN(const auto outcomes, table_->UpsertMany(rows, upsert));
    for (const auto& outcome : outcomes) {
      if (!outcome.status.ok()) {
        if (CodeOf(outcome.status) != ErrorCode::kCorrupt) return WithContext(outcome.status, outcome.symbol);
        summary.failed.emplace(outcome.symbol, outcome.status);
        continue;
      }
      ++summary.files;
      summary.files_changed += outcome.changed ? 1 : 0;
      summary.outputs.insert(table_->layout().SeriesKey(outcome.symbol));
    }
    return summary;
  }

 private:
  std::unique_ptr<lake::SeriesTable> table_;
  std::unique_ptr<lake::SeriesFileHistory> history_;
  std::map<std::string, lake::SeriesRows> rows_;
};

}  // namespace

Result<std::unique_ptr<OpenTable>> OpenTableOf(const lake::TableSpec& spec, TableFiles files,
                                               store::ObjectStore& store, lake::TableFormat& format,
                                               const std::string& prefix) {
  return files == TableFiles::kBySymbol ? TableBySymbol::Open(spec, store, format, prefix)
                                        : TableByDay::Open(spec, store, format, prefix);
}

}  // namespace penstock::pipeline
