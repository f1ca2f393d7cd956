// Executions in a SQLite file, shared by the processes of a machine.
#pragma once

#include <memory>
#include <string>

#include "workflow/execution_store.h"

namespace penstock::sqlite {
class Database;
class Statement;
}  // namespace penstock::sqlite

namespace penstock::workflow {

class SqliteExecutionStore : public ExecutionStore {
 public:
  // Migrates the component "workflow" of the file.
  static Result<std::unique_ptr<SqliteExecutionStore>> Open(std::shared_ptr<sqlite::Database> database);
  static Result<std::unique_ptr<SqliteExecutionStore>> Open(const std::string& path);

  Status Create(const ExecutionInfo& info, const std::string& definition_text, const Owner& owner,
                const HistoryEvent& first) override;
  Result<ExecutionInfo> Get(const std::string& name) override;
  Result<std::string> GetDefinition(const std::string& name) override;
  Result<std::vector<ExecutionInfo>> List(const ListOptions& options) override;
  Result<std::vector<HistoryEvent>> History(const std::string& name) override;
  Result<std::vector<HistoryEvent>> ChildHistory(const std::string& name, const std::string& child) override;
  Result<std::optional<Owner>> GetOwner(const std::string& name) override;
  Status Acquire(const std::string& name, const std::optional<Owner>& expected, const Owner& owner) override;
  Status Release(const std::string& name, const Owner& owner) override;
  Status Append(const std::string& name, const Owner& owner, const std::vector<HistoryEvent>& events,
                const std::optional<Ending>& ending) override;
  Status Reopen(const std::string& name, const Owner& owner, const std::vector<HistoryEvent>& events,
                TimePoint now) override;
  Result<TokenState> GetToken(const std::string& token) override;
  Status AnswerToken(const std::string& token, const TokenState& answer) override;
  Result<int64_t> Version() override;
  Status RequestStop(const std::string& name, const StopRequest& request) override;
  Result<std::optional<StopRequest>> Heartbeat(const std::string& name, const Owner& owner,
                                               TimePoint now) override;

 private:
  explicit SqliteExecutionStore(std::shared_ptr<sqlite::Database> database)
      : database_(std::move(database)) {}
  // For use inside Database::Write.
  Result<int64_t> FindOwned(const std::string& name, const Owner& owner);
  Result<std::vector<HistoryEvent>> ReadEvents(const std::string& name, std::string_view from,
                                               const std::string& child);
  Status KeepToken(int64_t execution, const HistoryEvent& event);
  Status Insert(int64_t execution, const std::vector<HistoryEvent>& events);

  const std::shared_ptr<sqlite::Database> database_;
};

}  // namespace penstock::workflow
