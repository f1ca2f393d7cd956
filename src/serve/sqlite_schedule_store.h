// Schedules in a SQLite file, shared by the processes of a machine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "serve/schedule_store.h"

namespace penstock::sqlite {
class Database;
class Statement;
}  // namespace penstock::sqlite

namespace penstock::serve {

class SqliteScheduleStore : public ScheduleStore {
 public:
  // Migrates the component "serve" of the file.
  static Result<std::unique_ptr<SqliteScheduleStore>> Open(std::shared_ptr<sqlite::Database> database);

  Result<TimePoint> Register(const std::string& schedule, TimePoint now) override;
  Status Settle(const std::string& schedule, TimePoint until) override;
  Status Claim(const ScheduledRun& run) override;
  Result<std::optional<ScheduledRun>> Unfinished(const std::string& schedule) override;
  Status Take(const std::string& schedule, const std::string& expected,
              const workflow::Owner& owner) override;
  Status Start(const std::string& schedule, const workflow::Owner& owner, TimePoint now) override;
  Status Finish(const std::string& schedule, const workflow::Owner& owner, const RunOutcome& outcome,
                TimePoint now) override;
  Status Release(const std::string& schedule, const workflow::Owner& owner) override;
  Status Heartbeat(const workflow::Owner& owner, TimePoint now) override;
  Result<std::vector<ScheduledRun>> Runs(const std::string& schedule, int limit) override;

 private:
  using Bind = std::function<void(sqlite::Statement&)>;

  explicit SqliteScheduleStore(std::shared_ptr<sqlite::Database> database) : database_(std::move(database)) {}
  // For use inside Database::Write or Read.
  Status CheckRegistered(const std::string& schedule);
  Result<std::vector<ScheduledRun>> Select(const std::string& schedule, std::string_view condition,
                                           int limit);
  // One UPDATE of the run that is not done, whose `condition` holds; Conflict: it does not. Parameter 1 is
  // the schedule.
  Status Update(const std::string& schedule, std::string_view set, std::string_view condition,
                const Bind& bind);

  const std::shared_ptr<sqlite::Database> database_;
};

}  // namespace penstock::serve
