#include "workflow/engine.h"

#include <fmt/format.h>

#include <utility>

#include "base/fault.h"
#include "base/json_text.h"
#include "workflow/interpreter.h"

namespace penstock::workflow {
namespace {

HistoryEvent StartedEvent(const ExecutionInfo& info) {
  HistoryEvent event;
  event.id = 1;
  event.type = EventType::kExecutionStarted;
  event.timestamp = info.started;
  event.data = JsonText(info.input);
  return event;
}

}  // namespace

Engine::Engine(ExecutionStore& store, TaskRunner& tasks, Clock& clock, Random& random, Logger logger,
               EngineOptions options)
    : store_(store),
      tasks_(tasks),
      clock_(clock),
      random_(random),
      logger_(std::move(logger)),
      options_(std::move(options)),
      watch_(clock),
      tokens_(store),
      nested_(*this, tasks, options_.definitions) {}

Engine::~Engine() = default;

std::string Engine::StateMachineArn(const std::string& state_machine) const {
  return fmt::format("arn:aws:states:{}:{}:stateMachine:{}", options_.region, options_.account,
                     state_machine);
}

std::string Engine::ExecutionArn(const std::string& state_machine, const std::string& name) const {
  return fmt::format("arn:aws:states:{}:{}:execution:{}:{}", options_.region, options_.account, state_machine,
                     name);
}

Result<Engine::Found> Engine::FindOrCreate(const StartOptions& start) {
  if (start.name.empty() || start.name.size() > 200) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("an execution's name has 1 to 200 characters: '{}'", start.name));
  }
  auto existing = store_.Get(start.name);
  if (!existing.ok() && CodeOf(existing.status()) == ErrorCode::kNotFound) {
    ASSIGN_OR_RETURN(auto definition, ParseDefinition(start.definition_text));
    const std::string text = JsonText(start.input);
    if (const auto readable = ParseJson(text); !readable.ok()) {
      return WithContext(readable.status(), fmt::format("the input of execution {}", start.name));
    }
    const size_t bytes = text.size();
    if (bytes > options_.max_payload_bytes) {
      return MakeError(ErrorCode::kTooLarge,
                       fmt::format("the input of execution {} has {} bytes; at most {} are allowed",
                                   start.name, bytes, options_.max_payload_bytes),
                       "put the data into the bucket and pass its key");
    }
    ExecutionInfo info;
    info.name = start.name;
    info.state_machine = start.state_machine;
    info.definition_hash = definition->hash;
    info.input = start.input;
    info.started = clock_.Now();
    const Owner owner = MakeOwner(random_, info.started);
    RETURN_IF_ERROR(FaultPoint("workflow.commit.before"));
    const Status created = store_.Create(info, start.definition_text, owner, StartedEvent(info));
    if (created.ok()) {
      RETURN_IF_ERROR(FaultPoint("workflow.commit.after"));
      return Found{std::move(info), std::move(definition), owner};
    }
    if (CodeOf(created) != ErrorCode::kAlreadyExists) return created;
    existing = store_.Get(start.name);  // another process was quicker
  }
  RETURN_IF_ERROR(existing.status());
  if (existing->state_machine != start.state_machine || !JsonEquals(existing->input, start.input)) {
    return MakeError(
        ErrorCode::kAlreadyExists,
        fmt::format("an execution of this name ran with another {}: {}",
                    existing->state_machine != start.state_machine ? "state machine" : "input", start.name),
        "use another name, or the same input");
  }
  return Found{*std::move(existing), nullptr, {}};
}

Result<ExecutionInfo> Engine::Run(const StartOptions& start, std::stop_token stop) {
  ASSIGN_OR_RETURN(Found found, FindOrCreate(start));
  if (found.definition != nullptr) {
    const Recorded recorded({StartedEvent(found.info)});
    return Execute(std::move(found.info), *found.definition, recorded, found.owner, stop, start.depth);
  }
  if (found.info.status != ExecutionStatus::kRunning) return std::move(found.info);
  return TakeUp(start.name, stop, start.depth);
}

Result<ExecutionInfo> Engine::Begin(const StartOptions& start) {
  ASSIGN_OR_RETURN(Found found, FindOrCreate(start));
  if (found.definition != nullptr) RETURN_IF_ERROR(store_.Release(start.name, found.owner));
  return std::move(found.info);
}

Result<ExecutionInfo> Engine::Resume(const std::string& name, std::stop_token stop) {
  ASSIGN_OR_RETURN(ExecutionInfo info, store_.Get(name));
  if (info.status != ExecutionStatus::kRunning) return info;
  return TakeUp(name, stop);
}

Status Engine::BusyError(const std::string& name, const Owner& owner) const {
  return MakeError(ErrorCode::kConflict,
                   fmt::format("execution {} is being run by process {}", name, owner.pid),
                   "wait for it, or stop it with `executions stop`");
}

