#include "workflow/test_state.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <utility>

#include "base/json_text.h"
#include "workflow/definition.h"
#include "workflow/definition_diagnostics.h"
#include "workflow/distributed_map.h"
#include "workflow/input_output.h"
#include "workflow/mock_schema.h"
#include "workflow/timestamp.h"

namespace penstock::workflow {
namespace {

constexpr std::string_view kStateName = "StateName";  // of a state that is given without its machine

Status Refuse(std::string message) { return MakeError(ErrorCode::kInvalidData, std::move(message)); }

// A member that is a value, or a JSON text of one; none: null.
Result<json::value> Member(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return json::value();
  if (!value->is_string()) return *value;
  return ParseJson(std::string_view(value->get_string()));
}

// The names of states that a state goes on to.
void Targets(const json::value& value, std::set<std::string>& out) {
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string_view key = member.key();
      if ((key == "Next" || key == "Default") && member.value().is_string())
        out.emplace(member.value().get_string());
      if (key == "Choices" || key == "Catch") Targets(member.value(), out);
    }
  } else if (const auto* array = value.if_array()) {
    for (const auto& one : *array) Targets(one, out);
  }
}

const State* FindState(const Machine& machine, std::string_view name) {
  for (const State& state : machine.states) {
    if (state.name == name) return &state;
    if (state.processor != nullptr) {
      if (const State* found = FindState(*state.processor, name)) return found;
    }
    for (const auto& branch : state.branches) {
      if (const State* found = FindState(*branch, name)) return found;
    }
  }
  return nullptr;
}

const Machine* MachineOf(const Machine& machine, const State* state) {
  for (const State& one : machine.states) {
    if (&one == state) return &machine;
    if (one.processor != nullptr) {
      if (const Machine* found = MachineOf(*one.processor, state)) return found;
    }
    for (const auto& branch : one.branches) {
      if (const Machine* found = MachineOf(*branch, state)) return found;
    }
  }
  return nullptr;
}

class Test {
 public:
  Test(const json::object& request, const TestStateContext& context) : request_(request), context_(context) {}

  Result<json::value> Run() {
    RETURN_IF_ERROR(ReadDefinition());
    RETURN_IF_ERROR(ReadRequest());
    RETURN_IF_ERROR(CheckMock());
    ContextObject object(facts_, kStateName, context_.clock.Now(), nullptr);
    if (!given_context_.is_null()) object.set_whole(given_context_);
    if (state_->type == StateType::kTask) object.set_retry_count(static_cast<int>(retries_));
    StatesObject states(input_, object);
    scope_ = {&input_, &object, &context_.random, &context_.clock, &variables_, nullptr};
    if (jsonata()) scope_.states = &states;
    Inspect("input", input_);
    Status status = Execute();
    if (!status.ok() && IsTaskError(status)) status = Failed(status);
    RETURN_IF_ERROR(status);
    if (!details_.empty()) inspection_["errorDetails"] = std::move(details_);
    if (request_.contains("inspectionLevel") && request_.at("inspectionLevel") != "INFO")
      response_["inspectionData"] = std::move(inspection_);
    return json::value(std::move(response_));
  }

 private:
  bool jsonata() const { return state_->query_language == QueryLanguage::kJsonata; }
  void Inspect(std::string_view key, const json::value& value) { inspection_[key] = JsonText(value); }

  Status ReadDefinition() {
    auto definition = Member(request_, "definition");
    if (!definition.ok() || !definition->is_object())
      return MakeError(ErrorCode::kConfiguration,
                       "Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION'");
    std::string name(kStateName);
    if (definition->get_object().contains("States")) {
      const auto* given = request_.if_contains("stateName");
      if (given != nullptr && given->is_string()) name = std::string(given->get_string());
      if (given != nullptr && name.empty()) {
        return MakeError(ErrorCode::kUsage,
                         "Parameter validation failed:\nInvalid length for parameter stateName, "
                         "value: 0, valid min length: 1");
      }
    } else {
      std::set<std::string> targets;
      Targets(*definition, targets);
      json::object states{{kStateName, *definition}};
      for (const auto& target : targets) {
        if (target != kStateName) states[target] = json::object{{"Type", "Succeed"}};
      }
      definition = json::value{{"StartAt", kStateName}, {"States", std::move(states)}};
    }
    const std::string text = JsonText(*definition);
    auto parsed = ParseDefinition(text);
    if (!parsed.ok())
      return MakeError(ErrorCode::kConfiguration, InvalidDefinitionMessage(AsAwsReports(Validate(text))));
    definition_ = *std::move(parsed);
    state_ = FindState(definition_->machine, name);
    if (state_ == nullptr) return Refuse("State not found in definition");
    machine_ = MachineOf(definition_->machine, state_);
    return Status::OK();
  }

