#include "workflow/nested_execution.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "base/sha256.h"
#include "workflow/engine.h"
#include "workflow/task_token.h"

namespace penstock::workflow {
namespace {

constexpr std::string_view kResource = "arn:aws:states:::states:startExecution";

int64_t Millis(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// The name at the end of an ARN, or the text itself.
std::string NameAtEnd(const std::string& arn) {
  const size_t at = arn.rfind(':');
  return at == std::string::npos ? arn : arn.substr(at + 1);
}

// Unless the input has a Name, one of the attempt's.
Result<std::string> NameOf(const TaskRequest& request) {
  return GetStringOr(request.input, "Name", Sha256Hex(request.id).substr(0, 32));
}

}  // namespace

NestedExecutions::~NestedExecutions() {
  std::lock_guard lock(mutex_);
  for (auto& thread : beside_) thread.request_stop();
  beside_.clear();
}

json::object DescribeNested(const ExecutionInfo& info, const std::string& execution_arn,
                            const std::string& machine_arn, bool parsed) {
  const auto payload = [&](const json::value& value) -> json::value {
    return parsed ? value : json::value(JsonText(value));
  };
  const bool succeeded = info.status == ExecutionStatus::kSucceeded;
  json::object out;
  if (!info.cause.empty()) out["Cause"] = info.cause;
  if (!info.error.empty()) out["Error"] = info.error;
  out["ExecutionArn"] = execution_arn;
  out["Input"] = payload(info.input);
  out["InputDetails"] = json::object{{"Included", true}};
  out["Name"] = info.name;
  if (succeeded) {
    out["Output"] = payload(info.output);
    out["OutputDetails"] = json::object{{"Included", true}};
  }
  out["RedriveCount"] = info.redrive_count;
  out["RedriveStatus"] = succeeded ? "NOT_REDRIVABLE" : "REDRIVABLE";
  if (succeeded) out["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven";
  out["StartDate"] = Millis(info.started);
  out["StateMachineArn"] = machine_arn;
  out["Status"] = NameOf(info.status);
  out["StopDate"] = Millis(info.stopped);
  return out;
}

Result<json::value> NestedExecutions::RunTask(const TaskRequest& request, std::stop_token stop) {
  if (PlainResource(request.resource) != kResource) return others_.RunTask(request, stop);
  const auto machine = GetString(request.input, "StateMachineArn");
  if (!machine.ok()) return MakeTaskError("States.Runtime", "StateMachineArn: " + machine.status().message());
  if (request.depth >= kMaxNesting) {
    return MakeTaskError("StepFunctions.ExecutionLimitExceededException",
                         fmt::format("more than {} executions within each other", kMaxNesting));
  }
  StartOptions start;
  start.state_machine = NameAtEnd(*machine);
  start.depth = request.depth + 1;
  auto text = definitions_ ? definitions_(start.state_machine)
                           : Result<std::string>(MakeError(ErrorCode::kNotFound, "no state machines here"));
  if (!text.ok()) {
    return MakeTaskError("StepFunctions.StateMachineDoesNotExistException",
                         fmt::format("State Machine Does Not Exist: '{}' (Service: AWSStepFunctions; Status "
                                     "Code: 400; Error Code: StateMachineDoesNotExist)",
                                     *machine));
  }
  start.definition_text = *std::move(text);
  ASSIGN_OR_RETURN(start.name, NameOf(request));
  const auto* input = request.input.get_object().if_contains("Input");
  start.input = input == nullptr ? json::value(json::object()) : *input;
  if (start.input.is_string()) {  // JSON text is taken as well
    auto parsed = ParseJson(std::string_view(start.input.get_string()));
    if (parsed.ok()) start.input = *std::move(parsed);
  }
  const std::string machine_arn = engine_.StateMachineArn(start.state_machine);
  const std::string execution_arn = engine_.ExecutionArn(start.state_machine, start.name);
  const bool parsed = request.resource == std::string(kResource) + ".sync:2";
  if (!Waits(request.resource)) {
    ASSIGN_OR_RETURN(const ExecutionInfo begun, engine_.Begin(start));
    if (begun.status == ExecutionStatus::kRunning) {
      std::lock_guard lock(mutex_);
      beside_.emplace_back([this, name = start.name](std::stop_token own) {
        IgnoreError(engine_.Resume(name, own).status(),
                    "its record says how it ended; the caller has gone on");
      });
    }
    return json::value{{"ExecutionArn", execution_arn}, {"StartDate", Millis(begun.started)}};
  }
  auto ended = engine_.Run(start, stop);
  if (!ended.ok() && CodeOf(ended.status()) == ErrorCode::kAlreadyExists) {
    return MakeTaskError(
        "StepFunctions.ExecutionAlreadyExistsException",
        fmt::format("Execution Already Exists: '{}' (Service: AWSStepFunctions; Status Code: "
                    "400; Error Code: ExecutionAlreadyExists)",
                    execution_arn));
  }
  RETURN_IF_ERROR(ended.status());
  json::object description = DescribeNested(*ended, execution_arn, machine_arn, parsed);
  if (ended->status == ExecutionStatus::kSucceeded) return json::value(std::move(description));
  return MakeTaskError("States.TaskFailed",
                       JsonText(DescribeNested(*ended, execution_arn, machine_arn, false)));
}

bool NestedExecutions::Waits(std::string_view resource) {
  return PlainResource(resource) == kResource &&
         (resource.ends_with(".sync") || resource.ends_with(".sync:2"));
}

void NestedExecutions::Abandon(const TaskRequest& request) {
  if (!Waits(request.resource)) return;
  const auto name = NameOf(request);
  const auto machine = GetString(request.input, "StateMachineArn");
  if (!name.ok() || !machine.ok()) return;  // it started none
  const auto info = engine_.Describe(*name);
  // A Name of the input may belong to somebody else's.
  if (!info.ok() || info->state_machine != NameAtEnd(*machine)) return;
  IgnoreError(
      engine_.Stop(*name, "",
                   fmt::format("The task of {} that waited for it was stopped", request.execution_name)),
      "best effort, as the service does it; it may have ended by itself");
}

}  // namespace penstock::workflow
