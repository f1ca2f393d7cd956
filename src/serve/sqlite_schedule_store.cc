#include "serve/sqlite_schedule_store.h"

#include <fmt/format.h>

#include "sqlite/database.h"

namespace penstock::serve {
namespace {

const std::vector<std::string>& Migrations() {
  // Times in microseconds since 1970, UTC.
  static const std::vector<std::string> kMigrations{R"(
    CREATE TABLE serve_schedule (id TEXT PRIMARY KEY, settled INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE serve_run (
      schedule TEXT NOT NULL REFERENCES serve_schedule (id), occurrence INTEGER NOT NULL,
      execution TEXT NOT NULL, state INTEGER NOT NULL, claimed INTEGER NOT NULL,
      started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,
      result INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
      owner_id TEXT, owner_pid INTEGER, owner_start INTEGER, owner_boot TEXT, owner_namespace TEXT,
      owner_heartbeat INTEGER,
      PRIMARY KEY (schedule, occurrence)) WITHOUT ROWID;
    CREATE UNIQUE INDEX serve_run_unfinished ON serve_run (schedule) WHERE state <> 2;
  )"};
  return kMigrations;
}
static_assert(static_cast<int>(RunState::kDone) == 2, "of the index");

int64_t Micros(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint FromMicros(int64_t micros) { return TimePoint(Duration(micros)); }

void BindOwner(sqlite::Statement& statement, int first, const workflow::Owner& owner) {
  statement.Bind(first, owner.id).Bind(first + 1, owner.pid).Bind(first + 2, owner.start_ticks);
  statement.Bind(first + 3, owner.boot_id)
      .Bind(first + 4, owner.pid_namespace)
      .Bind(first + 5, Micros(owner.heartbeat));
}

constexpr std::string_view kColumns =
    "schedule, occurrence, execution, state, claimed, started, ended, result, message, "
    "owner_id, owner_pid, owner_start, owner_boot, owner_namespace, owner_heartbeat";

ScheduledRun ReadRun(const sqlite::Statement& row) {
  ScheduledRun run;
  run.schedule = row.Text(0);
  run.occurrence = FromMicros(row.Int(1));
  run.execution = row.Text(2);
  run.state = static_cast<RunState>(row.Int(3));
  run.claimed = FromMicros(row.Int(4));
  run.started = FromMicros(row.Int(5));
  run.ended = FromMicros(row.Int(6));
  run.outcome = {static_cast<RunResult>(row.Int(7)), row.Text(8)};
  if (!row.IsNull(9)) {
    run.owner = workflow::Owner{row.Text(9),  row.Int(10),  row.Int(11),
                                row.Text(12), row.Text(13), FromMicros(row.Int(14))};
  }
  return run;
}

}  // namespace

Result<std::unique_ptr<SqliteScheduleStore>> SqliteScheduleStore::Open(
    std::shared_ptr<sqlite::Database> database) {
  RETURN_IF_ERROR(database->Migrate("serve", Migrations()));
  return std::unique_ptr<SqliteScheduleStore>(new SqliteScheduleStore(std::move(database)));
}

Status SqliteScheduleStore::CheckRegistered(const std::string& schedule) {
  ASSIGN_OR_RETURN(auto find, database_->Prepare("SELECT 1 FROM serve_schedule WHERE id = ?"));
  ASSIGN_OR_RETURN(const bool found, find.Bind(1, schedule).Step());
  if (found) return Status::OK();
  return MakeError(ErrorCode::kNotFound, "no schedule of this name: " + schedule);
}

Result<TimePoint> SqliteScheduleStore::Register(const std::string& schedule, TimePoint now) {
  TimePoint settled;
  bool known = false;
  const auto read = [&]() -> Status {
    ASSIGN_OR_RETURN(auto find, database_->Prepare("SELECT settled FROM serve_schedule WHERE id = ?"));
    ASSIGN_OR_RETURN(known, find.Bind(1, schedule).Step());
    if (known) settled = FromMicros(find.Int(0));
    return Status::OK();
  };
  // Asked often: a known one takes no write.
  RETURN_IF_ERROR(database_->Read(read));
  if (known) return settled;
  RETURN_IF_ERROR(database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(auto insert, database_->Prepare("INSERT OR IGNORE INTO serve_schedule VALUES (?, ?)"));
    RETURN_IF_ERROR(insert.Bind(1, schedule).Bind(2, Micros(now)).Run());
    return read();
  }));
  return settled;
}

Status SqliteScheduleStore::Settle(const std::string& schedule, TimePoint until) {
  return database_->Write([&]() -> Status {
    RETURN_IF_ERROR(CheckRegistered(schedule));
    ASSIGN_OR_RETURN(auto update,
                     database_->Prepare("UPDATE serve_schedule SET settled = max(settled, ?) WHERE id = ?"));
    return update.Bind(1, Micros(until)).Bind(2, schedule).Run();
  });
}

Status SqliteScheduleStore::Claim(const ScheduledRun& run) {
  return database_->Write([&]() -> Status {
    RETURN_IF_ERROR(CheckRegistered(run.schedule));
    ASSIGN_OR_RETURN(auto settle, database_->Prepare(
                                      "UPDATE serve_schedule SET settled = ?2 WHERE id = ?1 AND settled < ?2 "
                                      "AND NOT EXISTS (SELECT 1 FROM serve_run WHERE schedule = ?1 AND "
                                      "state <> 2)"));
    RETURN_IF_ERROR(settle.Bind(1, run.schedule).Bind(2, Micros(run.occurrence)).Run());
    if (database_->changes() == 0) {
      return MakeError(ErrorCode::kConflict, "claimed before: " + run.execution);
    }
    ASSIGN_OR_RETURN(auto insert, database_->Prepare(
                                      "INSERT INTO serve_run (schedule, occurrence, execution, state, "
                                      "claimed, owner_id, owner_pid, owner_start, owner_boot, "
                                      "owner_namespace, owner_heartbeat) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                      "?, ?)"));
    insert.Bind(1, run.schedule)
        .Bind(2, Micros(run.occurrence))
        .Bind(3, run.execution)
        .Bind(4, static_cast<int64_t>(run.state))
        .Bind(5, Micros(run.claimed));
    if (run.owner) BindOwner(insert, 6, *run.owner);
    return insert.Run();
  });
}

Result<std::vector<ScheduledRun>> SqliteScheduleStore::Select(const std::string& schedule,
                                                              std::string_view condition, int limit) {
  ASSIGN_OR_RETURN(auto select, database_->Prepare(fmt::format(
                                    "SELECT {} FROM serve_run WHERE schedule = ? {} ORDER BY occurrence DESC "
                                    "LIMIT ?",
                                    kColumns, condition)));
  select.Bind(1, schedule).Bind(2, int64_t{limit});
  std::vector<ScheduledRun> runs;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return runs;
    runs.push_back(ReadRun(select));
  }
}

Result<std::optional<ScheduledRun>> SqliteScheduleStore::Unfinished(const std::string& schedule) {
  std::optional<ScheduledRun> run;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    RETURN_IF_ERROR(CheckRegistered(schedule));
    ASSIGN_OR_RETURN(auto runs, Select(schedule, "AND state <> 2", 1));
    if (!runs.empty()) run = std::move(runs.front());
    return Status::OK();
  }));
  return run;
}