  Status ReadRequest() {
    const auto read = [&](std::string_view key, json::value& out) -> Status {
      auto value = Member(request_, key);
      if (!value.ok()) return Refuse(fmt::format("Invalid JSON in {}: {}", key, value.status().message()));
      out = *std::move(value);
      return Status::OK();
    };
    input_ = json::object();
    if (request_.contains("input")) RETURN_IF_ERROR(read("input", input_));
    RETURN_IF_ERROR(read("context", given_context_));
    json::value variables;
    RETURN_IF_ERROR(read("variables", variables));
    if (const auto* object = variables.if_object(); object != nullptr && !object->empty()) {
      Inspect("variables", variables);
      variables_.Assign(*object);
    }
    if (const auto* configuration = request_.if_contains("stateConfiguration"); configuration != nullptr) {
      ASSIGN_OR_RETURN(retries_, GetIntOr(*configuration, "retrierRetryCount", 0));
    }
    if (given_context_.is_object() && given_context_.get_object().contains("Task")) {
      const bool waits = state_->resource.find(".sync") != std::string::npos ||
                         state_->resource.find(".waitForTaskToken") != std::string::npos;
      if (state_->type != StateType::kTask || !waits) {
        return Refuse(
            "Invalid Context object provided: Context object contains 'Task' when state is not a Task "
            "state with a '.sync' or '.waitForTaskToken' service integration pattern");
      }
    }
    facts_.name = "test";
    facts_.id = "arn:aws:states:us-east-1:111111111111:express:test:test";
    facts_.state_machine = "test";
    facts_.state_machine_id = "arn:aws:states:us-east-1:111111111111:stateMachine:test";
    facts_.start_time = FormatTimestamp(context_.clock.Now());
    facts_.express = true;
    if (const auto* role = request_.if_contains("roleArn"); role != nullptr && role->is_string())
      facts_.role_arn = std::string(role->get_string());
    facts_.input = input_;
    return Status::OK();
  }

  Status CheckMock() {
    const auto* mock = request_.if_contains("mock");
    if (mock == nullptr || mock->is_null()) return Status::OK();
    const auto* fields = mock->if_object();
    if (fields == nullptr) return Refuse("mock must be an object");
    const auto* secrets = request_.if_contains("revealSecrets");
    if (secrets != nullptr && *secrets == true)
      return Refuse("TestState does not support RevealSecrets when a mock is specified.");
    const bool calls = state_->type == StateType::kTask || state_->type == StateType::kMap ||
                       state_->type == StateType::kParallel;
    if (!calls)
      return Refuse(
          fmt::format("State type '{}' is not supported when a mock is specified", NameOf(state_->type)));
    mocked_ = true;
    const auto* error = fields->if_contains("errorOutput");
    const bool has_result = fields->contains("result");
    if (error != nullptr && has_result)
      return Refuse("A test mock should have only one of the following fields: [result, errorOutput].");
    if (error != nullptr) {
      TaskError failure;
      ASSIGN_OR_RETURN(failure.error, GetStringOr(*error, "error", ""));
      ASSIGN_OR_RETURN(failure.cause, GetStringOr(*error, "cause", ""));
      mock_error_ = MakeTaskError(failure.error, failure.cause);
      return Status::OK();
    }
    auto result = Member(*fields, "result");
    if (!result.ok()) return Refuse("Mocked result must be valid JSON");
    mock_result_ = *std::move(result);
    ASSIGN_OR_RETURN(const std::string mode, GetStringOr(*mock, "fieldValidationMode", "STRICT"));
    if (state_->type == StateType::kTask && mode != "NONE")
      return CheckMockResult(state_->resource, mock_result_, mode == "STRICT");
    if (state_->type == StateType::kTask) return Status::OK();
    const auto* array = mock_result_.if_array();
    if (array == nullptr) return Refuse("Mocked result must be an array.");
    if (state_->type == StateType::kParallel && array->size() != state_->branches.size())
      return Refuse("Mocked result must contain the same number of items as number of Parallel branches.");
    return Status::OK();
  }

