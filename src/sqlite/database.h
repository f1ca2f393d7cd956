// One SQLite file: opened, migrated and guarded the same way everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace penstock::sqlite {

struct Options {
  // How long a statement waits for another process's write, before Conflict.
  int busy_timeout_ms = 10'000;
  // true: a commit survives a power cut (synchronous=FULL). false: it survives a killed process, and a power
  // cut may take the last ones (synchronous=NORMAL); never corrupts either way.
  bool durable = true;
};

class Database;

// A prepared statement; reset and rebound for each use. Not thread-safe: used inside Database::Read/Write.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  // Parameters from 1.
  Statement& Bind(int index, std::string_view text);
  // Without a copy: the text stays as it is until Run or Reset.
  Statement& BindView(int index, std::string_view text);
  Statement& Bind(int index, int64_t value);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);

  // true: a row is there; false: done.
  Result<bool> Step();
  // Runs to the end and resets. For statements without rows.
  Status Run();
  void Reset();

  // Columns from 0, of the current row.
  int64_t Int(int column) const;
  std::string Text(int column) const;  // also blobs; empty for NULL
  bool IsNull(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

// Thread-safe: one connection, one lock. Many processes may have the file open (WAL).
class Database {
 public:
  // Opens or creates; the folder must exist (NotFound). Corrupt: not a database, or damaged (the text names
  // the file and how to set it aside). ReadOnly, PermissionDenied: the folder must be writable too, for
  // SQLite's -wal and -shm.
  static Result<std::shared_ptr<Database>> Open(const std::string& path, Options options = {});
  // A file holds several components, each with migrations of its own: `migrations[i]` brings one from version
  // i to i+1, once; all in one transaction. Configuration: the component was made by a newer version.
  Status Migrate(std::string_view component, const std::vector<std::string>& migrations);
  ~Database();

  const std::string& path() const { return path_; }

  // `work` in BEGIN IMMEDIATE … COMMIT, alone in this process; rolled back when it fails. Do not nest.
  Status Write(const std::function<Status()>& work);
  // `work` alone in this process, in no transaction: for single statements.
  Status Read(const std::function<Status()>& work);

  // For use inside Write or Read.
  Result<Statement> Prepare(std::string_view sql);
  Status Execute(std::string_view sql);
  int64_t changes() const;

 private:
  Status EnterWalMode(int busy_timeout_ms);
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  const std::string path_;
  std::mutex mutex_;
};

// Our status for a SQLite result code, with the path and SQLite's own text.
Status ToStatus(int code, std::string_view path, std::string_view text);

}  // namespace penstock::sqlite