Status SqliteScheduleStore::Update(const std::string& schedule, std::string_view set,
                                   std::string_view condition, const Bind& bind) {
  ASSIGN_OR_RETURN(auto update,
                   database_->Prepare(fmt::format(
                       "UPDATE serve_run SET {} WHERE schedule = ?1 AND state <> 2 AND {}", set, condition)));
  update.Bind(1, schedule);
  bind(update);
  RETURN_IF_ERROR(update.Run());
  if (database_->changes() > 0) return Status::OK();
  return MakeError(ErrorCode::kConflict, "another process has the run of " + schedule);
}

Status SqliteScheduleStore::Take(const std::string& schedule, const std::string& expected,
                                 const workflow::Owner& owner) {
  return database_->Write([&] {
    return Update(schedule,
                  "owner_id = ?3, owner_pid = ?4, owner_start = ?5, owner_boot = ?6, owner_namespace = ?7, "
                  "owner_heartbeat = ?8",
                  "coalesce(owner_id, '') = ?2", [&](sqlite::Statement& update) {
                    update.Bind(2, expected);
                    BindOwner(update, 3, owner);
                  });
  });
}

Status SqliteScheduleStore::Start(const std::string& schedule, const workflow::Owner& owner, TimePoint now) {
  return database_->Write([&] {
    return Update(schedule, "started = CASE state WHEN 0 THEN ?3 ELSE started END, state = 1",
                  "owner_id = ?2",
                  [&](sqlite::Statement& update) { update.Bind(2, owner.id).Bind(3, Micros(now)); });
  });
}

Status SqliteScheduleStore::Finish(const std::string& schedule, const workflow::Owner& owner,
                                   const RunOutcome& outcome, TimePoint now) {
  return database_->Write([&]() -> Status {
    RETURN_IF_ERROR(Update(schedule, "state = 2, owner_id = NULL, ended = ?3, result = ?4, message = ?5",
                           "owner_id = ?2", [&](sqlite::Statement& update) {
                             update.Bind(2, owner.id)
                                 .Bind(3, Micros(now))
                                 .Bind(4, static_cast<int64_t>(outcome.result))
                                 .Bind(5, outcome.message);
                           }));
    ASSIGN_OR_RETURN(auto prune,
                     database_->Prepare("DELETE FROM serve_run WHERE schedule = ?1 AND occurrence <= (SELECT "
                                        "occurrence FROM serve_run WHERE schedule = ?1 ORDER BY occurrence "
                                        "DESC LIMIT 1 OFFSET ?2)"));
    return prune.Bind(1, schedule).Bind(2, int64_t{kKeptRuns}).Run();
  });
}

Status SqliteScheduleStore::Release(const std::string& schedule, const workflow::Owner& owner) {
  return database_->Write([&] {
    return Update(schedule, "owner_id = NULL", "owner_id = ?2",
                  [&](sqlite::Statement& update) { update.Bind(2, owner.id); });
  });
}

Status SqliteScheduleStore::Heartbeat(const workflow::Owner& owner, TimePoint now) {
  return database_->Write([&]() -> Status {
    ASSIGN_OR_RETURN(
        auto update,
        database_->Prepare("UPDATE serve_run SET owner_heartbeat = ? WHERE owner_id = ? AND state <> 2"));
    return update.Bind(1, Micros(now)).Bind(2, owner.id).Run();
  });
}

Result<std::vector<ScheduledRun>> SqliteScheduleStore::Runs(const std::string& schedule, int limit) {
  std::vector<ScheduledRun> runs;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(runs, Select(schedule, "", limit));
    return Status::OK();
  }));
  return runs;
}

}  // namespace penstock::serve
