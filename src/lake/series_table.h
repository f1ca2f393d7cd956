// A table with one Parquet file a series (a ticker): sorted by date, grown at its end.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "lake/parquet_file.h"
#include "lake/partition_merge.h"
#include "lake/series_layout.h"
#include "lake/table_commit.h"
#include "lake/table_file.h"

namespace penstock::lake {

// New rows of one series, judged (lake/rules.h).
struct SeriesRows {
  std::string symbol;
  arrow::RecordBatchVector accepted;  // the table's columns; each row is of the symbol and has a date
  arrow::RecordBatchVector rejected;  // those of RejectedSchema(); any cell may be null
};

// The last row of a series, and the version of the file that holds it.
struct SeriesTail {
  std::string symbol;
  int64_t file_bytes = 0;
  store::Etag etag;
  std::shared_ptr<arrow::RecordBatch> row;  // nullptr: the series has no file any more
};

struct SeriesOutcome {
  std::string symbol;
  Status status;          // a series that fails does not stop the others
  bool changed = false;   // a file was written or removed
  bool appended = false;  // without decoding what was there
  int64_t bytes_written = 0;
  size_t conflicts = 0;            // merges done again because somebody else wrote the same series
  std::optional<SeriesTail> tail;  // of a changed clean file, when asked for
};

struct SeriesUpsertOptions {
  int threads =
      8;  // series at once; a put waits for the disk most of its time. Bounds memory: two files each
  std::stop_token stop;
  std::string transaction;
  bool tails = false;
  std::function<void(size_t done, size_t total)> progress;  // by any thread, one call at a time
};

// Thread-safe, and safe among processes: two that write one series merge, and neither loses a row.
//
// Which rows are stored follows from the rows alone, by the rules of lake/partition_merge.h: their order and
// how they are split over calls do not show. The bytes of a file do tell how it grew: rows behind the last
// date are appended as a row group of their own (what is there stays as it is; lake/parquet_append.h), and
// after some 16 to 31 of these (by the symbol, so that not all series do it on one day) the file is written
// anew. Either way the last row is a row group of its own, at the end.
class SeriesTable {
 public:
  // Configuration: CheckSpec; or the key does not begin with a text column (the series) and the partition
  // column (its date). `store` and `format` outlive the table.
  static Result<std::unique_ptr<SeriesTable>> Make(store::ObjectStore& store, TableFormat& format,
                                                   TableSpec spec, std::string prefix = "");

  // Merges the rows into the file of the series. The same again writes nothing. The status is Corrupt when
  // the stored file is damaged, of other columns or of another series: it is left as it is; InvalidData for
  // rows of other columns or another series, or without a date; Conflict: lost 64 times to others.
  SeriesOutcome Upsert(const SeriesRows& rows, const SeriesUpsertOptions& options = {}) const;
  // Many, in the order given. A symbol may come twice. Fails only as a whole: Cancelled.
  Result<std::vector<SeriesOutcome>> UpsertMany(std::span<const SeriesRows> rows,
                                                const SeriesUpsertOptions& options = {}) const;

  // The rows of [from, to], ascending; without rows when there are none. Corrupt: a damaged file.
  Result<std::shared_ptr<arrow::RecordBatch>> ReadSeries(std::string_view symbol,
                                                         std::optional<Date> from = std::nullopt,
                                                         std::optional<Date> to = std::nullopt) const;
  Result<StoredFile> ReadClean(std::string_view symbol) const;
  Result<StoredFile> ReadRejected(std::string_view symbol) const;

  // The series that have rows that passed, ascending by key.
  Result<std::vector<std::string>> Symbols() const;

  const TableSpec& spec() const { return spec_; }
  const SeriesLayout& layout() const { return layout_; }
  store::ObjectStore& store() const { return store_; }

 private:
  struct Incoming;
  struct Attempt;
  SeriesTable(store::ObjectStore& store, TableFormat& format, TableSpec spec, std::string prefix);
  Result<Incoming> Take(const SeriesRows& rows) const;
  Status Merge(const Incoming& rows, const SeriesUpsertOptions& options, SeriesOutcome& outcome) const;
  Result<Attempt> Prepare(const Incoming& rows) const;
  Result<bool> TryAppend(const Incoming& rows, const std::string& bytes, Attempt& attempt) const;
  Result<std::string> Encode(std::span<const RowRef> rows) const;
  Status CheckSeries(const BatchView& rows, std::string_view symbol, const std::string& key) const;

  store::ObjectStore& store_;
  TableFormat& format_;
  const TableSpec spec_;
  const SeriesLayout layout_;
  const std::shared_ptr<arrow::Schema> rejected_schema_;
  const PartitionMerge merge_;
  const ParquetEncoder clean_encoder_;
  const ParquetEncoder rejected_encoder_;
  const std::vector<int> keys_;
  const std::string rule_version_;
};

}  // namespace penstock::lake
