// A table of the lake: one sorted Parquet file a day (dt=) for the rows that passed, and one for those that
// did not.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "lake/parquet_file.h"
#include "lake/partition_merge.h"
#include "lake/table_commit.h"
#include "lake/table_file.h"
#include "lake/table_spec.h"

namespace penstock::lake {

struct UpsertOptions {
  int threads =
      8;  // partitions at once; a put waits for the disk most of its time. Bounds memory: two files a thread
  std::stop_token stop;
  std::string transaction;  // of the commit, for formats that keep a log
  std::function<void(size_t done, size_t total)>
      progress;  // after each partition, by any thread, one call at a time
};

struct UpsertSummary {
  size_t partitions = 0;          // that the rows belong to
  size_t partitions_changed = 0;  // of these, where a file was written or removed
  int64_t rows_accepted = 0;      // given
  int64_t rows_rejected = 0;      // given
  size_t files_written = 0;
  size_t files_removed = 0;
  int64_t bytes_written = 0;
  size_t conflicts = 0;              // merges done again because somebody else wrote the same partition
  std::vector<std::string> outputs;  // keys of the partitions' files, as far as they exist now, ascending
};

using StoredPartition = StoredFile;

// Thread-safe, and safe among processes: two that write the same day merge, and neither loses a row.
class PartitionedTable {
 public:
  // Configuration: CheckSpec. `store` and `format` outlive the table. `prefix`: see TableLayout.
  static Result<std::unique_ptr<PartitionedTable>> Make(store::ObjectStore& store, TableFormat& format,
                                                        TableSpec spec, std::string prefix = "");

  // Merges the rows into their partitions by the rules of lake/partition_merge.h. `accepted`: the table's
  // columns; `rejected`: those of RejectedSchema(). A file is written only when its rows, or the rule
  // version, change. A rejected row without a date goes to the day of its version, or 1970-01-01. Corrupt: a
  // stored file is damaged; it is left as it is. InvalidData: other columns, or an accepted row without a
  // date. Cancelled: what was committed stays; doing it all again completes it. Conflict: lost 64 times to
  // others.
  Result<UpsertSummary> Upsert(const arrow::RecordBatchVector& accepted,
                               const arrow::RecordBatchVector& rejected, const UpsertOptions& options = {});

  // A file of the table. Corrupt: damaged, or of other columns.
  Result<StoredPartition> ReadClean(Date dt) const { return Read(layout_.CleanKey(dt), spec_.schema); }
  Result<StoredPartition> ReadRejected(Date dt) const {
    return Read(layout_.RejectedKey(dt), rejected_schema_);
  }

  // The days that have rows that passed, ascending.
  Result<std::vector<Date>> Days() const;

  const TableSpec& spec() const { return spec_; }
  const TableLayout& layout() const { return layout_; }

 private:
  struct Day;
  struct Outcome;
  PartitionedTable(store::ObjectStore& store, TableFormat& format, TableSpec spec, std::string prefix);
  Result<StoredPartition> Read(const std::string& key, const std::shared_ptr<arrow::Schema>& schema) const {
    return ReadTableFile(store_, layout_, key, spec_, *schema);
  }
  Result<Outcome> MergeDay(const Day& day, const std::string& transaction) const;

  store::ObjectStore& store_;
  TableFormat& format_;
  const TableSpec spec_;
  const TableLayout layout_;
  const std::shared_ptr<arrow::Schema> rejected_schema_;
  const PartitionMerge merge_;
  const ParquetEncoder clean_encoder_;
  const ParquetEncoder rejected_encoder_;
};

}  // namespace penstock::lake