Result<ExecutionInfo> Engine::TakeUp(const std::string& name, std::stop_token stop, int depth) {
  const TimePoint now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Owner> before, store_.GetOwner(name));
  if (before && IsAlive(*before, now)) return BusyError(name, *before);
  const Owner owner = MakeOwner(random_, now);
  if (const Status acquired = store_.Acquire(name, before, owner); !acquired.ok()) {
    if (CodeOf(acquired) != ErrorCode::kConflict) return acquired;
    ASSIGN_OR_RETURN(ExecutionInfo info, store_.Get(name));
    if (info.status != ExecutionStatus::kRunning) return info;
    ASSIGN_OR_RETURN(const std::optional<Owner> other, store_.GetOwner(name));
    return other ? BusyError(name, *other) : acquired;
  }
  return TakeOver(name, owner, stop, depth);
}

Result<ExecutionInfo> Engine::TakeOver(const std::string& name, const Owner& owner, std::stop_token stop,
                                       int depth) {
  // The lease is ours: it is given back when the execution cannot even be read.
  const auto read = [&]() -> Result<ExecutionInfo> {
    ASSIGN_OR_RETURN(ExecutionInfo info, store_.Get(name));
    ASSIGN_OR_RETURN(const std::string text, store_.GetDefinition(name));
    ASSIGN_OR_RETURN(const auto definition, ParseDefinition(text));
    ASSIGN_OR_RETURN(auto events, store_.History(name));
    ASSIGN_OR_RETURN(auto of_children, store_.ChildHistory(name, ""));
    logger_.Info("execution_resumed", {{"execution", name}, {"events", events.size()}});
    return Execute(std::move(info), *definition, Recorded(std::move(events), std::move(of_children)), owner,
                   stop, depth);
  };
  auto result = read();
  if (!result.ok()) IgnoreError(store_.Release(name, owner), "the first failure is the one to report");
  return result;
}

Result<ExecutionInfo> Engine::Execute(ExecutionInfo info, const Definition& definition,
                                      const Recorded& recorded, const Owner& owner, std::stop_token stop,
                                      int depth) {
  Halt halt;
  const std::stop_callback interrupted(stop, [&] { halt.Request(Halt::Reason::kInterrupted); });
  {
    std::lock_guard lock(mutex_);
    active_[info.name] = &halt;
  }
  const Logger log = logger_.With({"execution", info.name});
  log.Debug("execution_running", {{"state_machine", info.state_machine}});

  JournalOptions journal_options;
  journal_options.commit_interval_ms = options_.commit_interval_ms;
  journal_options.heartbeat_interval_ms = options_.heartbeat_interval_ms;
  journal_options.max_events = options_.max_events;
  journal_options.on_event = options_.on_event;
  journal_options.on_stop = [&](const StopRequest& request) {
    halt.Request(Halt::Reason::kAborted, request.error, request.cause);
  };
  journal_options.on_failure = [&](const Status& status) {
    halt.Request(Halt::Reason::kFailed, "", "", status);
  };
  Journal journal(store_, info.name, owner, clock_, recorded.last_id(), recorded.last_time(),
                  std::move(journal_options));

  ExecutionFacts facts = FactsOf(info);
  facts.input = std::move(info.input);
  facts.depth = depth;
  InterpreterContext context{definition, facts, recorded, journal, nested_, clock_, random_, watch_, halt};
  context.store = &store_;
  context.tokens = &tokens_;
  context.max_parallel = options_.max_parallel;
  context.max_payload_bytes = options_.max_payload_bytes;
  context.sources = options_.sources;
  context.nested = &nested_;
  int64_t deadline = 0;
  if (definition.timeout_s) {
    context.deadline = std::max(info.started, info.redriven) + std::chrono::seconds(*definition.timeout_s);
    deadline = watch_.Add(context.deadline, [&] { halt.Request(Halt::Reason::kTimedOut, "States.Timeout"); });
  }
  Result<json::value> result = Interpreter(context).Run(facts.input);
  if (deadline != 0) watch_.Remove(deadline);
  {
    std::lock_guard lock(mutex_);
    active_.erase(info.name);
  }

  Ending ending;
  HistoryEvent last;
  const Halt::Reason reason = halt.reason();
  if (result.ok()) {  // it came to its end before the halt was seen
    last.type = EventType::kExecutionSucceeded;
    last.data = JsonText(*result);
    ending.output = *std::move(result);
  } else if (IsTaskError(result.status())) {
    const TaskError error = TaskErrorOf(result.status());
    ending = {ExecutionStatus::kFailed, nullptr, error.error, error.cause, {}};
    last.type = EventType::kExecutionFailed;
  } else if (reason == Halt::Reason::kAborted || reason == Halt::Reason::kTimedOut) {
    const bool aborted = reason == Halt::Reason::kAborted;
    ending = {aborted ? ExecutionStatus::kAborted : ExecutionStatus::kTimedOut,
              nullptr,
              halt.error(),
              halt.cause(),
              {}};
    last.type = aborted ? EventType::kExecutionAborted : EventType::kExecutionTimedOut;
  } else {
    Status status = reason == Halt::Reason::kFailed ? halt.status() : result.status();
    const Status closed = journal.Close();
    if (reason == Halt::Reason::kInterrupted) {
      status = closed.ok()
                   ? MakeError(ErrorCode::kCancelled, fmt::format("execution {} was interrupted", info.name),
                               "run it again to go on from here")
                   : closed;
    }
    log.Warning("execution_interrupted", {{"reason", status.message()}});
    IgnoreError(store_.Release(info.name, owner), "a dead owner is seen by its pid");
    return status;
  }
  last.error = ending.error;
  last.cause = ending.cause;
  info.status = ending.status;
  info.input = std::move(facts.input);
  info.output = ending.output;
  info.error = ending.error;
  info.cause = ending.cause;
  const auto finished = journal.Finish(std::move(last), std::move(ending));
  if (!finished.ok()) {
    IgnoreError(store_.Release(info.name, owner), "a dead owner is seen by its pid");
    return finished.status();
  }
  info.stopped = *finished;
  // What it waited for in this process was stopped with it; what it waited for in one that died is stopped
  // now.
  if (recorded.last_id() > 1 && info.status != ExecutionStatus::kSucceeded) {
    IgnoreError(AbandonNested(info), "best effort; the execution has ended");
  }
  log.Info("execution_ended", {{"status", NameOf(info.status)}, {"error", info.error}});
  return info;
}

