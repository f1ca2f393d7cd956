// Where executions and their history are kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "workflow/history.h"
#include "workflow/owner.h"

namespace penstock::workflow {

enum class ExecutionStatus { kRunning, kSucceeded, kFailed, kTimedOut, kAborted };
std::string_view NameOf(ExecutionStatus status);  // "RUNNING", as in DescribeExecution
Result<ExecutionStatus> ParseExecutionStatus(std::string_view name);

struct ExecutionInfo {
  std::string name, state_machine, definition_hash;
  ExecutionStatus status = ExecutionStatus::kRunning;
  json::value input, output;
  std::string error, cause;
  TimePoint started{}, stopped{};  // `stopped` only when not running
  int64_t redrive_count = 0;
  TimePoint redriven{};  // the last time; only with a redrive_count
};

struct ListOptions {
  std::string state_machine;  // empty: all
  std::optional<ExecutionStatus> status;
  int limit = 100;  // newest first
};

// Where a task token stands. Waiting is also what a heartbeat sends.
enum class TokenPhase { kWaiting, kSucceeded, kFailed, kClosed };
struct TokenState {
  TokenPhase phase = TokenPhase::kWaiting;
  std::string output;  // JSON text
  std::string error, cause;
  TimePoint heartbeat{};  // the last sign of life: when it was scheduled, or a heartbeat
};

struct StopRequest {
  std::string error, cause;
};

// How an execution ended.
struct Ending {
  ExecutionStatus status = ExecutionStatus::kSucceeded;
  json::value output;
  std::string error, cause;
  TimePoint stopped{};
};

// Thread-safe; several processes may use the same storage. Every call is one transaction.
class ExecutionStore {
 public:
  virtual ~ExecutionStore() = default;
  // A new running execution, owned by `owner`, with its first event. AlreadyExists: the name is taken.
  virtual Status Create(const ExecutionInfo& info, const std::string& definition_text, const Owner& owner,
                        const HistoryEvent& first) = 0;
  // NotFound.
  virtual Result<ExecutionInfo> Get(const std::string& name) = 0;
  virtual Result<std::string> GetDefinition(const std::string& name) = 0;
  virtual Result<std::vector<ExecutionInfo>> List(const ListOptions& options) = 0;
  // In the order of their ids. Without those of its children.
  virtual Result<std::vector<HistoryEvent>> History(const std::string& name) = 0;
  // Those of one child (HistoryEvent::child), or of all for an empty text; each child's in the order of their
  // ids.
  virtual Result<std::vector<HistoryEvent>> ChildHistory(const std::string& name,
                                                         const std::string& child) = 0;

  // The owner of a running execution; none when it was released.
  virtual Result<std::optional<Owner>> GetOwner(const std::string& name) = 0;
  // Makes `owner` the owner if it still is `expected` (none: nobody). Conflict: somebody else was quicker.
  virtual Status Acquire(const std::string& name, const std::optional<Owner>& expected,
                         const Owner& owner) = 0;
  // Nobody owns it any more, if `owner` did.
  virtual Status Release(const std::string& name, const Owner& owner) = 0;

  // Appends events, and ends the execution when there is an ending (that releases it too). Conflict: `owner`
  // does not own it (any more), nothing is written.
  virtual Status Append(const std::string& name, const Owner& owner, const std::vector<HistoryEvent>& events,
                        const std::optional<Ending>& ending) = 0;

  // A failed, timed out or aborted execution runs again, owned by `owner`, with these events.
  // PreconditionFailed: it is running or has succeeded.
  virtual Status Reopen(const std::string& name, const Owner& owner, const std::vector<HistoryEvent>& events,
                        TimePoint now) = 0;

  // Task tokens. Append makes one of a TaskScheduled with a token (the same again is left as it is) and
  // closes it with any other event of that token, or with the execution. NotFound: no such token
  // (TaskDoesNotExist).
  virtual Result<TokenState> GetToken(const std::string& token) = 0;
  // An answer, or a heartbeat. PreconditionFailed: it was answered or closed before (TaskTimedOut).
  virtual Status AnswerToken(const std::string& token, const TokenState& answer) = 0;
  // Changes when another process, or another user of this store, may have written.
  virtual Result<int64_t> Version() = 0;

  // Leaves a request for the owner, who asks for it with Heartbeat.
  virtual Status RequestStop(const std::string& name, const StopRequest& request) = 0;
  // Says that the owner lives at `now`, and answers what is asked of it. Conflict as Append.
  virtual Result<std::optional<StopRequest>> Heartbeat(const std::string& name, const Owner& owner,
                                                       TimePoint now) = 0;
};

}  // namespace penstock::workflow
