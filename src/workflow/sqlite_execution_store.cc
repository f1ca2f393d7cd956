#include "workflow/sqlite_execution_store.h"

#include <utility>

#include "base/json_text.h"
#include "sqlite/database.h"

namespace penstock::workflow {
namespace {

const std::vector<std::string>& Migrations() {
  // Times in microseconds since 1970, UTC. Payloads as JSON text.
  static const std::vector<std::string> kMigrations{R"(
    CREATE TABLE workflow_definition (hash TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE workflow_execution (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state_machine TEXT NOT NULL,
      definition_hash TEXT NOT NULL REFERENCES workflow_definition (hash),
      status TEXT NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL DEFAULT 'null',
      error TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL DEFAULT '',
      started INTEGER NOT NULL, stopped INTEGER NOT NULL DEFAULT 0,
      owner_id TEXT, owner_pid INTEGER, owner_start INTEGER, owner_boot TEXT, owner_namespace TEXT,
      owner_heartbeat INTEGER,
      stop_requested INTEGER NOT NULL DEFAULT 0, stop_error TEXT NOT NULL DEFAULT '',
      stop_cause TEXT NOT NULL DEFAULT '');
    CREATE INDEX workflow_execution_started ON workflow_execution (started);
    CREATE TABLE workflow_event (
      execution INTEGER NOT NULL REFERENCES workflow_execution (id) ON DELETE CASCADE,
      id INTEGER NOT NULL, previous_id INTEGER NOT NULL, type TEXT NOT NULL, timestamp INTEGER NOT NULL,
      path TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL, resource TEXT NOT NULL,
      error TEXT NOT NULL, cause TEXT NOT NULL, number INTEGER NOT NULL, next TEXT NOT NULL,
      PRIMARY KEY (execution, id)) WITHOUT ROWID;
  )",
                                                    R"(
    ALTER TABLE workflow_event ADD COLUMN assigned TEXT NOT NULL DEFAULT '';
  )",
                                                    R"(
    CREATE TABLE workflow_child_event (
      execution INTEGER NOT NULL REFERENCES workflow_execution (id) ON DELETE CASCADE,
      id INTEGER NOT NULL, previous_id INTEGER NOT NULL, type TEXT NOT NULL, timestamp INTEGER NOT NULL,
      path TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL, resource TEXT NOT NULL,
      error TEXT NOT NULL, cause TEXT NOT NULL, number INTEGER NOT NULL, next TEXT NOT NULL,
      assigned TEXT NOT NULL, child TEXT NOT NULL,
      PRIMARY KEY (execution, child, id)) WITHOUT ROWID;
    ALTER TABLE workflow_execution ADD COLUMN redrive_count INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE workflow_execution ADD COLUMN redriven INTEGER NOT NULL DEFAULT 0;
  )",
                                                    R"(
    CREATE TABLE workflow_token (
      token TEXT PRIMARY KEY, execution INTEGER NOT NULL REFERENCES workflow_execution (id) ON DELETE CASCADE,
      phase INTEGER NOT NULL, output TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
      cause TEXT NOT NULL DEFAULT '', heartbeat INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX workflow_token_execution ON workflow_token (execution);
  )"};
  return kMigrations;
}

constexpr std::string_view kInfoColumns =
    "name, state_machine, definition_hash, status, input, output, error, cause, started, stopped, "
    "redrive_count, "
    "redriven";

int64_t Micros(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint FromMicros(int64_t micros) { return TimePoint(Duration(micros)); }

Status NoSuch(const std::string& name) {
  return MakeError(ErrorCode::kNotFound, "no execution of this name: " + name);
}

Result<ExecutionInfo> ReadInfo(const sqlite::Statement& row) {
  ExecutionInfo info;
  info.name = row.Text(0);
  info.state_machine = row.Text(1);
  info.definition_hash = row.Text(2);
  ASSIGN_OR_RETURN(info.status, ParseExecutionStatus(row.Text(3)));
  ASSIGN_OR_RETURN(info.input, ParseJson(row.Text(4)));
  ASSIGN_OR_RETURN(info.output, ParseJson(row.Text(5)));
  info.error = row.Text(6);
  info.cause = row.Text(7);
  info.started = FromMicros(row.Int(8));
  info.stopped = FromMicros(row.Int(9));
  info.redrive_count = row.Int(10);
  info.redriven = FromMicros(row.Int(11));
  return info;
}

void BindOwner(sqlite::Statement& statement, int first, const Owner& owner) {
  statement.Bind(first, owner.id).Bind(first + 1, owner.pid).Bind(first + 2, owner.start_ticks);
  statement.Bind(first + 3, owner.boot_id)
      .Bind(first + 4, owner.pid_namespace)
      .Bind(first + 5, Micros(owner.heartbeat));
}

}  // namespace

Result<std::unique_ptr<SqliteExecutionStore>> SqliteExecutionStore::Open(
    std::shared_ptr<sqlite::Database> database) {
  RETURN_IF_ERROR(database->Migrate("workflow", Migrations()));
  return std::unique_ptr<SqliteExecutionStore>(new SqliteExecutionStore(std::move(database)));
}

Result<std::unique_ptr<SqliteExecutionStore>> SqliteExecutionStore::Open(const std::string& path) {
  ASSIGN_OR_RETURN(auto database, sqlite::Database::Open(path));
  return Open(std::move(database));
}

Status SqliteExecutionStore::Create(const ExecutionInfo& info, const std::string& definition_text,
                                    const Owner& owner, const HistoryEvent& first) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(auto find, database_->Prepare("SELECT 1 FROM workflow_execution WHERE name = ?"));
    ASSIGN_OR_RETURN(const bool found, find.Bind(1, info.name).Step());
    if (found) return MakeError(ErrorCode::kAlreadyExists, "an execution of this name exists: " + info.name);
    find.Reset();
    ASSIGN_OR_RETURN(auto definition,
                     database_->Prepare("INSERT OR IGNORE INTO workflow_definition VALUES (?, ?)"));
    RETURN_IF_ERROR(definition.Bind(1, info.definition_hash).Bind(2, definition_text).Run());
    ASSIGN_OR_RETURN(
        auto insert,
        database_->Prepare("INSERT INTO workflow_execution (name, state_machine, definition_hash, status, "
                           "input, started, owner_id, owner_pid, owner_start, owner_boot, owner_namespace, "
                           "owner_heartbeat) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    insert.Bind(1, info.name)
        .Bind(2, info.state_machine)
        .Bind(3, info.definition_hash)
        .Bind(4, NameOf(info.status));
    insert.Bind(5, JsonText(info.input)).Bind(6, Micros(info.started));
    BindOwner(insert, 7, owner);
    RETURN_IF_ERROR(insert.Run());
    ASSIGN_OR_RETURN(const int64_t execution, FindOwned(info.name, owner));
    return Insert(execution, {first});
  });
}

