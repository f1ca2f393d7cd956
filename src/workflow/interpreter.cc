// The line of states. interpreter_states.cc has Choice, Wait and Fail, interpreter_task.cc Task and Retry,
// interpreter_fork.cc Map and Parallel.
#include "workflow/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.h"

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

}  // namespace

Result<json::value> Interpreter::Run(json::value input) {
  Frame frame;
  frame.stop = context_.halt.token();
  frame.last_event = 1;  // ExecutionStarted
  return RunMachine(context_.definition.machine, frame, std::move(input));
}

Result<EventRef> Interpreter::Emit(Frame& frame, HistoryEvent event) const {
  if (const HistoryEvent* known = context_.recorded.Find(event.type, event.path)) {
    frame.last_event = known->id;
    return EventRef{known->id, known->timestamp};
  }
  event.previous_id = frame.last_event;
  ASSIGN_OR_RETURN(const EventRef ref, context_.journal.Append(std::move(event), context_.lane));
  frame.last_event = ref.id;
  if (ref.timestamp >= context_.deadline) context_.halt.Request(Halt::Reason::kTimedOut, "States.Timeout");
  return ref;
}

Status Interpreter::CheckHalt(const Frame& frame) const {
  if (!frame.stop.stop_requested()) return Status::OK();
  return MakeError(ErrorCode::kCancelled, "the execution was stopped");
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

Status Interpreter::InState(const Visit& visit, Frame& frame, const Status& status) const {
  if (!IsTaskError(status)) return status;
  TaskError error = TaskErrorOf(status);
  error.cause =
      fmt::format("An error occurred while executing the state '{}' (entered at the event id #{}). {}",
                  visit.state.name, visit.entered_id, error.cause);
  if (!error.field.empty()) {
    HistoryEvent failed =
        StateEvent(EventType::kEvaluationFailed, visit.state, AttemptPath(visit.path, visit.attempt));
    failed.resource = error.field;
    failed.error = error.error;
    failed.cause = error.cause;
    RETURN_IF_ERROR(Emit(frame, std::move(failed)).status());
  }
  return MakeTaskError(std::move(error.error), std::move(error.cause));
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
    const fmt::format_int visit(++visits[static_cast<size_t>(at)]);
    path.append(visit.data(), visit.size());
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
    if (!left->assigned.empty()) {
      ASSIGN_OR_RETURN(json::value assigned, ParseJson(left->assigned));
      if (assigned.is_object()) frame.variables.Assign(std::move(assigned.get_object()));
    }
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
  Visit visit{state, frame, path, ref.id, ref.timestamp, context};
  visit.scope = {&input, &context, &context_.random, &context_.clock, &frame.variables, nullptr};
  if (state.query_language == QueryLanguage::kJsonata)
    visit.scope.states = &visit.states.emplace(input, context);
  Result<Transition> result = Execute(visit, input);
  HistoryEvent exited = StateEvent(EventType::kStateExited, state, path);
  if (result.ok()) result = CheckTransition(state, *std::move(result), exited);
  if (!result.ok() && IsTaskError(result.status())) {
    result = Catch(visit, input, result.status());
    if (result.ok()) result = CheckTransition(state, *std::move(result), exited);
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
  if (result->assigned.is_object()) frame.variables.Assign(std::move(result->assigned.get_object()));
  return result;
}

// Writes what the state leaves into `exited`, within the limits.
Result<Interpreter::Transition> Interpreter::CheckTransition(const State& state, Transition transition,
                                                             HistoryEvent& exited) const {
  exited.data.clear();
  exited.assigned.clear();
  const int depth = AppendJson(transition.output, exited.data);
  RETURN_IF_ERROR(CheckSize(state, exited.data.size(), depth));
  if (transition.assigned.is_object()) RETURN_IF_ERROR(CheckAssigned(transition.assigned, exited.assigned));
  return transition;
}

// In JSONata, $states.input goes on looking at `input`; in JSONPath it is moved out of.
Result<Interpreter::Transition> Interpreter::Catch(Visit& visit, json::value& input, const Status& failure) {
  const TaskError error = TaskErrorOf(failure);
  const Catcher* catcher = FindCatcher(visit.state.catchers, error.error);
  if (catcher == nullptr) return failure;
  const json::value caught{{"Error", error.error}, {"Cause", error.cause}};
  if (visit.states) visit.states->set_error_output(caught);
  Transition transition;
  transition.next = catcher->next;
  RETURN_IF_ERROR(Assign(visit, catcher->assign.get(), caught, transition));
  json::value raw = visit.states ? json::value() : std::move(input);
  auto output =
      InputOutputOf(visit.state.query_language).Caught(*catcher, std::move(raw), caught, visit.scope);
  if (!output.ok()) return InState(visit, output.status());
  transition.output = *std::move(output);
  return transition;
}

Status Interpreter::Assign(Visit& visit, const Template* assign, const json::value& dollar,
                           Transition& out) const {
  if (assign == nullptr) return Status::OK();
  auto values = assign->Evaluate(visit.scope.On(dollar));
  if (!values.ok()) return InState(visit, values.status());
  out.assigned = *std::move(values);
  return Status::OK();
}

// May move out of `input` on success only.
Result<Interpreter::Transition> Interpreter::Execute(Visit& visit, json::value& input) {
  const State& state = visit.state;
  const InputOutput& io = InputOutputOf(state.query_language);
  if (state.type == StateType::kFail) return ExecuteFail(visit, input);
  if (state.type == StateType::kTask) visit.context.set_retry_count(0);
  json::value buffer;
  auto effective = io.Input(state, input, visit.scope, buffer);
  if (!effective.ok()) return InState(visit, effective.status());
  const json::value* value = *effective;
  const auto own = [&]() -> json::value { return value == &input ? std::move(input) : std::move(buffer); };
  // An Output of JSONata looks at the input: it may not be moved away before.
  const auto pass_on = [&](const Template* output) {
    return io.PassOn(state, output, output == nullptr ? own() : json::value(), visit.scope);
  };

  Transition transition{nullptr, state.next, nullptr};
  Result<json::value> output = json::value();
  switch (state.type) {
    case StateType::kPass: {
      auto arguments = io.Arguments(state, *value, visit.scope, buffer);
      if (!arguments.ok()) return InState(visit, arguments.status());
      value = *arguments;
      RETURN_IF_ERROR(Assign(visit, state.assign.get(), state.result ? *state.result : *value, transition));
      if (visit.states) {
        output = pass_on(state.output.get());
        break;
      }
      const bool whole = !state.result_path.null && !state.result_path.path;
      json::value result = state.result ? *state.result : (whole ? own() : *value);
      output = io.Output(state, whole ? json::value() : input, std::move(result), visit.scope);
      break;
    }
    case StateType::kTask:
    case StateType::kMap:
    case StateType::kParallel: {
      ASSIGN_OR_RETURN(json::value result, ExecuteWithRetry(visit, *value));
      if (visit.states) visit.states->set_result(result);
      RETURN_IF_ERROR(Assign(visit, state.assign.get(), result, transition));
      const bool with_raw = state.result_path.null || state.result_path.path.has_value();
      output = io.Output(state, with_raw ? input : json::value(),
                         state.output == nullptr ? std::move(result) : json::value(), visit.scope);
      break;
    }
    case StateType::kChoice: {
      ASSIGN_OR_RETURN(const ChoiceBranch* chosen, ExecuteChoice(visit, *value));
      if (chosen != nullptr) transition.next = chosen->next;
      const Template* assign = chosen != nullptr ? chosen->assign.get() : state.assign.get();
      RETURN_IF_ERROR(Assign(visit, assign, *value, transition));
      output = pass_on(chosen != nullptr ? chosen->output.get() : state.output.get());
      break;
    }
    case StateType::kWait: RETURN_IF_ERROR(ExecuteWait(visit, *value)); [[fallthrough]];
    case StateType::kSucceed:
      RETURN_IF_ERROR(Assign(visit, state.assign.get(), *value, transition));
      output = pass_on(state.output.get());
      break;
    case StateType::kFail: break;
  }
  if (!output.ok()) return InState(visit, output.status());
  transition.output = *std::move(output);
  return transition;
}

}  // namespace penstock::workflow
