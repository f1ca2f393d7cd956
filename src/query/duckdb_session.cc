#include "query/duckdb_session.h"

#include "query/duckdb_error.h"
#include "query/parameter.h"

namespace penstock::query {

Result<std::unique_ptr<DuckDbSession>> DuckDbSession::Open(
    std::shared_ptr<const DuckDbApi> api, const std::vector<std::pair<std::string, std::string>>& settings) {
  std::unique_ptr<DuckDbSession> session(new DuckDbSession(std::move(api)));
  const DuckDbApi& duckdb = session->api();
  duckdb_config config = nullptr;
  if (duckdb.create_config(&config) != DuckDBSuccess)
    return MakeError(ErrorCode::kInternal, "DuckDB makes no configuration");
  for (const auto& [name, value] : settings) {
    if (duckdb.set_config(config, name.c_str(), value.c_str()) != DuckDBSuccess) {
      duckdb.destroy_config(&config);
      return MakeError(ErrorCode::kConfiguration,
                       "DuckDB refuses the setting " + name + " = '" + value + "'");
    }
  }
  char* error = nullptr;
  const duckdb_state opened = duckdb.open_ext(nullptr, &session->database_, config, &error);
  duckdb.destroy_config(&config);
  if (opened != DuckDBSuccess) {
    const std::string text = error != nullptr ? error : "no reason given";
    duckdb.free(error);
    return WithContext(FromDuckDbError(text), "cannot open DuckDB");
  }
  if (duckdb.connect(session->database_, &session->connection_) != DuckDBSuccess) {
    return MakeError(ErrorCode::kInternal, "cannot connect to DuckDB");
  }
  return session;
}

DuckDbSession::~DuckDbSession() {
  if (connection_ != nullptr) api_->disconnect(&connection_);
  if (database_ != nullptr) api_->close(&database_);
}

Status DuckDbSession::Failure(std::string_view text) const {
  std::string shown(text);
  for (const std::string& secret : hidden_) {
    for (size_t at = 0; (at = shown.find(secret, at)) != std::string::npos;)
      shown.replace(at, secret.size(), "***");
  }
  return FromDuckDbError(shown);
}

void DuckDbSession::Hide(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (!secret.empty()) hidden_.push_back(secret);
  }
}

Status DuckDbSession::RunWith(const std::string& sql, const std::vector<std::string_view>& values) {
  duckdb_prepared_statement statement = nullptr;
  duckdb_result result{};
  Status status;
  bool good = api_->prepare(connection_, sql.c_str(), &statement) == DuckDBSuccess;
  for (size_t i = 0; good && i < values.size(); ++i) {
    good = api_->bind_varchar_length(statement, i + 1, values[i].data(), values[i].size()) == DuckDBSuccess;
  }
  if (!good) {
    const char* error = api_->prepare_error(statement);
    status = Failure(error != nullptr ? error : "INTERNAL Error: a value cannot be bound");
  } else {
    if (api_->execute_prepared(statement, &result) != DuckDBSuccess)
      status = Failure(api_->result_error(&result));
    api_->destroy_result(&result);
  }
  api_->destroy_prepare(&statement);
  return status;
}

Status DuckDbSession::Run(const std::string& sql) {
  duckdb_result result{};
  Status status;
  if (api_->query(connection_, sql.c_str(), &result) != DuckDBSuccess)
    status = Failure(api_->result_error(&result));
  api_->destroy_result(&result);
  return status;
}

Status DuckDbSession::Confine(const std::vector<std::string>& folders) {
  std::string list;
  for (const std::string& folder : folders) list += (list.empty() ? "" : ", ") + QuoteSqlText(folder);
  // The order matters: DuckDB refuses a change of the folders once access is off, and the lock comes last.
  return Run("SET allowed_directories = [" + list +
             "]; SET enable_external_access = false; SET lock_configuration = true");
}

Result<std::vector<std::string>> DuckDbSession::Texts(const std::string& sql,
                                                      std::optional<std::string_view> parameter) {
  duckdb_prepared_statement statement = nullptr;
  duckdb_result result{};
  std::vector<std::string> texts;
  Status status;
  if (api_->prepare(connection_, sql.c_str(), &statement) != DuckDBSuccess) {
    status = Failure(api_->prepare_error(statement));
  } else if (parameter &&
             api_->bind_varchar_length(statement, 1, parameter->data(), parameter->size()) != DuckDBSuccess) {
    status = Failure(api_->prepare_error(statement));
  } else {
    if (api_->execute_prepared(statement, &result) != DuckDBSuccess) {
      status = Failure(api_->result_error(&result));
    } else {
      while (duckdb_data_chunk chunk = api_->fetch_chunk(result)) {
        duckdb_vector column = api_->data_chunk_get_vector(chunk, 0);
        auto* strings = static_cast<duckdb_string_t*>(api_->vector_get_data(column));
        uint64_t* valid = api_->vector_get_validity(column);
        for (idx_t row = 0; row < api_->data_chunk_get_size(chunk); ++row) {
          const bool null = valid != nullptr && !api_->validity_row_is_valid(valid, row);
          texts.push_back(
              null ? ""
                   : std::string(api_->string_t_data(&strings[row]), api_->string_t_length(strings[row])));
        }
        api_->destroy_data_chunk(&chunk);
      }
    }
    api_->destroy_result(&result);
  }
  api_->destroy_prepare(&statement);
  RETURN_IF_ERROR(status);
  return texts;
}

DuckDbWatch::DuckDbWatch(DuckDbSession& session, Clock& clock, int64_t timeout_ms, std::stop_token stop)
    : session_(session), timeout_ms_(timeout_ms) {
  if (stop.stop_possible()) on_stop_.emplace(stop, [this] { Fire(ErrorCode::kCancelled); });
  if (timeout_ms > 0) {
    timer_ = std::jthread(
        [this, &clock, end = clock.Now() + std::chrono::milliseconds(timeout_ms)](std::stop_token finished) {
          if (clock.SleepUntil(end, finished)) Fire(ErrorCode::kTimeout);
        });
  }
}

void DuckDbWatch::Fire(ErrorCode why) {
  ErrorCode none = ErrorCode::kOk;
  why_.compare_exchange_strong(none, why);
  session_.Interrupt();
}

Status DuckDbWatch::Check() const {
  switch (why_.load()) {
    case ErrorCode::kOk: return Status::OK();
    case ErrorCode::kTimeout:
      return MakeError(ErrorCode::kTimeout,
                       "the query was ended: it took longer than " + std::to_string(timeout_ms_) + " ms",
                       "read fewer partitions (where dt = …), or allow more time");
    default: return MakeError(ErrorCode::kCancelled, "the query was cancelled");
  }
}

}  // namespace penstock::query
