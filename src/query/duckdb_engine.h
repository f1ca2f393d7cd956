// SQL over the lake by DuckDB within this process, in a sandbox.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "query/query_engine.h"
#include "query/s3_access.h"

namespace penstock::query {

struct DuckDbApi;

struct DuckDbOptions {
  // More than this spills to the temporary folder.
  int64_t memory_limit_mb = 1024;
  // More than this on disk, and the query ends with ResourceExhausted.
  int64_t spill_limit_mb = 8192;
  // 0: one a processor.
  int threads = 0;
  // From Execute() to the last row, 0: none. Timeout when it is over.
  int64_t timeout_ms = 0;
  // A folder of its own is made in it when a query spills, and removed with the query. Empty: TMPDIR or /tmp.
  std::string temp_directory;
  // Where unqualified names are looked up first, as a database of `views`.
  std::string default_database;
  // Empty: DuckDbCandidates() of duckdb_library.h.
  std::vector<std::string> library_candidates;
  // For tables whose glob is an s3:// URI.
  std::optional<S3Access> s3;
  // Of DuckDB's extension for S3; empty: HttpfsCandidates() of duckdb_s3.h.
  std::vector<std::string> httpfs_candidates;
};

// Each query has a DuckDB database of its own, in memory: views of the tables its text names, and nothing
// else. A statement must be one that reads and may use no function that reaches outside (statement_tree.h);
// beside that DuckDB itself may open files only in the folders of those tables, loads no extension (but the
// one for S3, where a table lies there, before the statement runs), and has its settings locked.
class DuckDbEngine : public Engine {
 public:
  // `clock` outlives the engine and its streams.
  DuckDbEngine(std::vector<ViewSpec> views, DuckDbOptions options, Clock& clock);
  ~DuckDbEngine() override;

  Result<std::unique_ptr<ResultStream>> Execute(std::string_view sql,
                                                const QueryOptions& options = {}) override;
  std::string_view name() const override { return "duckdb"; }

 private:
  Result<std::shared_ptr<const DuckDbApi>> Library();

  const std::vector<ViewSpec> views_;
  const DuckDbOptions options_;
  Clock& clock_;
  std::mutex mutex_;  // guards api_
  std::shared_ptr<const DuckDbApi> api_;
};

}  // namespace penstock::query
