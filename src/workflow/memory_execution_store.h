// Executions in memory: for tests, and for runs that need not outlive the process.
#pragma once

#include <map>
#include <mutex>

#include "workflow/execution_store.h"

namespace penstock::workflow {

class MemoryExecutionStore : public ExecutionStore {
 public:
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
  struct Entry {
    ExecutionInfo info;
    std::string definition;
    std::optional<Owner> owner;
    std::optional<StopRequest> stop;
    std::vector<std::vector<HistoryEvent>> events;              // in groups, as they were appended
    std::map<std::string, std::vector<HistoryEvent>> children;  // by HistoryEvent::child
    int64_t sequence = 0;
  };
  struct Token {
    std::string execution;
    TokenState state;
  };
  void Insert(Entry& entry, const std::vector<HistoryEvent>& events);
  Result<Entry*> Find(const std::string& name);
  Result<Entry*> FindOwned(const std::string& name, const Owner& owner);

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Token> tokens_;
  int64_t version_ = 0;
};

}  // namespace penstock::workflow
