// The line of states, and the states that do nothing outside. interpreter_task.cc has Task and Retry,
// interpreter_fork.cc Map and Parallel.
#include "workflow/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "workflow/timestamp.h"

namespace penstock::workflow {
namespace {

HistoryEvent StateEvent(EventType type, const State& state, const std::string& path) {
  HistoryEvent event;
  event.type = type;
  event.state_type = state.type;
  event.path = path;
  event.name = state.name;
  return event;
}

Status Cancelled() { return MakeError(ErrorCode::kCancelled, "the execution was stopped"); }

}  // namespace

Result<json::value> Interpreter::Run(json::value input) {
  Frame frame;
  frame.stop = context_.halt.token();
  frame.last_event = 1;  // ExecutionStarted
  return RunMachine(context_.definition.machine, frame, std::move(input));
}

Result<EventRef> Interpreter::Emit(Frame& frame, HistoryEvent event) {
  if (const HistoryEvent* known = context_.recorded.Find(event.type, event.path)) {
    frame.last_event = known->id;
    return EventRef{known->id, known->timestamp};
  }
  event.previous_id = frame.last_event;
  ASSIGN_OR_RETURN(const EventRef ref, context_.journal.Append(std::move(event)));
  frame.last_event = ref.id;
  if (ref.timestamp >= context_.deadline) context_.halt.Request(Halt::Reason::kTimedOut, "States.Timeout");
  return ref;
}

Status Interpreter::CheckHalt(const Frame& frame) const {
  return frame.stop.stop_requested() ? Cancelled() : Status::OK();
}

Status Interpreter::CheckSize(const State& state, size_t bytes, int depth) const {
  if (depth > kMaxJsonDepth) {
    return MakeTaskError("States.Runtime",
                         fmt::format("The state/task '{}' returned a result of more than {} levels.",
                                     LimitName(state), kMaxJsonDepth));
  }
  if (bytes <= context_.max_payload_bytes) return Status::OK();
  return MakeTaskError(
      "States.DataLimitExceeded",
      fmt::format("The state/task '{}' returned a result with a size exceeding the maximum number of "
                  "bytes service limit.",
                  LimitName(state)));
}

Status Interpreter::InState(const Visit& visit, const Status& status) {
  if (!IsTaskError(status)) return status;
  TaskError error = TaskErrorOf(status);
  return MakeTaskError(
      std::move(error.error),
      fmt::format("An error occurred while executing the state '{}' (entered at the event id #{}). {}",
                  visit.state.name, visit.entered_id, error.cause));
}

std::string_view Interpreter::LimitName(const State& state) {
  constexpr std::string_view kService =
      "arn:aws:states:::";  // arn:aws:states:::lambda:invoke is called "lambda"
  if (state.type != StateType::kTask) return state.name;
  const std::string_view resource = state.resource;
  if (resource.substr(0, kService.size()) != kService) return resource;
  return resource.substr(kService.size(), resource.find(':', kService.size()) - kService.size());
}

std::string Interpreter::AttemptPath(const std::string& path, int attempt) {
  return attempt == 1 ? path : fmt::format("{}.{}", path, attempt);
}

Result<json::value> Interpreter::RunMachine(const Machine& machine, Frame& frame, json::value input) {
  std::vector<int> visits(machine.states.size(), 0);
  std::string path;
  for (int at = machine.start; at >= 0;) {
    RETURN_IF_ERROR(CheckHalt(frame));
    const State& state = machine.states[static_cast<size_t>(at)];
    path.assign(frame.prefix).append("/").append(state.token).append("#");
    fmt::format_to(std::back_inserter(path), "{}", ++visits[static_cast<size_t>(at)]);
    ASSIGN_OR_RETURN(Transition transition, RunState(machine, state, frame, path, std::move(input)));
    input = std::move(transition.output);
    at = transition.next;
  }
  return input;
}

Result<Interpreter::Transition> Interpreter::RunState(const Machine& machine, const State& state,
                                                      Frame& frame, const std::string& path,
                                                      json::value input) {
  if (const HistoryEvent* left = context_.recorded.Find(EventType::kStateExited, path)) {
    Transition transition;
    ASSIGN_OR_RETURN(transition.output, ParseJson(left->data));
    frame.last_event = left->id;
    if (left->next.empty()) return transition;
    const auto next = std::find_if(machine.states.begin(), machine.states.end(),
                                   [&](const State& other) { return other.name == left->next; });
    if (next == machine.states.end()) {
      return MakeError(ErrorCode::kCorrupt,
                       fmt::format("the history goes to a state that is not there: {}", left->next));
    }
    transition.next = static_cast<int>(next - machine.states.begin());
    return transition;
  }
  HistoryEvent entered = StateEvent(EventType::kStateEntered, state, path);
  AppendJson(input, entered.data);
  ASSIGN_OR_RETURN(const EventRef ref, Emit(frame, std::move(entered)));
  ContextObject context(context_.facts, state.name, ref.timestamp, frame.item);
  Visit visit{state,         frame, path,     ref.id,
              ref.timestamp, false, &context, Scope{nullptr, &context, &context_.random}};
  Result<Transition> result = Execute(visit, input);
  HistoryEvent exited = StateEvent(EventType::kStateExited, state, path);
  if (result.ok()) {
    const int depth = AppendJson(result->output, exited.data);
    const Status size = CheckSize(state, exited.data.size(), depth);
    if (!size.ok()) result = size;
  }
  if (!result.ok() && IsTaskError(result.status())) {
    const TaskError error = TaskErrorOf(result.status());
    const Catcher* catcher = FindCatcher(state.catchers, error.error);
    if (catcher == nullptr) return result.status();
    auto output = JsonPathInputOutput().Caught(*catcher, std::move(input), error);
    if (!output.ok()) return InState(visit, output.status());
    result = Transition{*std::move(output), catcher->next};
    exited.data = JsonText(result->output);
  }
  if (!result.ok()) {
    // Another branch or iteration failed. (When the execution as a whole stops, the history stays as it is.)
    if (CodeOf(result.status()) == ErrorCode::kCancelled && context_.halt.reason() == Halt::Reason::kNone) {
      RETURN_IF_ERROR(Emit(frame, StateEvent(EventType::kStateAborted, state, path)).status());
    }
    return result.status();
  }
  if (result->next >= 0) exited.next = machine.states[static_cast<size_t>(result->next)].name;
  RETURN_IF_ERROR(Emit(frame, std::move(exited)).status());
  return result;
}

// May move out of `input` on success only.
Result<Interpreter::Transition> Interpreter::Execute(Visit& visit, json::value& input) {
  const State& state = visit.state;
  const InputOutput& io = JsonPathInputOutput();
  if (state.type == StateType::kFail) return ExecuteFail(visit, input);
  if (state.type == StateType::kTask) visit.context->set_retry_count(0);
  json::value buffer;
  auto effective = io.Input(state, input, visit.scope, buffer);
  if (!effective.ok()) return InState(visit, effective.status());
  const json::value& value = **effective;
  const auto own = [&]() -> json::value { return &value == &input ? std::move(input) : std::move(buffer); };

  Result<json::value> output = json::value();
  switch (state.type) {
    case StateType::kPass: {
      const bool whole = !state.result_path.null && !state.result_path.path;
      json::value result = state.result ? *state.result : (whole ? own() : value);
      output = io.Output(state, whole ? json::value() : input, std::move(result), visit.scope);
      break;
    }
    case StateType::kTask:
    case StateType::kMap:
    case StateType::kParallel: {
      ASSIGN_OR_RETURN(json::value result, ExecuteWithRetry(visit, input, value));
      output = io.Output(state, input, std::move(result), visit.scope);
      break;
    }
    case StateType::kChoice: {
      ASSIGN_OR_RETURN(Transition chosen, ExecuteChoice(visit, value));
      output = io.PassOn(state, own(), visit.scope);
      if (!output.ok()) return InState(visit, output.status());
      chosen.output = *std::move(output);
      return chosen;
    }
    case StateType::kWait: RETURN_IF_ERROR(ExecuteWait(visit, value)); [[fallthrough]];
    case StateType::kSucceed: output = io.PassOn(state, own(), visit.scope); break;
    case StateType::kFail: break;
  }
  if (!output.ok()) return InState(visit, output.status());
  return Transition{*std::move(output), state.next};
}

Result<Interpreter::Transition> Interpreter::ExecuteChoice(Visit& visit, const json::value& effective) {
  const Scope scope{&effective, visit.context, &context_.random};
  for (const auto& choice : visit.state.choices) {
    const auto matches = choice.rule->Matches(scope);
    if (!matches.ok()) return InState(visit, matches.status());
    if (*matches) return Transition{nullptr, choice.next};
  }
  if (visit.state.next >= 0) return Transition{nullptr, visit.state.next};
  return InState(visit,
                 MakeTaskError("States.NoChoiceMatched",
                               "Failed to transition out of the state. No choice rule matched the input, and "
                               "there is no Default."));
}

Status Interpreter::ExecuteFail(Visit& visit, const json::value& input) {
  const State& state = visit.state;
  const Scope scope{&input, visit.context, &context_.random};
  const auto text = [&](const std::optional<std::string>& fixed, const std::optional<Expression>& computed,
                        std::string_view field) -> Result<std::string> {
    if (!computed) return fixed.value_or("");
    auto value = computed->Evaluate(scope, field);
    if (!value.ok()) return InState(visit, value.status());
    if (value->is_string()) return std::string(value->get_string());
    return InState(visit, MakeTaskError("States.Runtime",
                                        fmt::format("The {} '{}' does not lead to a string: {}", field,
                                                    computed->text(), JsonText(*value).substr(0, 200))));
  };
  ASSIGN_OR_RETURN(std::string error, text(state.error, state.error_path, "ErrorPath"));
  ASSIGN_OR_RETURN(std::string cause, text(state.cause, state.cause_path, "CausePath"));
  return MakeTaskError(std::move(error), std::move(cause));
}

Result<int64_t> Interpreter::SecondsFrom(const JsonPath& path, const Scope& scope,
                                         std::string_view field) const {
  const auto fail = [&](std::string_view what, const json::value* value) {
    std::string cause = fmt::format("The {} parameter {}: {}", field, what, path.text());
    if (value != nullptr) cause += fmt::format(" == {}", JsonText(*value).substr(0, 200));
    return MakeTaskError("States.Runtime", std::move(cause));
  };
  const auto value = EvaluatePath(path, scope);
  if (!value.ok()) return fail("does not reference an input value", nullptr);
  if (!value->is_int64()) return fail("cannot be parsed as a long value", &*value);
  if (value->get_int64() < 0) return fail("references a negative value", &*value);
  if (value->get_int64() > 99'999'999) return fail("references a value above 99999999", &*value);
  return value->get_int64();
}

// The time counts from the moment the state was entered, so a resumed execution waits for what is left only.
Status Interpreter::ExecuteWait(Visit& visit, const json::value& effective) {
  const State& state = visit.state;
  const Scope scope{&effective, visit.context, &context_.random};
  TimePoint until = visit.entered;
  if (state.timestamp) {
    until = *state.timestamp;
  } else if (state.timestamp_path) {
    const auto value = EvaluatePath(*state.timestamp_path, scope);
    if (!value.ok()) {
      return InState(
          visit,
          MakeTaskError("States.Runtime",
                        fmt::format("The TimestampPath parameter does not reference an input value: {}",
                                    state.timestamp_path->text())));
    }
    auto parsed = value->is_string() ? ParseAslTimestamp(std::string_view(value->get_string()))
                                     : Result<TimePoint>(MakeError(ErrorCode::kInvalidData, "not a string"));
    if (!parsed.ok()) {
      return InState(
          visit, MakeTaskError(
                     "States.Runtime",
                     fmt::format("The TimestampPath parameter does not reference a valid ISO-8601 extended "
                                 "offset date-time format string: {} == {}",
                                 state.timestamp_path->text(),
                                 value->is_string() ? std::string(value->get_string()) : JsonText(*value))));
    }
    until = *parsed;
  } else if (state.seconds) {
    until += std::chrono::seconds(*state.seconds);
  } else if (state.seconds_path) {
    const auto seconds = SecondsFrom(*state.seconds_path, scope, "SecondsPath");
    if (!seconds.ok()) return InState(visit, seconds.status());
    until += std::chrono::seconds(*seconds);
  }
  return SleepUntil(visit.frame, until);
}

Status Interpreter::SleepUntil(const Frame& frame, TimePoint until) {
  if (!context_.clock.SleepUntil(std::min(until, context_.deadline), frame.stop)) return Cancelled();
  if (until >= context_.deadline) context_.halt.Request(Halt::Reason::kTimedOut, "States.Timeout");
  return CheckHalt(frame);
}

}  // namespace penstock::workflow