  Status Execute() {
    const State& state = *state_;
    const InputOutput& io = InputOutputOf(state.query_language);
    json::value buffer;
    ASSIGN_OR_RETURN(const json::value* effective, io.Input(state, input_, scope_, buffer));
    const bool with_result = state.type == StateType::kPass && state.result;
    if (!jsonata() && !with_result) Inspect("afterInputPath", *effective);
    switch (state.type) {
      case StateType::kFail: return Fail(*effective);
      case StateType::kWait: return PassOn(io, state.output.get(), *effective, state.next);
      case StateType::kSucceed: return PassOn(io, state.output.get(), *effective, -1);
      case StateType::kChoice: {
        for (const auto& choice : state.choices) {
          ASSIGN_OR_RETURN(const bool matches, choice.rule->Matches(scope_.On(*effective)));
          if (matches) return PassOn(io, choice.output.get(), *effective, choice.next);
        }
        if (state.next >= 0) return PassOn(io, state.output.get(), *effective, state.next);
        return MakeTaskError("States.NoChoiceMatched",
                             "Failed to transition out of the state. No choice rule matched "
                             "the input, and there is no Default.");
      }
      case StateType::kPass: {
        json::value made;
        ASSIGN_OR_RETURN(const json::value* arguments, io.Arguments(state, *effective, scope_, made));
        if (jsonata()) return PassOn(io, state.output.get(), *effective, state.next);
        if (with_result)
          Inspect("result", *state.result);
        else
          Inspect("afterParameters", *arguments);
        return Finish(io, with_result ? *state.result : *arguments);
      }
      case StateType::kMap: return Map(io, *effective);
      case StateType::kTask:
      case StateType::kParallel: {
        json::value made;
        ASSIGN_OR_RETURN(const json::value* arguments, io.Arguments(state, *effective, scope_, made));
        if (state.type == StateType::kTask || !jsonata())
          Inspect(jsonata() ? "afterArguments" : "afterParameters", *arguments);
        ASSIGN_OR_RETURN(const json::value result, Call(*arguments));
        if (state.type == StateType::kTask) Inspect("result", result);
        return Finish(io, result);
      }
    }
    return Status::OK();
  }

  Result<json::value> Call(const json::value& arguments) {
    if (mocked_) {
      RETURN_IF_ERROR(mock_error_);
      return mock_result_;
    }
    if (state_->type != StateType::kTask)
      return Refuse(fmt::format("State type '{}' needs a mock", NameOf(state_->type)));
    TaskRequest request;
    request.resource = state_->resource;
    request.input = arguments;
    request.context = scope_.context->value();
    request.execution_name = facts_.name;
    request.state_name = state_->name;
    return context_.tasks.RunTask(request, {});
  }

  Status Map(const InputOutput& io, const json::value& effective) {
    const State& state = *state_;
    json::value items = effective;
    if (state.items != nullptr) {
      ASSIGN_OR_RETURN(items, state.items->Evaluate(scope_));
    } else if (state.items_path.path) {
      ASSIGN_OR_RETURN(items, EvaluatePath(*state.items_path.path, scope_.On(effective)));
    }
    const bool reads = state.distributed != nullptr && state.distributed->reader;
    if (!items.is_array() && !reads && !jsonata()) {
      std::string path = state.items_path.path ? state.items_path.path->text() : "$";
      if (path.substr(0, 2) == "$$") path.erase(0, 1);
      return MakeTaskError("States.Runtime", fmt::format("Reference path \"{}\" must point to array.", path));
    }
    if (!jsonata() && !reads) Inspect("afterItemsPath", items);
    inspection_["maxConcurrency"] = state.max_concurrency;
    if (state.distributed != nullptr) {
      if (const auto& count = state.distributed->tolerated_count; count.fixed)
        inspection_["toleratedFailureCount"] = static_cast<int64_t>(*count.fixed);
      if (const auto& percentage = state.distributed->tolerated_percentage; percentage.fixed)
        inspection_["toleratedFailurePercentage"] = *percentage.fixed;
    }
    ASSIGN_OR_RETURN(const json::value result, Call(items));
    return Finish(io, result);
  }

