#include "lake/series_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/parallel.h"
#include "lake/parquet_append.h"
#include "lake/parquet_tail.h"

namespace penstock::lake {
namespace {

constexpr int kMaxMerges = 64;
// A row group of this many rows at the most counts as one that was appended; more new rows than this are not.
constexpr int64_t kSmallGroup = 64;
constexpr size_t kMinSmallGroups = 16;

// The same in every process, and spread over the series.
size_t MaxSmallGroups(std::string_view symbol) {
  uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : symbol) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return kMinSmallGroups + hash % kMinSmallGroups;
}

std::optional<int32_t> DateOf(const std::optional<std::string_view>& statistic) {
  int32_t days = 0;
  if (!statistic || statistic->size() != sizeof days) return std::nullopt;
  std::memcpy(&days, statistic->data(), sizeof days);
  return days;
}

}  // namespace

struct SeriesTable::Incoming {
  std::string symbol;
  std::vector<std::shared_ptr<const BatchView>> views;  // keep the rows
  std::vector<RowRef> accepted;
  std::vector<RowRef> rejected;
  bool ascending = true;  // the accepted ones, without a key twice
};

// What one merge with the stored files asks for.
struct SeriesTable::Attempt {
  std::vector<FileChange> changes;
  std::optional<store::Etag> clean_etag, rejected_etag;  // that were read
  bool appended = false;
  StoredFile clean;  // keeps `last`
  std::optional<RowRef> last;
};

Result<std::unique_ptr<SeriesTable>> SeriesTable::Make(store::ObjectStore& store, TableFormat& format,
                                                       TableSpec spec, std::string prefix) {
  RETURN_IF_ERROR(CheckSpec(spec));
  const auto& keys = spec.key_columns;
  if (keys.size() < 2 || spec.schema->GetFieldByName(keys[0])->type()->id() != arrow::Type::STRING ||
      keys[1] != spec.partition_column) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("table {}: a table of series has a key of a text column (the series), {}, ...", spec.name,
                    spec.partition_column));
  }
  return std::unique_ptr<SeriesTable>(new SeriesTable(store, format, std::move(spec), std::move(prefix)));
}

SeriesTable::SeriesTable(store::ObjectStore& store, TableFormat& format, TableSpec spec, std::string prefix)
    : store_(store),
      format_(format),
      spec_(std::move(spec)),
      layout_{{spec_.name, std::move(prefix)}},
      rejected_schema_(RejectedSchema(spec_)),
      merge_(spec_),
      clean_encoder_(spec_.schema, TableFileOptions(spec_)),
      rejected_encoder_(rejected_schema_, TableFileOptions(spec_)),
      keys_(KeyIndexes(spec_)),
      rule_version_(std::to_string(spec_.rule_version)) {}

Result<SeriesTable::Incoming> SeriesTable::Take(const SeriesRows& rows) const {
  Incoming incoming;
  incoming.symbol = rows.symbol;
  if (rows.symbol.empty()) return MakeError(ErrorCode::kInvalidData, "rows of a series without a symbol");
  ASSIGN_OR_RETURN(auto accepted, ViewsOf(rows.accepted, *spec_.schema, "accepted"));
  ASSIGN_OR_RETURN(auto rejected, ViewsOf(rows.rejected, *rejected_schema_, "rejected"));
  for (const auto& view : accepted) {
    for (int64_t row = 0; row < view->rows(); ++row) {
      const RowRef ref{view.get(), row};
      const auto& symbols = view->column(keys_[0]);
      if (symbols.IsNull(row) || symbols.Bytes(row) != rows.symbol || view->column(keys_[1]).IsNull(row)) {
        return MakeError(
            ErrorCode::kInvalidData,
            fmt::format("table {}: an accepted row for {} is of another symbol or has no {}: {}", spec_.name,
                        rows.symbol, spec_.partition_column, DescribeKey(ref, keys_)));
      }
      if (!incoming.accepted.empty() && incoming.ascending)
        incoming.ascending = merge_.CompareKeys(incoming.accepted.back(), ref) < 0;
      incoming.accepted.push_back(ref);
    }
  }
  for (const auto& view : rejected) {
    for (int64_t row = 0; row < view->rows(); ++row) incoming.rejected.push_back({view.get(), row});
  }
  incoming.views = std::move(accepted);
  incoming.views.insert(incoming.views.end(), rejected.begin(), rejected.end());
  return incoming;
}