Result<ExecutionInfo> SqliteExecutionStore::Get(const std::string& name) {
  ExecutionInfo info;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(auto select, database_->Prepare("SELECT " + std::string(kInfoColumns) +
                                                     " FROM workflow_execution WHERE name = ?"));
    ASSIGN_OR_RETURN(const bool found, select.Bind(1, name).Step());
    if (!found) return NoSuch(name);
    ASSIGN_OR_RETURN(info, ReadInfo(select));
    return Status::OK();
  }));
  return info;
}

Result<std::string> SqliteExecutionStore::GetDefinition(const std::string& name) {
  std::string text;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(auto select,
                     database_->Prepare("SELECT text FROM workflow_definition JOIN workflow_execution ON "
                                        "hash = definition_hash WHERE name = ?"));
    ASSIGN_OR_RETURN(const bool found, select.Bind(1, name).Step());
    if (!found) return NoSuch(name);
    text = select.Text(0);
    return Status::OK();
  }));
  return text;
}

Result<std::vector<ExecutionInfo>> SqliteExecutionStore::List(const ListOptions& options) {
  std::vector<ExecutionInfo> out;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(auto select,
                     database_->Prepare("SELECT " + std::string(kInfoColumns) +
                                        " FROM workflow_execution WHERE (?1 = '' OR state_machine = ?1) AND "
                                        "(?2 = '' OR status = ?2) ORDER BY started DESC, id DESC LIMIT ?3"));
    select.Bind(1, options.state_machine)
        .Bind(2, options.status ? NameOf(*options.status) : std::string_view(""));
    select.Bind(3, static_cast<int64_t>(options.limit));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return Status::OK();
      ASSIGN_OR_RETURN(auto info, ReadInfo(select));
      out.push_back(std::move(info));
    }
  }));
  return out;
}

