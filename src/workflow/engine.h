// Durable executions of state machines: started once by name, resumed after a crash, stopped, looked at.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "workflow/deadline_watch.h"
#include "workflow/execution_store.h"
#include "workflow/item_reader.h"
#include "workflow/map_run.h"
#include "workflow/nested_execution.h"
#include "workflow/task.h"
#include "workflow/task_token.h"

namespace penstock::workflow {

class Halt;
class Recorded;
struct ExecutionFacts;

struct EngineOptions {
  // Iterations of a Map at once where its MaxConcurrency is 0. Each runs on a thread; nested Maps multiply.
  int max_parallel = 16;
  // Events an execution may have; the last place is kept for its end. AWS: 25,000.
  int64_t max_events = 25'000;
  // JSON text of an input or output of a state. AWS: 262,144.
  size_t max_payload_bytes = 262'144;
  // How long events wait to be written together; see JournalOptions.
  int commit_interval_ms = 20;
  int heartbeat_interval_ms = 1'000;
  // What the ids in the context object ($$.Execution.Id, …) are made of.
  std::string region = "local";
  std::string account = "000000000000";
  std::string role_arn = "arn:aws:iam::000000000000:role/penstock";
  // What a distributed Map reads its items from and writes its results to.
  ItemSources sources;
  // What states:startExecution starts.
  DefinitionSource definitions;
  // Progress: each event after it was written, in order, on a thread of the engine; must be quick.
  std::function<void(const HistoryEvent&)> on_event;
};

struct StartOptions {
  std::string name;  // of the execution: the same name is the same execution
  std::string state_machine;
  std::string definition_text;
  json::value input;
  int depth = 0;  // of executions that started each other
};

// Thread-safe. What it is given outlives it; all its executions have returned before it is destroyed.
class Engine {
 public:
  Engine(ExecutionStore& store, TaskRunner& tasks, Clock& clock, Random& random, Logger logger,
         EngineOptions options = {});
  ~Engine();

  // Starts the execution, or goes on with it, and waits to its end. An execution that failed is an OK result
  // whose status says so. A finished one of the same name, state machine and input is returned as it ended; a
  // running one whose process died is taken over at once, with the definition it was started with.
  // AlreadyExists: the name belongs to another input or state machine. Conflict: another process runs it
  // (named). Configuration: a wrong definition. TooLarge: the input. InvalidData: the input is not UTF-8 or
  // too deep. Cancelled: `stop` was requested; it stays running, and the next Run or Resume goes on. Others:
  // the machinery failed; likewise.
  Result<ExecutionInfo> Run(const StartOptions& start, std::stop_token stop = {});
  // Goes on with a running execution. NotFound; else as Run.
  Result<ExecutionInfo> Resume(const std::string& name, std::stop_token stop = {});
  // Creates it, if it is new, without running it: for Resume. Failures as of Run.
  Result<ExecutionInfo> Begin(const StartOptions& start);
  // A FAILED, TIMED_OUT or ABORTED execution goes on from the state it failed in, to its end: completed
  // states, iterations, branches and child executions do not run again, what failed does, with its retries
  // anew (those of a Map or Parallel go on counting). PreconditionFailed: it runs, has succeeded, or its
  // history is full.
  Result<ExecutionInfo> Redrive(const std::string& name, std::stop_token stop = {});

  // Answers a Task that waits for its token, in whatever process. InvalidData: not a token ("InvalidToken").
  // NotFound: "TaskDoesNotExist". PreconditionFailed: it does not wait any more ("TaskTimedOut"). TooLarge.
  Status SendTaskSuccess(const std::string& token, const json::value& output);
  Status SendTaskFailure(const std::string& token, const std::string& error, const std::string& cause);
  // Its HeartbeatSeconds begin anew.
  Status SendTaskHeartbeat(const std::string& token);

  std::string StateMachineArn(const std::string& state_machine) const;
  std::string ExecutionArn(const std::string& state_machine, const std::string& name) const;

  // Ends a running execution as ABORTED, wherever it runs: at once when no process does, otherwise soon. A
  // finished one is left alone: PreconditionFailed.
  Status Stop(const std::string& name, const std::string& error, const std::string& cause);

  Result<ExecutionInfo> Describe(const std::string& name);
  Result<std::vector<ExecutionInfo>> List(const ListOptions& options = {});
  Result<std::vector<HistoryEvent>> History(const std::string& name);
  // Of the child executions of its distributed Maps; `child` as in HistoryEvent::child, or empty for all.
  Result<std::vector<HistoryEvent>> ChildHistory(const std::string& name, const std::string& child = "");
  // Of its distributed Maps, with the counts of their items and children.
  Result<std::vector<MapRunInfo>> MapRuns(const std::string& name);

 private:
  Result<ExecutionInfo> TakeUp(const std::string& name, std::stop_token stop, int depth = 0);
  // Runs an execution that this process owns.
  Result<ExecutionInfo> Execute(ExecutionInfo info, const Definition& definition, const Recorded& recorded,
                                const Owner& owner, std::stop_token stop, int depth);
  // Of an execution that `owner`, this process, has just acquired.
  Result<ExecutionInfo> TakeOver(const std::string& name, const Owner& owner, std::stop_token stop,
                                 int depth = 0);
  // What Run, Begin have in common: the execution of this name, made now unless it is there. `created`: with
  // this owner.
  struct Found {
    ExecutionInfo info;
    std::shared_ptr<const Definition> definition;  // only when it was created
    Owner owner;
  };
  Result<Found> FindOrCreate(const StartOptions& start);
  // Of an execution that has ended without a process that ran it to its end: what its Tasks waited for.
  Status AbandonNested(const ExecutionInfo& info);
  ExecutionFacts FactsOf(const ExecutionInfo& info) const;
  Status Answer(const std::string& token, TokenState answer);
  Status BusyError(const std::string& name, const Owner& owner) const;

  ExecutionStore& store_;
  TaskRunner& tasks_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
  const EngineOptions options_;
  DeadlineWatch watch_;
  TokenWatch tokens_;
  std::mutex mutex_;
  std::map<std::string, Halt*> active_;
  NestedExecutions nested_;  // last: what it started ends first
};

}  // namespace penstock::workflow