Status SeriesTable::CheckSeries(const BatchView& rows, std::string_view symbol,
                                const std::string& key) const {
  const auto& symbols = rows.column(keys_[0]);
  for (int64_t row = 0; row < rows.rows(); ++row) {
    if (symbols.IsNull(row) || symbols.Bytes(row) != symbol) {
      return CorruptParquet(
          key, fmt::format("row {} is of another series: {}", row, DescribeKey({&rows, row}, keys_)));
    }
  }
  return Status::OK();
}

Result<StoredFile> SeriesTable::ReadClean(std::string_view symbol) const {
  const auto key = layout_.SeriesKey(symbol);
  ASSIGN_OR_RETURN(auto stored, ReadTableFile(store_, layout_, key, spec_, *spec_.schema));
  if (stored.rows != nullptr) RETURN_IF_ERROR(CheckSeries(*stored.rows, symbol, key));
  return stored;
}

Result<StoredFile> SeriesTable::ReadRejected(std::string_view symbol) const {
  return ReadTableFile(store_, layout_, layout_.RejectedSeriesKey(symbol), spec_, *rejected_schema_);
}

Result<std::string> SeriesTable::Encode(std::span<const RowRef> rows) const {
  ASSIGN_OR_RETURN(const auto batch, GatherRows(spec_.schema, rows.first(rows.size() - 1)));
  ASSIGN_OR_RETURN(const std::string most, clean_encoder_.Encode(*batch));
  ASSIGN_OR_RETURN(const auto footer, ParquetFooter::Parse(most, static_cast<int64_t>(most.size())));
  return AppendRowGroup(most, footer, rows.last(1));
}

// True: `attempt` says all there is to do. False: the rows do not simply lie behind those of the file, or the
// file is not one that can be left as it is; it is decoded then, and so gets the last word on what is wrong.
Result<bool> SeriesTable::TryAppend(const Incoming& rows, const std::string& bytes, Attempt& attempt) const {
  const auto file_bytes = static_cast<int64_t>(bytes.size());
  const auto footer = ParquetFooter::Parse(bytes, file_bytes);
  if (!bytes.starts_with("PAR1") || !footer.ok() || !HoldsColumns(*footer, *spec_.schema) ||
      footer->group_count() == 0)
    return false;
  if (const auto version = footer->Metadata(kRuleVersionKey); version && *version != rule_version_)
    return false;

  const auto series = static_cast<size_t>(keys_[0]);
  const auto date = static_cast<size_t>(keys_[1]);
  int32_t last_date = INT32_MIN;
  int64_t last_group_rows = 0;
  size_t small_groups = 0;
  for (size_t i = 0; i < footer->group_count(); ++i) {
    const auto group = footer->Group(i);
    if (!group.ok()) return false;
    const auto& symbols = group->chunks[series];
    const auto& dates = group->chunks[date];
    const auto max = DateOf(dates.max);
    if (!max || dates.nulls > 0 || symbols.nulls > 0 || symbols.min != rows.symbol ||
        symbols.max != rows.symbol)
      return false;
    last_date = std::max(last_date, *max);
    last_group_rows = group->rows;
    small_groups = group->rows <= kSmallGroup ? small_groups + 1 : 0;
  }
  const auto& first = rows.accepted.front();
  const int32_t first_date = first.batch->column(keys_[1]).Values<int32_t>()[first.row];
  if (first_date > last_date) {
    if (small_groups >= MaxSmallGroups(rows.symbol) ||
        static_cast<int64_t>(rows.accepted.size()) > kSmallGroup)
      return false;
    const auto all = std::span(rows.accepted);
    std::string with_rows;
    if (all.size() > 1) {
      ASSIGN_OR_RETURN(with_rows, AppendRowGroup(bytes, *footer, all.first(all.size() - 1)));
      ASSIGN_OR_RETURN(const auto grown,
                       ParquetFooter::Parse(with_rows, static_cast<int64_t>(with_rows.size())));
      ASSIGN_OR_RETURN(with_rows, AppendRowGroup(with_rows, grown, all.last(1)));
    } else {
      ASSIGN_OR_RETURN(with_rows, AppendRowGroup(bytes, *footer, all));
    }
    attempt.changes.push_back({layout_.SeriesKey(rows.symbol), std::move(with_rows), attempt.clean_etag});
    attempt.last = all.back();
    attempt.appended = true;
    return true;
  }
  // The last row once more, as a run that is repeated brings it.
  if (rows.accepted.size() != 1 || first_date != last_date || last_group_rows != 1) return false;
  TailReader reader;
  RowColumns columns(spec_.schema);
  const auto read = reader.ReadLastRow(bytes, file_bytes, *footer, columns);
  if (!read.ok() || !*read) return false;
  ASSIGN_OR_RETURN(const auto batch, columns.Finish());
  ASSIGN_OR_RETURN(const auto stored, BatchView::Make(batch));
  return PartitionMerge::SameRows(rows.accepted, stored.get()) &&
         footer->Metadata(kRuleVersionKey).has_value();
}

