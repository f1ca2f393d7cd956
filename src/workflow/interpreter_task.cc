// Task states, and the Retry of Task, Map and Parallel.
#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <utility>

#include "base/json_text.h"
#include "workflow/interpreter.h"
#include "workflow/nested_execution.h"

namespace penstock::workflow {
namespace {

// A function named by its ARN is called directly and has history events of its own.
bool IsLambda(const std::string& resource) { return resource.rfind("arn:aws:lambda:", 0) == 0; }

struct TaskEvents {
  EventType scheduled, started, succeeded, failed, timed_out;
};
constexpr TaskEvents kTaskEvents{EventType::kTaskScheduled, EventType::kTaskStarted,
                                 EventType::kTaskSucceeded, EventType::kTaskFailed, EventType::kTaskTimedOut};
constexpr TaskEvents kLambdaEvents{EventType::kLambdaFunctionScheduled, EventType::kLambdaFunctionStarted,
                                   EventType::kLambdaFunctionSucceeded, EventType::kLambdaFunctionFailed,
                                   EventType::kLambdaFunctionTimedOut};

Status AsFailure(const HistoryEvent& event) { return MakeTaskError(event.error, event.cause); }

}  // namespace

// One attempt. The arguments are made anew for each: they may ask for the RetryCount.
Result<json::value> Interpreter::Attempt(Visit& visit, const json::value& effective, TimePoint& ended) {
  const State& state = visit.state;
  if (state.type == StateType::kMap) return AttemptMap(visit, effective, visit.attempt);
  if (state.type == StateType::kTask) {
    visit.context.set_retry_count(visit.attempt - 1);
    if (WaitsForToken(state.resource)) {
      visit.context.set_task_token(MakeTaskToken(AttemptId(AttemptPath(visit.path, visit.attempt))));
    }
    if (visit.states) visit.states->ForgetContext();
  }
  json::value buffer;
  auto arguments = InputOutputOf(state.query_language).Arguments(state, effective, visit.scope, buffer);
  if (!arguments.ok()) return InState(visit, arguments.status());
  if (state.type == StateType::kTask) return AttemptTask(visit, **arguments, visit.attempt, ended);
  return AttemptParallel(visit, **arguments, visit.attempt);
}

Result<json::value> Interpreter::ExecuteWithRetry(Visit& visit, const json::value& effective) {
  const State& state = visit.state;
  RetryState retries(state.retriers);
  HistoryEvent last;
  last.path = visit.path;
  last.name = state.name;
  for (int attempt = 1;; ++attempt) {
    TimePoint ended = visit.entered;
    visit.attempt = attempt;
    Result<json::value> result = Attempt(visit, effective, ended);
    if (result.ok() || !IsTaskError(result.status())) {
      if (!result.ok() || state.type == StateType::kTask) return result;
      last.type =
          state.type == StateType::kMap ? EventType::kMapStateSucceeded : EventType::kParallelStateSucceeded;
      RETURN_IF_ERROR(Emit(visit.frame, std::move(last)).status());
      return result;
    }
    const TaskError error = TaskErrorOf(result.status());
    const auto delay = retries.Next(error.error, context_.random);
    if (!delay) {
      // Runtime faults of the state's own fields end the execution without a word of the state.
      const bool evaluation = error.error == "States.QueryEvaluationError" && state.type != StateType::kTask;
      if (!visit.started && !evaluation) return result;
      last.type =
          state.type == StateType::kMap ? EventType::kMapStateFailed : EventType::kParallelStateFailed;
      last.error = error.error;
      last.cause = error.cause;
      RETURN_IF_ERROR(Emit(visit.frame, std::move(last)).status());
      return result;
    }
    if (state.type != StateType::kTask) ended = context_.clock.Now();
    RETURN_IF_ERROR(SleepUntil(visit.frame, ended + *delay));
  }
}

// `ended` is when the attempt failed.
Result<json::value> Interpreter::AttemptTask(Visit& visit, const json::value& effective, int attempt,
                                             TimePoint& ended) {
  const State& state = visit.state;
  const TaskEvents& events = IsLambda(state.resource) ? kLambdaEvents : kTaskEvents;
  Frame& frame = visit.frame;
  HistoryEvent event;
  event.path = AttemptPath(visit.path, attempt);
  event.resource = state.resource;

  if (const auto* known = context_.recorded.Find(events.succeeded, event.path)) {
    frame.last_event = known->id;
    return ParseJson(known->data);
  }
  for (const EventType type : {events.failed, events.timed_out}) {
    if (const auto* known = context_.recorded.Find(type, event.path)) {
      frame.last_event = known->id;
      ended = known->timestamp;
      return AsFailure(*known);
    }
  }

  TimePoint deadline = TimePoint::max();
  std::optional<int64_t> timeout_s = state.timeout_s;
  if (state.timeout_path) {
    const auto seconds = SecondsFrom(*state.timeout_path, visit.scope.On(effective), "TimeoutSecondsPath");
    if (!seconds.ok()) return InState(visit, seconds.status());
    timeout_s = *seconds;
  } else if (state.timeout_query) {
    const auto seconds = SecondsFrom(*state.timeout_query, visit.scope);
    if (!seconds.ok()) return InState(visit, seconds.status());
    timeout_s = *seconds;
  }
  std::optional<int64_t> heartbeat_s = state.heartbeat_s;
  if (state.heartbeat_path) {
    const auto seconds =
        SecondsFrom(*state.heartbeat_path, visit.scope.On(effective), "HeartbeatSecondsPath");
    if (!seconds.ok()) return InState(visit, seconds.status());
    heartbeat_s = *seconds;
  } else if (state.heartbeat_query) {
    const auto seconds = SecondsFrom(*state.heartbeat_query, visit.scope);
    if (!seconds.ok()) return InState(visit, seconds.status());
    heartbeat_s = *seconds;
  }
  const bool waits = WaitsForToken(state.resource);
  if (waits) {
    event.token = MakeTaskToken(AttemptId(event.path));
    if (!timeout_s) timeout_s = 99'999'999;  // the service's own
    if (context_.lane != nullptr && !context_.lane->kept) {
      return InState(visit,
                     MakeTaskError("States.Runtime", "An EXPRESS execution cannot wait for a task token."));
    }
  }
  const auto* submitted = context_.recorded.Find(EventType::kTaskSubmitted, event.path);
  // What this call builds on must not be lost when the process dies after it.
  RETURN_IF_ERROR(context_.journal.Sync(frame.last_effect));
  event.type = events.scheduled;
  const int depth = AppendJson(effective, event.data);
  RETURN_IF_ERROR(CheckSize(state, event.data.size(), depth));
  ASSIGN_OR_RETURN(const EventRef scheduled, Emit(frame, event));
  if (waits) RETURN_IF_ERROR(context_.journal.Sync(scheduled.sequence));  // its answer may come at once
  event.type = events.started;
  event.data.clear();
  const std::string token = std::exchange(event.token, "");
  RETURN_IF_ERROR(Emit(frame, event).status());
  // A task that was running when the process died starts anew: so does its time, unless it waits already.
  if (timeout_s) {
    const TimePoint from =
        submitted != nullptr ? scheduled.timestamp : std::max(scheduled.timestamp, context_.clock.Now());
    deadline = from + std::chrono::seconds(*timeout_s);
  }

  bool timed_out = false;
  std::string missed = "States.Timeout";
  Result<json::value> result = json::value();
  if (submitted == nullptr || !waits) result = CallTask(visit, effective, attempt, deadline, timed_out);
  if (result.ok() && !timed_out && (waits || PlainResource(state.resource) != state.resource)) {
    event.type = EventType::kTaskSubmitted;
    if (waits) AppendJson(*result, event.data);
    RETURN_IF_ERROR(Emit(frame, event).status());
    event.data.clear();
    if (waits) {
      missed.clear();
      result = AwaitToken(frame, token, deadline, heartbeat_s, missed);
      timed_out = !missed.empty();
    }
  }
  event.token = token;
  if (timed_out) {
    event.type = events.timed_out;
    event.error = missed;
    result = MakeTaskError(event.error, "");
  } else if (result.ok()) {
    event.type = events.succeeded;
    const int levels = AppendJson(*result, event.data);
    Status accepted = CheckSize(state, event.data.size(), levels);
    // What goes on is what can be read back: a task may return what is not JSON (bytes that are not UTF-8,
    // NaN).
    if (accepted.ok()) {
      result = ParseJson(event.data);
      if (!result.ok())
        accepted = MakeTaskError("States.TaskFailed", "the task's result: " + result.status().message());
    }
    if (!accepted.ok()) {
      event.type = events.failed;
      event.data.clear();
      event.error = TaskErrorOf(accepted).error;
      event.cause = TaskErrorOf(accepted).cause;
      result = accepted;
    }
  } else {
    RETURN_IF_ERROR(CheckHalt(frame));  // it failed because it was told to stop
    TaskError error = TaskErrorOf(result.status());
    event.type = events.failed;
    event.error = ToValidUtf8(std::move(error.error));
    event.cause = ToValidUtf8(std::move(error.cause));
    result = MakeTaskError(event.error, event.cause);
  }
  ASSIGN_OR_RETURN(const EventRef outcome, Emit(frame, std::move(event)));
  ended = outcome.timestamp;
  frame.last_effect = std::max(frame.last_effect, outcome.sequence);
  return result;
}

std::string TaskAttemptId(const ExecutionFacts& facts, const std::string& attempt_path) {
  return fmt::format("{} {} {} {}", facts.id, facts.start_time, facts.redrive_count, attempt_path);
}

std::string Interpreter::AttemptId(const std::string& attempt_path) const {
  return TaskAttemptId(context_.facts, attempt_path);
}

Result<json::value> Interpreter::AwaitToken(const Frame& frame, const std::string& token, TimePoint deadline,
                                            std::optional<int64_t> heartbeat_s, std::string& missed) {
  struct Registration {
    TokenWatch& watch;
    const std::string& token;
    ~Registration() { watch.Remove(token); }
  };
  while (true) {
    std::stop_source wake;
    const std::stop_callback stopped(frame.stop, [&] { wake.request_stop(); });
    context_.tokens->Add(token, wake);
    const Registration registration{*context_.tokens, token};
    ASSIGN_OR_RETURN(const TokenState state, context_.store->GetToken(token));
    if (state.phase == TokenPhase::kSucceeded) return ParseJson(state.output);
    if (state.phase == TokenPhase::kFailed) return MakeTaskError(state.error, state.cause);
    RETURN_IF_ERROR(CheckHalt(frame));
    const TimePoint now = context_.clock.Now();
    TimePoint until = std::min(deadline, context_.deadline);
    if (heartbeat_s) {
      const TimePoint next = state.heartbeat + std::chrono::seconds(*heartbeat_s);
      if (next <= now && next < deadline) missed = "States.HeartbeatTimeout";
      until = std::min(until, next);
    }
    if (missed.empty() && deadline <= now) missed = "States.Timeout";
    if (!missed.empty()) return json::value();
    if (context_.deadline <= now) {
      context_.halt.Request(Halt::Reason::kTimedOut, "States.Timeout");
      return CheckHalt(frame);
    }
    context_.clock.SleepUntil(until, wake.get_token());
  }
}

Result<json::value> Interpreter::CallTask(Visit& visit, const json::value& effective, int attempt,
                                          TimePoint deadline, bool& timed_out) {
  TaskRequest request;
  request.resource = visit.state.resource;
  request.input = effective;
  request.context = visit.context.value();
  request.execution_name = context_.facts.name;
  request.state_name = visit.state.name;
  request.attempt = attempt;
  request.id = AttemptId(AttemptPath(visit.path, attempt));
  request.depth = context_.facts.depth;

  std::stop_source stop;
  const std::stop_callback with_frame(visit.frame.stop, [&] { stop.request_stop(); });
  std::atomic<bool> expired{false};
  const bool timed = deadline != TimePoint::max();
  const int64_t watch = !timed ? 0 : context_.watch.Add(deadline, [&] {
    expired = true;
    stop.request_stop();
  });
  Result<json::value> result = json::value();
  try {
    result = context_.tasks.RunTask(request, stop.get_token());
  } catch (const std::exception& error) {
    result = MakeTaskError("States.TaskFailed", fmt::format("the task threw an exception: {}", error.what()));
  } catch (...) {
    result = MakeTaskError("States.TaskFailed", "the task threw something that is not an exception");
  }
  if (timed) context_.watch.Remove(watch);
  timed_out = expired || (timed && context_.clock.Now() >= deadline);
  const Halt::Reason halted = context_.halt.reason();
  // Interrupted, the execution is taken up again later, and with it what it waits for.
  if (stop.stop_requested() && context_.nested != nullptr && halted != Halt::Reason::kInterrupted &&
      halted != Halt::Reason::kFailed) {
    context_.nested->Abandon(request);
  }
  return result;
}

}  // namespace penstock::workflow