Result<std::vector<HistoryEvent>> SqliteExecutionStore::History(const std::string& name) {
  return ReadEvents(name,
                    "'' FROM workflow_event e JOIN workflow_execution x ON x.id = e.execution WHERE "
                    "x.name = ?1 AND ?2 = '' ORDER BY e.id",
                    "");
}

Result<std::vector<HistoryEvent>> SqliteExecutionStore::ChildHistory(const std::string& name,
                                                                     const std::string& child) {
  return ReadEvents(name,
                    "child FROM workflow_child_event e JOIN workflow_execution x ON x.id = e.execution WHERE "
                    "x.name = ?1 AND (?2 = '' OR child = ?2) ORDER BY child, e.id",
                    child);
}

Result<std::vector<HistoryEvent>> SqliteExecutionStore::ReadEvents(const std::string& name,
                                                                   std::string_view from,
                                                                   const std::string& child) {
  RETURN_IF_ERROR(Get(name).status());
  std::vector<HistoryEvent> out;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(
        auto select,
        database_->Prepare("SELECT e.id, previous_id, type, timestamp, path, e.name, data, resource, "
                           "e.error, e.cause, number, next, assigned, " +
                           std::string(from)));
    select.Bind(1, name).Bind(2, child);
    while (true) {
      ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) return Status::OK();
      HistoryEvent event;
      event.id = select.Int(0);
      event.previous_id = select.Int(1);
      RETURN_IF_ERROR(ParseEventName(select.Text(2), event));
      event.timestamp = FromMicros(select.Int(3));
      event.path = select.Text(4);
      event.name = select.Text(5);
      event.data = select.Text(6);
      event.resource = select.Text(7);
      event.error = select.Text(8);
      event.cause = select.Text(9);
      event.number = select.Int(10);
      event.next = select.Text(11);
      event.assigned = select.Text(12);
      event.child = select.Text(13);
      out.push_back(std::move(event));
    }
  }));
  return out;
}

Result<std::optional<Owner>> SqliteExecutionStore::GetOwner(const std::string& name) {
  std::optional<Owner> out;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(auto select, database_->Prepare(
                                      "SELECT owner_id, owner_pid, owner_start, owner_boot, owner_namespace, "
                                      "owner_heartbeat FROM workflow_execution WHERE name = ?"));
    ASSIGN_OR_RETURN(const bool found, select.Bind(1, name).Step());
    if (!found) return NoSuch(name);
    if (select.IsNull(0)) return Status::OK();
    out = Owner{select.Text(0), select.Int(1),  select.Int(2),
                select.Text(3), select.Text(4), FromMicros(select.Int(5))};
    return Status::OK();
  }));
  return out;
}

Status SqliteExecutionStore::Acquire(const std::string& name, const std::optional<Owner>& expected,
                                     const Owner& owner) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(
        auto update,
        database_->Prepare("UPDATE workflow_execution SET owner_id = ?1, owner_pid = ?2, owner_start = ?3, "
                           "owner_boot = ?4, owner_namespace = ?5, owner_heartbeat = ?6 WHERE name = ?7 AND "
                           "status = 'RUNNING' AND owner_id IS ?8"));
    BindOwner(update, 1, owner);
    update.Bind(7, name);
    if (expected)
      update.Bind(8, expected->id);
    else
      update.BindNull(8);
    RETURN_IF_ERROR(update.Run());
    if (database_->changes() == 1) return Status::OK();
    return MakeError(ErrorCode::kConflict, "another process took the execution over: " + name);
  });
}

Status SqliteExecutionStore::Release(const std::string& name, const Owner& owner) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(
        auto update,
        database_->Prepare("UPDATE workflow_execution SET owner_id = NULL WHERE name = ? AND owner_id = ?"));
    return update.Bind(1, name).Bind(2, owner.id).Run();
  });
}

