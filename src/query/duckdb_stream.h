// The rows of one DuckDB query as Arrow batches. For duckdb_*.cc only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "query/duckdb_session.h"
#include "query/query_engine.h"

namespace penstock::query {

class DuckDbStream : public ResultStream {
 public:
  // May say more about a failure, by further SQL in the session.
  using Explain = std::function<Status(DuckDbSession&, const Status&)>;

  // `watch` watches `session`. The statement was inspected and the sandbox is closed already.
  static Result<std::unique_ptr<DuckDbStream>> Start(std::unique_ptr<DuckDbSession> session,
                                                     std::unique_ptr<DuckDbWatch> watch,
                                                     const std::string& sql, int64_t max_rows,
                                                     Explain explain);
  ~DuckDbStream() override;

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  bool truncated() const override { return truncated_; }

 private:
  DuckDbStream(std::unique_ptr<DuckDbSession> session, std::unique_ptr<DuckDbWatch> watch, int64_t max_rows,
               Explain explain)
      : session_(std::move(session)),
        watch_(std::move(watch)),
        explain_(std::move(explain)),
        rows_left_(max_rows > 0 ? max_rows : INT64_MAX) {}
  Status Prepare(const std::string& sql);
  Status Begin();
  Status ReadSchema();
  Result<std::shared_ptr<arrow::RecordBatch>> Fetch();
  // Why the query failed: our own reason for the interrupt, otherwise what DuckDB says.
  Status Reason(const char* text) const;

  // Destroyed in the other order: the watch before what it interrupts.
  std::unique_ptr<DuckDbSession> session_;
  std::unique_ptr<DuckDbWatch> watch_;
  Explain explain_;
  duckdb_prepared_statement statement_ = nullptr;
  duckdb_result result_{};
  duckdb_arrow_options arrow_options_ = nullptr;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t rows_left_;
  bool truncated_ = false;
  bool ended_ = false;
  Status failed_;
};

}  // namespace penstock::query
