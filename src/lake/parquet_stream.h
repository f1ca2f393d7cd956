// Parquet files that are read and written piece by piece, for merging many into one. parquet_file.h is for
// single files in memory.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "lake/parquet_file.h"
#include "store/object_store.h"

namespace penstock::lake {

// The rows of a file that we wrote, in one batch; only `columns`, in this order, where these are named.
// Faster than ReadParquet, for it trusts what a page's checksum vouches for. `name` is the object's key, for
// messages. Corrupt: damaged. Usage: it has no such column. ResourceExhausted: everything read so together,
// and still held, takes more than 1 GiB.
Result<std::shared_ptr<arrow::RecordBatch>> ReadParquetBatch(std::string bytes, std::string_view name,
                                                             const std::vector<std::string>& columns = {});

// The columns of a stored file, from its end alone. Corrupt; as the store.
Result<std::shared_ptr<arrow::Schema>> ReadParquetSchema(store::ObjectStore& store, const std::string& key);

// One file. The same batches give the same bytes, whatever the number of threads; written as ParquetEncoder
// writes, but for dictionaries: of many rows they make columns of few values small, and queries on them fast.
class ParquetStreamWriter {
 public:
  // `sink` takes the file's bytes from its beginning on; what it fails with is what Write and Close fail
  // with.
  static Result<std::unique_ptr<ParquetStreamWriter>> Open(const std::shared_ptr<arrow::Schema>& schema,
                                                           const ParquetOptions& options,
                                                           std::function<Status(std::string_view)> sink);
  virtual ~ParquetStreamWriter() = default;
  // Of the schema. That the rows are in the order of options.sorted_by is up to the caller.
  virtual Status Write(const arrow::RecordBatch& batch) = 0;
  // Once, at the end.
  virtual Status Close() = 0;
};

}  // namespace penstock::lake