Result<int64_t> SqliteExecutionStore::FindOwned(const std::string& name, const Owner& owner) {
  ASSIGN_OR_RETURN(auto select,
                   database_->Prepare("SELECT id FROM workflow_execution WHERE name = ? AND owner_id = ?"));
  ASSIGN_OR_RETURN(const bool found, select.Bind(1, name).Bind(2, owner.id).Step());
  if (found) return select.Int(0);
  return MakeError(ErrorCode::kConflict, "the execution is no longer run by this process: " + name);
}

Status SqliteExecutionStore::Insert(int64_t execution, const std::vector<HistoryEvent>& events) {
  ASSIGN_OR_RETURN(
      auto insert,
      database_->Prepare("INSERT INTO workflow_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  ASSIGN_OR_RETURN(
      auto insert_child,
      database_->Prepare(
          "INSERT INTO workflow_child_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const auto& event : events) {
    auto& row = event.child.empty() ? insert : insert_child;
    const std::string type = EventName(event);
    row.Bind(1, execution).Bind(2, event.id).Bind(3, event.previous_id).BindView(4, type);
    row.Bind(5, Micros(event.timestamp)).BindView(6, event.path).BindView(7, event.name);
    row.BindView(8, event.data).BindView(9, event.resource).BindView(10, event.error);
    row.BindView(11, event.cause).Bind(12, event.number).BindView(13, event.next);
    row.BindView(14, event.assigned);
    if (!event.child.empty()) row.BindView(15, event.child);
    RETURN_IF_ERROR(row.Run());
    if (!event.token.empty()) RETURN_IF_ERROR(KeepToken(execution, event));
  }
  return Status::OK();
}

Status SqliteExecutionStore::Append(const std::string& name, const Owner& owner,
                                    const std::vector<HistoryEvent>& events,
                                    const std::optional<Ending>& ending) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(const int64_t execution, FindOwned(name, owner));
    RETURN_IF_ERROR(Insert(execution, events));
    if (!ending) return Status::OK();
    ASSIGN_OR_RETURN(auto update,
                     database_->Prepare("UPDATE workflow_execution SET status = ?, output = ?, error = ?, "
                                        "cause = ?, stopped = ?, owner_id = NULL WHERE id = ?"));
    update.Bind(1, NameOf(ending->status)).Bind(2, JsonText(ending->output)).Bind(3, ending->error);
    RETURN_IF_ERROR(update.Bind(4, ending->cause).Bind(5, Micros(ending->stopped)).Bind(6, execution).Run());
    ASSIGN_OR_RETURN(auto close,
                     database_->Prepare("UPDATE workflow_token SET phase = ? WHERE execution = ?"));
    return close.Bind(1, static_cast<int64_t>(TokenPhase::kClosed)).Bind(2, execution).Run();
  });
}

Status SqliteExecutionStore::KeepToken(int64_t execution, const HistoryEvent& event) {
  if (event.type == EventType::kTaskScheduled) {
    ASSIGN_OR_RETURN(
        auto insert,
        database_->Prepare("INSERT OR IGNORE INTO workflow_token (token, execution, phase, heartbeat) "
                           "VALUES (?, ?, 0, ?)"));
    return insert.Bind(1, event.token).Bind(2, execution).Bind(3, Micros(event.timestamp)).Run();
  }
  ASSIGN_OR_RETURN(auto close, database_->Prepare("UPDATE workflow_token SET phase = ? WHERE token = ?"));
  return close.Bind(1, static_cast<int64_t>(TokenPhase::kClosed)).Bind(2, event.token).Run();
}

Status SqliteExecutionStore::Reopen(const std::string& name, const Owner& owner,
                                    const std::vector<HistoryEvent>& events, TimePoint now) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(
        auto update,
        database_->Prepare("UPDATE workflow_execution SET owner_id = ?1, owner_pid = ?2, owner_start = ?3, "
                           "owner_boot = ?4, owner_namespace = ?5, owner_heartbeat = ?6, status = 'RUNNING', "
                           "error = '', cause = '', stopped = 0, stop_requested = 0, redrive_count = "
                           "redrive_count + 1, redriven = ?8 WHERE name = ?7 AND status IN ('FAILED', "
                           "'TIMED_OUT', 'ABORTED')"));
    BindOwner(update, 1, owner);
    RETURN_IF_ERROR(update.Bind(7, name).Bind(8, Micros(now)).Run());
    if (database_->changes() != 1) {
      return MakeError(ErrorCode::kPreconditionFailed, "the execution cannot be redriven: " + name);
    }
    ASSIGN_OR_RETURN(const int64_t execution, FindOwned(name, owner));
    return Insert(execution, events);
  });
}