  Status Fail(const json::value& effective) {
    const State& state = *state_;
    const auto text = [&](const std::optional<std::string>& fixed, const std::optional<Expression>& path,
                          const std::optional<JsonataField>& query,
                          std::string_view field) -> Result<std::string> {
      if (!path && !query) return fixed.value_or("");
      ASSIGN_OR_RETURN(const json::value value, query ? query->EvaluateAs("string", scope_)
                                                      : path->Evaluate(scope_.On(effective), field));
      return value.is_string() ? std::string(value.get_string()) : JsonText(value);
    };
    ASSIGN_OR_RETURN(std::string error, text(state.error, state.error_path, state.error_query, "ErrorPath"));
    ASSIGN_OR_RETURN(std::string cause, text(state.cause, state.cause_path, state.cause_query, "CausePath"));
    return MakeTaskError(std::move(error), std::move(cause));
  }

  Status PassOn(const InputOutput& io, const Template* output, const json::value& effective, int next) {
    ASSIGN_OR_RETURN(const json::value value, io.PassOn(*state_, output, effective, scope_));
    Leave("SUCCEEDED", value, next);
    return Status::OK();
  }

  Status Finish(const InputOutput& io, const json::value& result) {
    const State& state = *state_;
    if (jsonata()) {
      scope_.states->set_result(result);
    } else {
      json::value selected = result;
      if (state.result_selector != nullptr) {
        ASSIGN_OR_RETURN(selected, state.result_selector->Evaluate(scope_.On(result)));
      }
      Inspect("afterResultSelector", selected);
      json::value combined = state.result_path.null ? input_ : selected;
      if (state.result_path.path) {
        combined = input_;
        RETURN_IF_ERROR(state.result_path.path->Put(combined, std::move(selected)));
      }
      Inspect("afterResultPath", combined);
    }
    ASSIGN_OR_RETURN(const json::value output, io.Output(state, input_, result, scope_));
    Leave("SUCCEEDED", output, state.next);
    return Status::OK();
  }

  void Leave(std::string_view status, const json::value& output, int next) {
    response_["status"] = status;
    response_["output"] = JsonText(output);
    if (next >= 0) response_["nextState"] = machine_->states[static_cast<size_t>(next)].name;
  }

  // What Retry and Catch make of a failure.
  Status Failed(const Status& failure) {
    const TaskError error = TaskErrorOf(failure);
    if (!error.error.empty()) response_["error"] = error.error;
    if (!error.cause.empty()) response_["cause"] = error.cause;
    for (size_t i = 0; i < state_->retriers.size(); ++i) {
      const Retrier& retrier = state_->retriers[i];
      if (!ErrorMatches(retrier.error_equals, error.error)) continue;
      details_["retryIndex"] = i;
      if (retries_ >= retrier.max_attempts) break;
      const double seconds =
          retrier.interval_s * std::pow(retrier.backoff_rate, static_cast<double>(retries_));
      details_["retryBackoffIntervalSeconds"] = std::min(seconds, retrier.max_delay_s.value_or(seconds));
      response_["status"] = "RETRIABLE";
      return Status::OK();
    }
    response_["status"] = "FAILED";
    const Catcher* catcher = FindCatcher(state_->catchers, error.error);
    if (catcher == nullptr) return Status::OK();
    details_["catchIndex"] = catcher - state_->catchers.data();
    const json::value caught{{"Error", error.error}, {"Cause", error.cause}};
    if (scope_.states != nullptr) scope_.states->set_error_output(caught);
    ASSIGN_OR_RETURN(const json::value output,
                     InputOutputOf(state_->query_language).Caught(*catcher, input_, caught, scope_));
    Leave("CAUGHT_ERROR", output, catcher->next);
    return Status::OK();
  }

  const json::object& request_;
  const TestStateContext& context_;
  std::shared_ptr<const Definition> definition_;
  const State* state_ = nullptr;
  const Machine* machine_ = nullptr;
  json::value input_, given_context_, mock_result_;
  bool mocked_ = false;
  Status mock_error_;
  int64_t retries_ = 0;
  Variables variables_;
  ExecutionFacts facts_;
  Scope scope_;
  json::object response_, inspection_, details_;
};

}  // namespace

Result<json::value> TestState(const json::value& request, const TestStateContext& context) {
  const auto* object = request.if_object();
  if (object == nullptr) return MakeError(ErrorCode::kUsage, "a request must be an object");
  return Test(*object, context).Run();
}

}  // namespace penstock::workflow
