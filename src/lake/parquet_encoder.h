// Many small Parquet files of one schema: the same rows give the same bytes.
// Source of the format: Apache Parquet format 2.x.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace penstock::lake {

struct ParquetOptions {
  // zstd, snappy, gzip or none. ParquetStreamWriter's; the encoder knows zstd only.
  std::string codec = "zstd";
  int zstd_level = 1;  // higher: smaller and slower; of 500 daily bars 3 gains nothing; 0: none
  // The rows must be in the order of these columns; that is checked, and noted in the file.
  std::vector<std::string> sorted_by;
  // Columns with few different values in a file, next to each other: their differences are stored, which
  // leaves zstd nothing to do (and it costs more than the column).
  std::vector<std::string> repeating;
  std::map<std::string, std::string> metadata;  // key-value metadata of the footer
  int64_t rows_a_group = 128 * 1024;
};

// A file: zstd (but for columns of a few hundred bytes, which it would hardly make smaller), statistics, page
// index, a checksum a page, created_by "penstock", no time stamps, no dictionaries: zstd makes as little of
// repeated cells. Pages are written here and not by Parquet's writer, which makes a zstd context, buffers and
// builders anew for each column of each file: they cost small files more than their rows.
// Immutable, thread-safe.
class ParquetEncoder {
 public:
  ParquetEncoder(std::shared_ptr<arrow::Schema> schema, const ParquetOptions& options);
  ~ParquetEncoder();
  // Internal: another schema, or rows out of order, or a null where the schema has none.
  Result<std::string> Encode(const arrow::RecordBatch& batch) const;

 private:
  struct State;
  class File;
  std::unique_ptr<State> state_;
};

}  // namespace penstock::lake