Result<TokenState> SqliteExecutionStore::GetToken(const std::string& token) {
  TokenState state;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(auto select, database_->Prepare("SELECT phase, output, error, cause, heartbeat FROM "
                                                     "workflow_token WHERE token = ?"));
    ASSIGN_OR_RETURN(const bool found, select.Bind(1, token).Step());
    if (!found) return MakeError(ErrorCode::kNotFound, "TaskDoesNotExist: " + token);
    state = {static_cast<TokenPhase>(select.Int(0)), select.Text(1), select.Text(2), select.Text(3),
             FromMicros(select.Int(4))};
    return Status::OK();
  }));
  return state;
}

Status SqliteExecutionStore::AnswerToken(const std::string& token, const TokenState& answer) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(
        auto update,
        database_->Prepare("UPDATE workflow_token SET phase = ?, output = ?, error = ?, cause = ?, "
                           "heartbeat = ? WHERE token = ? AND phase = 0"));
    update.Bind(1, static_cast<int64_t>(answer.phase)).Bind(2, answer.output).Bind(3, answer.error);
    RETURN_IF_ERROR(update.Bind(4, answer.cause).Bind(5, Micros(answer.heartbeat)).Bind(6, token).Run());
    if (database_->changes() == 1) return Status::OK();
    ASSIGN_OR_RETURN(auto select, database_->Prepare("SELECT 1 FROM workflow_token WHERE token = ?"));
    ASSIGN_OR_RETURN(const bool found, select.Bind(1, token).Step());
    if (!found) return MakeError(ErrorCode::kNotFound, "TaskDoesNotExist: " + token);
    return MakeError(ErrorCode::kPreconditionFailed,
                     "TaskTimedOut: the task does not wait any more: " + token);
  });
}

// SQLite's own counter of what other connections committed:
// https://sqlite.org/pragma.html#pragma_data_version
Result<int64_t> SqliteExecutionStore::Version() {
  int64_t version = 0;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(auto select, database_->Prepare("PRAGMA data_version"));
    RETURN_IF_ERROR(select.Step().status());
    version = select.Int(0);
    return Status::OK();
  }));
  return version;
}

Status SqliteExecutionStore::RequestStop(const std::string& name, const StopRequest& request) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(auto update,
                     database_->Prepare("UPDATE workflow_execution SET stop_requested = 1, stop_error = ?, "
                                        "stop_cause = ? WHERE name = ?"));
    RETURN_IF_ERROR(update.Bind(1, request.error).Bind(2, request.cause).Bind(3, name).Run());
    return database_->changes() == 1 ? Status::OK() : NoSuch(name);
  });
}

Result<std::optional<StopRequest>> SqliteExecutionStore::Heartbeat(const std::string& name,
                                                                   const Owner& owner, TimePoint now) {
  std::optional<StopRequest> out;
  RETURN_IF_ERROR(database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(const int64_t execution, FindOwned(name, owner));
    ASSIGN_OR_RETURN(auto update,
                     database_->Prepare("UPDATE workflow_execution SET owner_heartbeat = ? WHERE id = ?"));
    RETURN_IF_ERROR(update.Bind(1, Micros(now)).Bind(2, execution).Run());
    ASSIGN_OR_RETURN(auto select, database_->Prepare("SELECT stop_requested, stop_error, stop_cause FROM "
                                                     "workflow_execution WHERE id = ?"));
    ASSIGN_OR_RETURN(const bool found, select.Bind(1, execution).Step());
    if (found && select.Int(0) != 0) out = StopRequest{select.Text(1), select.Text(2)};
    return Status::OK();
  }));
  return out;
}

}  // namespace penstock::workflow
