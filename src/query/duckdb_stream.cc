#include "query/duckdb_stream.h"

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace penstock::query {

Result<std::unique_ptr<DuckDbStream>> DuckDbStream::Start(std::unique_ptr<DuckDbSession> session,
                                                          std::unique_ptr<DuckDbWatch> watch,
                                                          const std::string& sql, int64_t max_rows,
                                                          Explain explain) {
  std::unique_ptr<DuckDbStream> stream(
      new DuckDbStream(std::move(session), std::move(watch), max_rows, std::move(explain)));
  RETURN_IF_ERROR(stream->Prepare(sql));
  RETURN_IF_ERROR(stream->Begin());
  RETURN_IF_ERROR(stream->ReadSchema());
  return stream;
}

DuckDbStream::~DuckDbStream() {
  const DuckDbApi& duckdb = session_->api();
  watch_.reset();
  if (arrow_options_ != nullptr) duckdb.destroy_arrow_options(&arrow_options_);
  duckdb.destroy_result(&result_);
  if (statement_ != nullptr) duckdb.destroy_prepare(&statement_);
}

Status DuckDbStream::Reason(const char* text) const {
  RETURN_IF_ERROR(watch_->Check());
  return explain_(*session_, session_->Failure(text != nullptr ? text : "INTERNAL Error: no reason given"));
}

Status DuckDbStream::Prepare(const std::string& sql) {
  const DuckDbApi& duckdb = session_->api();
  duckdb_extracted_statements statements = nullptr;
  const idx_t count = duckdb.extract_statements(session_->connection(), sql.c_str(), &statements);
  Status status;
  if (count != 1) {
    const char* error = count == 0 ? duckdb.extract_statements_error(statements) : nullptr;
    status =
        error != nullptr ? session_->Failure(error) : MakeError(ErrorCode::kUsage, "expected one statement");
  } else if (duckdb.prepare_extracted_statement(session_->connection(), statements, 0, &statement_) !=
             DuckDBSuccess) {
    status = Reason(duckdb.prepare_error(statement_));
  }
  duckdb.destroy_extracted(&statements);
  RETURN_IF_ERROR(status);
  const duckdb_statement_type type = duckdb.prepared_statement_type(statement_);
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    return MakeError(ErrorCode::kUsage, "only statements that read are run; this one is of DuckDB's type " +
                                            std::to_string(type));
  }
  return watch_->Check();
}

Status DuckDbStream::Begin() {
  const DuckDbApi& duckdb = session_->api();
  duckdb_pending_result pending = nullptr;
  Status status;
  if (duckdb.pending_prepared_streaming(statement_, &pending) != DuckDBSuccess) {
    status = Reason(duckdb.pending_error(pending));
  } else if (status = watch_->Check();
             status.ok() && duckdb.execute_pending(pending, &result_) != DuckDBSuccess) {
    status = Reason(duckdb.result_error(&result_));
  }
  duckdb.destroy_pending(&pending);
  return status;
}

Status DuckDbStream::ReadSchema() {
  const DuckDbApi& duckdb = session_->api();
  arrow_options_ = duckdb.result_get_arrow_options(&result_);
  const idx_t count = duckdb.column_count(&result_);
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (idx_t i = 0; i < count; ++i) {
    types.push_back(duckdb.column_logical_type(&result_, i));
    names.push_back(duckdb.column_name(&result_, i));
  }
  ArrowSchema schema{};
  duckdb_error_data error =
      duckdb.to_arrow_schema(arrow_options_, types.data(), names.data(), count, &schema);
  for (auto& type : types) duckdb.destroy_logical_type(&type);
  if (error != nullptr) {
    const Status status = session_->Failure(duckdb.error_data_message(error));
    duckdb.destroy_error_data(&error);
    return status;
  }
  ASSIGN_OR_RETURN(schema_, arrow::ImportSchema(&schema));
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> DuckDbStream::Fetch() {
  const DuckDbApi& duckdb = session_->api();
  RETURN_IF_ERROR(watch_->Check());
  duckdb_data_chunk chunk = duckdb.fetch_chunk(result_);
  if (chunk == nullptr) {
    const char* error = duckdb.result_error(&result_);
    if (error != nullptr && *error != '\0') return Reason(error);
    RETURN_IF_ERROR(watch_->Check());
    return nullptr;
  }
  ArrowArray array{};
  duckdb_error_data error = duckdb.data_chunk_to_arrow(arrow_options_, chunk, &array);
  duckdb.destroy_data_chunk(&chunk);
  if (error != nullptr) {
    const Status status = session_->Failure(duckdb.error_data_message(error));
    duckdb.destroy_error_data(&error);
    return status;
  }
  return arrow::ImportRecordBatch(&array, schema_);
}

Result<std::shared_ptr<arrow::RecordBatch>> DuckDbStream::Next() {
  RETURN_IF_ERROR(failed_);
  while (!ended_) {
    auto fetched = Fetch();
    if (!fetched.ok()) {
      failed_ = fetched.status();
      return failed_;
    }
    std::shared_ptr<arrow::RecordBatch> batch = std::move(fetched).ValueUnsafe();
    if (batch == nullptr) break;
    if (batch->num_rows() == 0) continue;
    if (batch->num_rows() > rows_left_) {
      truncated_ = ended_ = true;
      if (rows_left_ == 0) break;
      batch = batch->Slice(0, rows_left_);
    }
    rows_left_ -= batch->num_rows();
    return batch;
  }
  ended_ = true;
  return nullptr;
}

}  // namespace penstock::query
