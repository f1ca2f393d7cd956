#include "workflow/history.h"

#include <unordered_map>
#include <utility>

#include "base/json_text.h"

namespace penstock::workflow {
namespace {

std::string_view FixedName(EventType type) {
  switch (type) {
    case EventType::kExecutionStarted: return "ExecutionStarted";
    case EventType::kExecutionSucceeded: return "ExecutionSucceeded";
    case EventType::kExecutionFailed: return "ExecutionFailed";
    case EventType::kExecutionTimedOut: return "ExecutionTimedOut";
    case EventType::kExecutionAborted: return "ExecutionAborted";
    case EventType::kStateEntered: return "StateEntered";
    case EventType::kStateExited: return "StateExited";
    case EventType::kStateAborted: return "StateAborted";
    case EventType::kEvaluationFailed: return "EvaluationFailed";
    case EventType::kTaskScheduled: return "TaskScheduled";
    case EventType::kTaskStarted: return "TaskStarted";
    case EventType::kTaskSubmitted: return "TaskSubmitted";
    case EventType::kTaskSucceeded: return "TaskSucceeded";
    case EventType::kTaskFailed: return "TaskFailed";
    case EventType::kTaskTimedOut: return "TaskTimedOut";
    case EventType::kLambdaFunctionScheduled: return "LambdaFunctionScheduled";
    case EventType::kLambdaFunctionStarted: return "LambdaFunctionStarted";
    case EventType::kLambdaFunctionSucceeded: return "LambdaFunctionSucceeded";
    case EventType::kLambdaFunctionFailed: return "LambdaFunctionFailed";
    case EventType::kLambdaFunctionTimedOut: return "LambdaFunctionTimedOut";
    case EventType::kMapStateStarted: return "MapStateStarted";
    case EventType::kMapStateSucceeded: return "MapStateSucceeded";
    case EventType::kMapStateFailed: return "MapStateFailed";
    case EventType::kMapIterationStarted: return "MapIterationStarted";
    case EventType::kMapIterationSucceeded: return "MapIterationSucceeded";
    case EventType::kMapIterationFailed: return "MapIterationFailed";
    case EventType::kMapIterationAborted: return "MapIterationAborted";
    case EventType::kParallelStateStarted: return "ParallelStateStarted";
    case EventType::kParallelStateSucceeded: return "ParallelStateSucceeded";
    case EventType::kParallelStateFailed: return "ParallelStateFailed";
    case EventType::kMapRunStarted: return "MapRunStarted";
    case EventType::kMapRunSucceeded: return "MapRunSucceeded";
    case EventType::kMapRunFailed: return "MapRunFailed";
    case EventType::kMapRunAborted: return "MapRunAborted";
    case EventType::kMapRunRedriven: return "MapRunRedriven";
    case EventType::kMapRunItems: return "MapRunItems";
    case EventType::kExecutionRedriven: return "ExecutionRedriven";
  }
  return "";
}

bool IsStateEvent(EventType type) {
  return type == EventType::kStateEntered || type == EventType::kStateExited ||
         type == EventType::kStateAborted;
}

void PutText(json::object& details, std::string_view key, const std::string& text) {
  if (!text.empty()) details[key] = text;
}

// Each value as JSON text of its own.
void PutAssigned(json::object& details, const std::string& assigned) {
  if (assigned.empty()) return;
  const auto values = ParseJson(assigned);
  if (!values.ok() || !values->is_object()) return;
  json::object texts;
  for (const auto& member : values->get_object()) texts[member.key()] = JsonText(member.value());
  details["assignedVariables"] = std::move(texts);
}

}  // namespace

std::string EventName(const HistoryEvent& event) {
  std::string name;
  if (IsStateEvent(event.type)) name = NameOf(event.state_type);
  name += FixedName(event.type);
  return name;
}

Status ParseEventName(std::string_view name, HistoryEvent& out) {
  static const auto kByName = [] {
    std::unordered_map<std::string, std::pair<EventType, StateType>> names;
    for (int type = 0; type <= static_cast<int>(EventType::kExecutionRedriven); ++type) {
      for (int state = 0; state <= static_cast<int>(StateType::kFail); ++state) {
        HistoryEvent event;
        event.type = static_cast<EventType>(type);
        event.state_type = static_cast<StateType>(state);
        names.emplace(EventName(event), std::pair(event.type, event.state_type));
      }
    }
    return names;
  }();
  const auto found = kByName.find(std::string(name));
  if (found == kByName.end()) {
    return MakeError(ErrorCode::kInvalidData, "not the name of a history event: " + std::string(name));
  }
  out.type = found->second.first;
  out.state_type = found->second.second;
  return Status::OK();
}

json::value ToJsonEvent(const HistoryEvent& event) {
  json::object out{{"timestamp", FormatTimestamp(event.timestamp)},
                   {"type", EventName(event)},
                   {"id", event.id},
                   {"previousEventId", event.previous_id}};
  json::object details;
  std::string key(FixedName(event.type));
  switch (event.type) {
    case EventType::kStateEntered:
      details["name"] = event.name;
      PutText(details, "input", event.data);
      break;
    case EventType::kStateExited:
      details["name"] = event.name;
      PutText(details, "output", event.data);
      PutAssigned(details, event.assigned);
      break;
    case EventType::kEvaluationFailed:
      details["state"] = event.name;
      details["location"] = event.resource;
      break;
    case EventType::kExecutionStarted: PutText(details, "input", event.data); break;
    case EventType::kTaskScheduled:
    case EventType::kLambdaFunctionScheduled:
      details["resource"] = event.resource;
      PutText(details, event.type == EventType::kTaskScheduled ? "parameters" : "input", event.data);
      break;
    case EventType::kTaskStarted:
    case EventType::kTaskSubmitted:
    case EventType::kTaskSucceeded:
    case EventType::kTaskFailed:
    case EventType::kTaskTimedOut: details["resource"] = event.resource; [[fallthrough]];
    case EventType::kExecutionSucceeded:
    case EventType::kLambdaFunctionSucceeded: PutText(details, "output", event.data); break;
    case EventType::kMapStateStarted: details["length"] = event.number; break;
    case EventType::kMapRunStarted: details["mapRunArn"] = event.resource; break;
    case EventType::kMapRunRedriven: details["mapRunArn"] = event.resource; [[fallthrough]];
    case EventType::kExecutionRedriven: details["redriveCount"] = event.number; break;
    case EventType::kMapIterationStarted:
    case EventType::kMapIterationSucceeded:
    case EventType::kMapIterationFailed:
    case EventType::kMapIterationAborted:
      details["name"] = event.name;
      details["index"] = event.number;
      break;
    default: break;
  }
  if (event.type != EventType::kMapIterationFailed) {  // there they are ours, for a resume
    PutText(details, "error", event.error);
    PutText(details, "cause", event.cause);
  }
  if (!details.empty()) {
    key[0] = static_cast<char>(key[0] - 'A' + 'a');
    out[key + "EventDetails"] = std::move(details);
  }
  return out;
}

}  // namespace penstock::workflow