Status Engine::Stop(const std::string& name, const std::string& error, const std::string& cause) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = active_.find(name); found != active_.end()) {
      found->second->Request(Halt::Reason::kAborted, error, cause);
      return Status::OK();
    }
  }
  ASSIGN_OR_RETURN(const ExecutionInfo info, store_.Get(name));
  if (info.status != ExecutionStatus::kRunning) {
    return MakeError(ErrorCode::kPreconditionFailed,
                     fmt::format("execution {} is not running: {}", name, NameOf(info.status)));
  }
  const TimePoint now = clock_.Now();
  ASSIGN_OR_RETURN(const std::optional<Owner> before, store_.GetOwner(name));
  if (before && IsAlive(*before, now)) return store_.RequestStop(name, {error, cause});
  const Owner owner = MakeOwner(random_, now);
  RETURN_IF_ERROR(store_.Acquire(name, before, owner));
  ASSIGN_OR_RETURN(const auto events, store_.History(name));
  HistoryEvent last;
  last.id = events.empty() ? 1 : events.back().id + 1;
  last.previous_id = events.empty() ? 0 : events.back().id;
  last.type = EventType::kExecutionAborted;
  last.timestamp = events.empty() ? now : std::max(now, events.back().timestamp);
  last.error = error;
  last.cause = cause;
  const Ending ending{ExecutionStatus::kAborted, nullptr, error, cause, last.timestamp};
  RETURN_IF_ERROR(store_.Append(name, owner, {last}, ending));
  IgnoreError(AbandonNested(info), "best effort; the execution has ended");
  return Status::OK();
}

ExecutionFacts Engine::FactsOf(const ExecutionInfo& info) const {
  ExecutionFacts facts;
  facts.name = info.name;
  facts.state_machine = info.state_machine;
  facts.state_machine_id = StateMachineArn(info.state_machine);
  facts.id = ExecutionArn(info.state_machine, info.name);
  facts.role_arn = options_.role_arn;
  facts.start_time = FormatTimestamp(info.started);
  facts.redrive_count = info.redrive_count;
  facts.redrive_time = FormatTimestamp(info.redriven);
  return facts;
}

Status Engine::AbandonNested(const ExecutionInfo& info) {
  ASSIGN_OR_RETURN(const auto events, store_.History(info.name));
  std::map<std::string, const HistoryEvent*> waiting;  // by the path of the attempt
  for (const auto& event : events) {
    if (event.type == EventType::kTaskScheduled && NestedExecutions::Waits(event.resource)) {
      waiting[event.path] = &event;
    } else if (event.type == EventType::kTaskSucceeded || event.type == EventType::kTaskFailed ||
               event.type == EventType::kTaskTimedOut) {
      waiting.erase(event.path);
    }
  }
  const ExecutionFacts facts = FactsOf(info);
  for (const auto& [path, event] : waiting) {
    TaskRequest request;
    request.resource = event->resource;
    ASSIGN_OR_RETURN(request.input, ParseJson(event->data));
    request.execution_name = info.name;
    request.id = TaskAttemptId(facts, path);
    nested_.Abandon(request);
  }
  return Status::OK();
}

Result<ExecutionInfo> Engine::Describe(const std::string& name) { return store_.Get(name); }
Result<std::vector<ExecutionInfo>> Engine::List(const ListOptions& options) { return store_.List(options); }
Result<std::vector<HistoryEvent>> Engine::History(const std::string& name) { return store_.History(name); }
Result<std::vector<HistoryEvent>> Engine::ChildHistory(const std::string& name, const std::string& child) {
  return store_.ChildHistory(name, child);
}
Result<std::vector<MapRunInfo>> Engine::MapRuns(const std::string& name) {
  ASSIGN_OR_RETURN(const ExecutionInfo info, store_.Get(name));
  ASSIGN_OR_RETURN(const auto events, store_.History(name));
  ASSIGN_OR_RETURN(const auto of_children, store_.ChildHistory(name, ""));
  return MapRunsOf(events, of_children, info.status);
}

}  // namespace penstock::workflow
