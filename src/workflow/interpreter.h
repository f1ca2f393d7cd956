// Runs one execution of a definition: walks its states, writes the history, and goes the recorded way first
// when the execution is taken up again.
#pragma once

#include <optional>
#include <string>

#include "workflow/deadline_watch.h"
#include "workflow/definition.h"
#include "workflow/halt.h"
#include "workflow/input_output.h"
#include "workflow/item_reader.h"
#include "workflow/journal.h"
#include "workflow/recorded.h"
#include "workflow/task.h"
#include "workflow/task_token.h"

namespace penstock::workflow {

// Everything outside of the execution itself. Outlives the interpreter.
class NestedExecutions;

struct InterpreterContext {
  const Definition& definition;
  const ExecutionFacts& facts;
  const Recorded& recorded;
  Journal& journal;
  TaskRunner& tasks;
  Clock& clock;
  Random& random;
  DeadlineWatch& watch;
  Halt& halt;
  int max_parallel = 16;
  size_t max_payload_bytes = 262'144;
  TimePoint deadline = TimePoint::max();  // of the execution
  Lane* lane = nullptr;                   // of a child execution; null: the execution itself
  ExecutionStore* store = nullptr;        // of task tokens
  TokenWatch* tokens = nullptr;
  ItemSources sources;                 // what an ItemReader reads, a ResultWriter writes
  NestedExecutions* nested = nullptr;  // null: no Task starts executions
};

// Unique to one attempt of a Task in an execution, and the same when it is taken up again: TaskRequest::id.
std::string TaskAttemptId(const ExecutionFacts& facts, const std::string& attempt_path);

class Interpreter {
 public:
  explicit Interpreter(const InterpreterContext& context) : context_(context) {}

  // The output; a TaskError when the execution failed; Cancelled when it was halted; otherwise the
  // machinery's failure. Blocks; Map and Parallel use threads of their own, joined before it returns.
  Result<json::value> Run(json::value input);

 private:
  // One line of states: the execution itself, an iteration or a branch. Belongs to one thread.
  struct Frame {
    std::string prefix;  // of the paths of its events
    const MapItem* item = nullptr;
    std::stop_token stop;
    int64_t last_event = 0;   // previousEventId of the next event
    int64_t last_effect = 0;  // sequence of the event after the last outside effect that this frame builds on
    Variables variables;
  };
  // One visit of a state.
  struct Visit {
    const State& state;
    Frame& frame;
    const std::string& path;
    int64_t entered_id = 0;
    TimePoint entered{};
    ContextObject& context;
    int attempt = 1;
    bool started = false;                     // a Map or Parallel got as far as its iterations or branches
    std::optional<StatesObject> states = {};  // in JSONata
    Scope scope = {};
  };
  struct Transition {
    json::value output;
    int next = -1;
    json::value assigned;  // an object; null: nothing
  };

  Result<json::value> RunMachine(const Machine& machine, Frame& frame, json::value input);
  Result<Transition> RunState(const Machine& machine, const State& state, Frame& frame,
                              const std::string& path, json::value input);
  Result<Transition> Execute(Visit& visit, json::value& input);
  Result<Transition> CheckTransition(const State& state, Transition transition, HistoryEvent& exited) const;
  Result<Transition> Catch(Visit& visit, json::value& input, const Status& failure);
  // `dollar` is $ in the JSONPath language.
  Status Assign(Visit& visit, const Template* assign, const json::value& dollar, Transition& out) const;
  // The rule that matched; null: the default.
  Result<const ChoiceBranch*> ExecuteChoice(Visit& visit, const json::value& effective);
  Status ExecuteWait(Visit& visit, const json::value& effective);
  Status ExecuteFail(Visit& visit, const json::value& input);

  // A Task, Map or Parallel with its Retry; the result before ResultSelector.
  Result<json::value> ExecuteWithRetry(Visit& visit, const json::value& effective);
  Result<json::value> Attempt(Visit& visit, const json::value& effective, TimePoint& ended);
  Result<json::value> AttemptTask(Visit& visit, const json::value& effective, int attempt, TimePoint& ended);
  Result<json::value> CallTask(Visit& visit, const json::value& effective, int attempt, TimePoint deadline,
                               bool& timed_out);
  // What was sent for the token; `missed`: States.Timeout or States.HeartbeatTimeout, when nothing was.
  Result<json::value> AwaitToken(const Frame& frame, const std::string& token, TimePoint deadline,
                                 std::optional<int64_t> heartbeat_s, std::string& missed);
  // Names an attempt in all time.
  std::string AttemptId(const std::string& attempt_path) const;
  Result<json::value> AttemptMap(Visit& visit, const json::value& effective, int attempt);
  Result<json::value> AttemptParallel(Visit& visit, const json::value& effective, int attempt);
  Result<json::value> RunIteration(Visit& visit, const json::value& effective, Frame& frame,
                                   const json::value& item, int64_t index);
  // interpreter_distributed.cc: each item, or batch of them, a child execution.
  struct MapRun;
  Result<json::value> AttemptDistributedMap(Visit& visit, const json::value& effective, int attempt);
  Status PrepareItems(Visit& visit, const json::value& effective, MapRun& run);
  Status PrepareBatches(Visit& visit, const json::value& effective, MapRun& run);
  Result<json::value> InputOfChild(Visit& visit, Frame& frame, const json::value& effective,
                                   const MapRun& run, size_t i);
  Status RunChild(Visit& visit, const json::value& effective, MapRun& run, size_t i, Frame& frame);
  Status WriteResults(Visit& visit, const json::value& effective, MapRun& run, json::value& result);
  // The array that a Map goes over: a part of `effective`, or made in `buffer`.
  Result<const json::array*> ItemsOf(const Visit& visit, const json::value& effective,
                                     json::value& buffer) const;
  Result<int64_t> ConcurrencyOf(const Visit& visit, const json::value& effective) const;
  // Runs work(i, frame) for each i on at most `threads` threads; the first failure stops the others.
  Status Fork(Visit& visit, const std::string& prefix, size_t count, int64_t threads,
              const std::function<Status(size_t, Frame&)>& work);

  // Appends an event, or finds it in the record.
  Result<EventRef> Emit(Frame& frame, HistoryEvent event) const;
  Status CheckHalt(const Frame& frame) const;
  Status CheckSize(const State& state, size_t bytes, int depth) const;
  Status SleepUntil(const Frame& frame, TimePoint deadline);
  Result<int64_t> SecondsFrom(const JsonPath& path, const Scope& scope, std::string_view field) const;
  Result<int64_t> SecondsFrom(const JsonataField& field, const Scope& scope) const;
  // Puts the state and its event before the cause of an error that its own fields made, and writes the event
  // of an expression that failed.
  Status InState(const Visit& visit, const Status& status) const {
    return InState(visit, visit.frame, status);
  }
  Status InState(const Visit& visit, Frame& frame, const Status& status) const;
  // How a state is named in the cause of States.DataLimitExceeded: a Task by what it calls.
  static std::string_view LimitName(const State& state);
  static std::string AttemptPath(const std::string& path, int attempt);

  const InterpreterContext& context_;
};

}  // namespace penstock::workflow