Result<SeriesTable::Attempt> SeriesTable::Prepare(const Incoming& rows) const {
  const auto clean_key = layout_.SeriesKey(rows.symbol);
  const auto rejected_key = layout_.RejectedSeriesKey(rows.symbol);
  Attempt attempt;
  ASSIGN_OR_RETURN(auto file, FetchTableFile(store_, layout_, clean_key));
  ASSIGN_OR_RETURN(const auto rejected,
                   ReadTableFile(store_, layout_, rejected_key, spec_, *rejected_schema_));
  attempt.clean_etag = file.etag;
  attempt.rejected_etag = rejected.etag;
  if (file.bytes && file.etag && rejected.rows == nullptr && rows.rejected.empty() && rows.ascending &&
      !rows.accepted.empty()) {
    ASSIGN_OR_RETURN(const bool done, TryAppend(rows, *file.bytes, attempt));
    if (done) return attempt;
  }
  ASSIGN_OR_RETURN(attempt.clean, DecodeTableFile(std::move(file), clean_key, spec_, *spec_.schema));
  const auto& clean = attempt.clean;
  if (clean.rows != nullptr) RETURN_IF_ERROR(CheckSeries(*clean.rows, rows.symbol, clean_key));
  const auto merged = merge_.Merge(rows.accepted, rows.rejected, clean.rows.get(), rejected.rows.get());
  const auto add = [&](const std::string& key, const StoredFile& stored, const std::vector<RowRef>& now,
                       const auto& encode) -> Status {
    const bool exists = stored.etag.has_value();
    if (now.empty()) {
      if (exists) attempt.changes.push_back({key, std::nullopt, stored.etag});
      return Status::OK();
    }
    if (exists && stored.rule_version == rule_version_ && PartitionMerge::SameRows(now, stored.rows.get()))
      return Status::OK();
    ASSIGN_OR_RETURN(std::string bytes, encode(now));
    attempt.changes.push_back({key, std::move(bytes), stored.etag});
    return Status::OK();
  };
  RETURN_IF_ERROR(add(clean_key, clean, merged.clean, [&](const auto& now) { return Encode(now); }));
  RETURN_IF_ERROR(add(rejected_key, rejected, merged.rejected, [&](const auto& now) -> Result<std::string> {
    ASSIGN_OR_RETURN(const auto batch, GatherRows(rejected_schema_, now));
    return rejected_encoder_.Encode(*batch);
  }));
  if (!merged.clean.empty()) attempt.last = merged.clean.back();
  return attempt;
}

