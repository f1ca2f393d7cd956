// One DuckDB database in memory with one connection, and the handles of a query in it. For duckdb_*.cc only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "query/duckdb_library.h"

namespace penstock::query {

// Not thread-safe, but for Interrupt().
class DuckDbSession {
 public:
  // `settings`: as they stand when the database opens.
  static Result<std::unique_ptr<DuckDbSession>> Open(
      std::shared_ptr<const DuckDbApi> api, const std::vector<std::pair<std::string, std::string>>& settings);
  ~DuckDbSession();

  // Our own SQL, whose rows do not matter.
  Status Run(const std::string& sql);
  // The texts of the first column; `parameter` is bound to $1.
  Result<std::vector<std::string>> Texts(const std::string& sql,
                                         std::optional<std::string_view> parameter = {});

  // Prepared and run once, with texts for $1, $2 …
  Status RunWith(const std::string& sql, const std::vector<std::string_view>& values);

  // A failure of DuckDB, `text` being what it says, without what Hide() was given.
  Status Failure(std::string_view text) const;
  void Hide(const std::vector<std::string>& secrets);

  // From here on DuckDB opens files only in `folders`, no network, no extension, and no setting can be
  // changed, by no statement. Views made before keep working where their files lie in `folders`.
  Status Confine(const std::vector<std::string>& folders);

  void Interrupt() { api_->interrupt(connection_); }

  const DuckDbApi& api() const { return *api_; }
  duckdb_connection connection() const { return connection_; }

 private:
  explicit DuckDbSession(std::shared_ptr<const DuckDbApi> api) : api_(std::move(api)) {}
  const std::shared_ptr<const DuckDbApi> api_;
  std::vector<std::string> hidden_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

// Interrupts a session when its time is over or a stop is requested, until it is destroyed.
class DuckDbWatch {
 public:
  DuckDbWatch(DuckDbSession& session, Clock& clock, int64_t timeout_ms, std::stop_token stop);

  // OK, Cancelled or Timeout. An interrupt that falls between two calls of DuckDB is forgotten by it: ask
  // after each.
  Status Check() const;

 private:
  void Fire(ErrorCode why);
  DuckDbSession& session_;
  const int64_t timeout_ms_;
  std::atomic<ErrorCode> why_{ErrorCode::kOk};
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  std::jthread timer_;
};

}  // namespace penstock::query
