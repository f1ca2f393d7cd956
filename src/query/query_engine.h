// The seam to what answers SQL: DuckDB in this process; Athena and Trino later. One conformance suite holds
// for all (query/query_conformance.h).
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/parameter.h"

namespace penstock::query {

// The files of a table at one moment, where a listing alone does not say which count.
struct TableFiles {
  std::vector<std::string> files;  // absolute paths, or s3:// URIs
  // Of those that do not lie below the view's glob: rows that the table has, and none of its files yet. With
  // a '/' at the end; empty: none.
  std::string folder;
  std::shared_ptr<void> hold;  // as long as a query reads them
};

// A table of the catalog as an engine sees it.
struct ViewSpec {
  std::string database;  // "sp500"
  std::string name;      // "bars"
  // Its files, absolute: /lake/sp500/clean/bars/dt=*/*.parquet.
  std::string glob;
  // Name and SQL type (VARCHAR, DOUBLE, BIGINT, DATE, TIMESTAMP WITH TIME ZONE …), as shown while it has no
  // file.
  std::vector<std::pair<std::string, std::string>> columns;
  // The same for what stands in the path, as ("dt", "DATE").
  std::vector<std::pair<std::string, std::string>> partition_columns;
  // Also to be found without its database's name.
  bool in_default_database = false;
  // A hint: with false, no file is looked for. With true and no file there, the table is empty as well.
  bool has_files = true;
  // The files differ: some lack columns or have them in another type. Each is read by name and cast to
  // `columns`; what it lacks is null, and what `columns` lack is not seen. Without partitions only.
  bool columns_differ = false;
  // "parquet", or "json": objects one after another, compressed as their names end.
  std::string format = "parquet";
  // Columns that tell rows apart: of several with the same values the one in the file with the greatest name,
  // and there the last, is the row; live rows come behind all files. Empty: every row is one. Not with
  // columns_differ.
  std::vector<std::string> unique;
  // Asked once by each query that reads the table; null: the files of the glob.
  std::function<Result<TableFiles>(std::stop_token)> snapshot;
};

struct QueryOptions {
  // What `:name` in the text stands for.
  std::vector<Parameter> parameters;
  // Ends the query: Cancelled.
  std::stop_token stop;
  // At most so many rows; 0: all. ResultStream::truncated() tells whether there were more.
  int64_t max_rows = 0;
};

// Rows as they come. One thread at a time; not beyond its engine's life. Destroying it ends the query.
class ResultStream {
 public:
  virtual ~ResultStream() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  // The next rows, never an empty batch; null behind the last. After a failure every call gives that failure
  // again.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
  virtual bool truncated() const = 0;
};

// Thread-safe: queries of several threads run beside each other, each within the limits of its own.
class Engine {
 public:
  virtual ~Engine() = default;

  // Runs one statement that reads: SELECT, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN. Errors, from
  // here or from the stream:
  //   Usage             the SQL is wrong, with its line; or it would do more than read tables of the catalog
  //   NotFound          no such table, with the nearest name
  //   Corrupt           a file of a table is damaged; the text names it
  //   Cancelled, Timeout, ResourceExhausted (memory, spill space)
  virtual Result<std::unique_ptr<ResultStream>> Execute(std::string_view sql,
                                                        const QueryOptions& options = {}) = 0;

  // "duckdb"
  virtual std::string_view name() const = 0;
};

}  // namespace penstock::query