Status SeriesTable::Merge(const Incoming& rows, const SeriesUpsertOptions& options,
                          SeriesOutcome& outcome) const {
  const auto clean_key = layout_.SeriesKey(rows.symbol);
  const auto rejected_key = layout_.RejectedSeriesKey(rows.symbol);
  for (int attempt = 0; attempt < kMaxMerges; ++attempt) {
    ASSIGN_OR_RETURN(const auto wanted, Prepare(rows));
    const auto& changes = wanted.changes;
    if (changes.empty()) return Status::OK();
    const auto committed = format_.Commit(changes, options.transaction);
    if (!committed.ok()) {
      if (CodeOf(committed.status()) != ErrorCode::kPreconditionFailed) return committed.status();
      ++outcome.conflicts;
      continue;
    }
    outcome.changed = true;
    outcome.appended = wanted.appended;
    for (const auto& change : changes) {
      if (change.bytes.has_value()) outcome.bytes_written += static_cast<int64_t>(change.bytes->size());
    }
    const bool wrote_clean = changes.front().key == clean_key;
    if (wrote_clean && options.tails) {
      SeriesTail tail{rows.symbol, 0, "", nullptr};
      if (changes.front().bytes && wanted.last) {
        tail.file_bytes = static_cast<int64_t>(changes.front().bytes->size());
        tail.etag = committed->front().value_or("");
        ASSIGN_OR_RETURN(tail.row, GatherRows(spec_.schema, std::span(&*wanted.last, 1)));
      }
      outcome.tail = std::move(tail);
    }
    // The pair is not one atomic step. Whoever writes last sees here that the other file is not the one it
    // merged with, and merges again; merging the same rows again is harmless.
    const bool rejected_last = changes.back().key == rejected_key;
    const auto clean_now = wrote_clean ? committed->front() : wanted.clean_etag;
    ASSIGN_OR_RETURN(const bool unchanged, rejected_last
                                               ? IsUnchanged(store_, clean_key, clean_now)
                                               : IsUnchanged(store_, rejected_key, wanted.rejected_etag));
    if (unchanged) return Status::OK();
    ++outcome.conflicts;
  }
  return MakeError(ErrorCode::kConflict,
                   fmt::format("{}: other processes changed it during each of {} tries to write it",
                               clean_key, kMaxMerges),
                   "run it again when the others are done");
}

SeriesOutcome SeriesTable::Upsert(const SeriesRows& rows, const SeriesUpsertOptions& options) const {
  SeriesOutcome outcome;
  outcome.symbol = rows.symbol;
  const auto incoming = Take(rows);
  outcome.status = incoming.ok() ? Merge(*incoming, options, outcome) : incoming.status();
  return outcome;
}

Result<std::vector<SeriesOutcome>> SeriesTable::UpsertMany(std::span<const SeriesRows> rows,
                                                           const SeriesUpsertOptions& options) const {
  std::vector<SeriesOutcome> outcomes(rows.size());
  std::mutex mutex;
  size_t done = 0;
  const auto work = [&](size_t i) -> Status {
    outcomes[i] = Upsert(rows[i], options);
    if (options.progress) {
      std::lock_guard lock(mutex);
      options.progress(++done, rows.size());
    }
    return Status::OK();
  };
  RETURN_IF_ERROR(ParallelFor(rows.size(), options.threads, work, options.stop));
  return outcomes;
}

Result<std::shared_ptr<arrow::RecordBatch>> SeriesTable::ReadSeries(std::string_view symbol,
                                                                    std::optional<Date> from,
                                                                    std::optional<Date> to) const {
  ASSIGN_OR_RETURN(const auto stored, ReadClean(symbol));
  if (stored.rows == nullptr) return GatherRows(spec_.schema, {});
  const auto* begin = stored.rows->column(keys_[1]).Values<int32_t>();
  const auto* end = begin + stored.rows->rows();
  const auto* first = from ? std::lower_bound(begin, end, DaysSinceEpoch(*from)) : begin;
  const auto* last = to ? std::upper_bound(first, end, DaysSinceEpoch(*to)) : end;
  return stored.rows->batch().Slice(first - begin, last - first);
}

Result<std::vector<std::string>> SeriesTable::Symbols() const {
  ASSIGN_OR_RETURN(const auto objects, store::ListAll(store_, layout_.CleanPrefix()));
  std::vector<std::string> symbols;
  for (const auto& object : objects) {
    auto symbol = SeriesLayout::SymbolOfKey(layout_.CleanPrefix(), object.key);
    if (symbol.ok()) symbols.push_back(*std::move(symbol));
  }
  return symbols;
}

}  // namespace penstock::lake
