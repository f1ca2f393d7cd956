#include "sqlite/database.h"

#include <errno.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace penstock::sqlite {
namespace {

// SQLite says only that it cannot open; the folder (for the -wal and -shm files too) and the file say why.
Status CannotOpen(std::string_view path, const std::string& message) {
  const std::filesystem::path file(path);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  int error = ::access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  if (error == 0 && ::access(file.c_str(), R_OK | W_OK) != 0 && errno != ENOENT) error = errno;
  switch (error) {
    case EROFS:
      return MakeError(ErrorCode::kReadOnly, message,
                       "this file system is read-only: choose another state folder");
    case EACCES:
    case EPERM:
      return MakeError(ErrorCode::kPermissionDenied, message,
                       "make the file and its folder writable for this user");
    case ENOENT:
    case ENOTDIR: return MakeError(ErrorCode::kNotFound, message, "make the folder first");
    default:
      return MakeError(ErrorCode::kIo, message, "check that the folder exists and is writable for this user");
  }
}

}  // namespace

Status ToStatus(int code, std::string_view path, std::string_view text) {
  const std::string message = fmt::format("{}: {}", path, text);
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return Status::OK();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return MakeError(
          ErrorCode::kCorrupt, message,
          fmt::format("the state file is damaged; the lake itself is not in it. Set it aside (mv {0} "
                      "{0}.damaged) and run again: finished work is found by its markers",
                      path));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return MakeError(ErrorCode::kConflict, message,
                       "another process holds this file; try again when it is done");
    case SQLITE_FULL: return MakeError(ErrorCode::kNoSpace, message, "free some disk space and run again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return MakeError(ErrorCode::kReadOnly, message, "make the file and its folder writable for this user");
    case SQLITE_CANTOPEN: return CannotOpen(path, message);
    case SQLITE_TOOBIG: return MakeError(ErrorCode::kTooLarge, message);
    case SQLITE_CONSTRAINT: return MakeError(ErrorCode::kAlreadyExists, message);
    case SQLITE_IOERR: return MakeError(ErrorCode::kIo, message);
    case SQLITE_NOMEM: return MakeError(ErrorCode::kResourceExhausted, message);
    case SQLITE_INTERRUPT: return MakeError(ErrorCode::kCancelled, message);
    default: return MakeError(ErrorCode::kInternal, message);
  }
}

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}
Statement& Statement::BindView(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}
Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}
Statement& Statement::BindBlob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_TRANSIENT);
  return *this;
}
Statement& Statement::BindNull(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* handle = sqlite3_db_handle(statement_);
  const char* path = sqlite3_db_filename(handle, "main");
  Status status = ToStatus(code, path == nullptr ? "" : path, sqlite3_errmsg(handle));
  sqlite3_reset(statement_);
  return status;
}

Status Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) break;
  }
  Reset();
  return Status::OK();
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Statement::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}
bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Result<std::shared_ptr<Database>> Database::Open(const std::string& path, Options options) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  std::shared_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return ToStatus(code, path, sqlite3_errmsg(handle));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  RETURN_IF_ERROR(database->EnterWalMode(options.busy_timeout_ms));
  RETURN_IF_ERROR(
      database->Execute(options.durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  RETURN_IF_ERROR(database->Execute("PRAGMA foreign_keys=ON"));
  return database;
}

// Two processes that open a new file at once both want to turn its rollback journal into a WAL. SQLite does
// not wait for the other one then, for both hold a shared lock (sqlite.org/c3ref/busy_handler.html), so this
// waits.
Status Database::EnterWalMode(int busy_timeout_ms) {
  constexpr int kPauseMs = 5;
  for (int waited_ms = 0;; waited_ms += kPauseMs) {
    const Status status = Execute("PRAGMA journal_mode=WAL");
    if (CodeOf(status) != ErrorCode::kConflict || waited_ms >= busy_timeout_ms) return status;
    sqlite3_sleep(kPauseMs);
  }
}

Database::~Database() { sqlite3_close_v2(handle_); }

Status Database::Migrate(std::string_view component, const std::vector<std::string>& migrations) {
  bool current = false;
  RETURN_IF_ERROR(Read([&]() -> Status {  // the usual case costs no write, and waits for nobody
    ASSIGN_OR_RETURN(Statement table, Prepare("SELECT 1 FROM sqlite_master WHERE name = 'component'"));
    ASSIGN_OR_RETURN(const bool made, table.Step());
    if (!made) return Status::OK();
    ASSIGN_OR_RETURN(Statement read, Prepare("SELECT version FROM component WHERE name = ?"));
    ASSIGN_OR_RETURN(const bool found, read.Bind(1, component).Step());
    current = found && read.Int(0) == static_cast<int64_t>(migrations.size());
    return Status::OK();
  }));
  if (current) return Status::OK();
  RETURN_IF_ERROR(Write([&]() -> Status {
    RETURN_IF_ERROR(
        Execute("CREATE TABLE IF NOT EXISTS component (name TEXT PRIMARY KEY, version INTEGER NOT NULL)"));
    ASSIGN_OR_RETURN(Statement read, Prepare("SELECT version FROM component WHERE name = ?"));
    ASSIGN_OR_RETURN(const bool found, read.Bind(1, component).Step());
    const int64_t version = found ? read.Int(0) : 0;
    read.Reset();
    if (version > static_cast<int64_t>(migrations.size())) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("{}: made by a newer Penstock ({} is at version {}, this one knows {})",
                                   path_, component, version, migrations.size()),
                       "use the newer binary, or another state folder (PENSTOCK_STATE)");
    }
    for (size_t i = static_cast<size_t>(version); i < migrations.size(); ++i)
      RETURN_IF_ERROR(Execute(migrations[i]));
    ASSIGN_OR_RETURN(Statement write, Prepare("INSERT OR REPLACE INTO component VALUES (?, ?)"));
    return write.Bind(1, component).Bind(2, static_cast<int64_t>(migrations.size())).Run();
  }));
  return Status::OK();
}

Status Database::Write(const std::function<Status()>& work) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  Status status = work();
  if (status.ok()) status = Execute("COMMIT");
  if (!status.ok() && sqlite3_get_autocommit(handle_) == 0) {
    IgnoreError(Execute("ROLLBACK"), "the first failure is the one to report");
  }
  return status;
}

Status Database::Read(const std::function<Status()>& work) {
  std::lock_guard lock(mutex_);
  return work();
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return ToStatus(code, path_, sqlite3_errmsg(handle_));
  return Statement(statement);
}

Status Database::Execute(std::string_view sql) {
  const int code = sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return ToStatus(code, path_, sqlite3_errmsg(handle_));
}

int64_t Database::changes() const { return sqlite3_changes64(handle_); }

}  // namespace penstock::sqlite
