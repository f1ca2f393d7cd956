// What happened in an execution: the events of GetExecutionHistory.
// Source: AWS Step Functions API reference, HistoryEvent and its details types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "workflow/definition.h"

namespace penstock::workflow {

enum class EventType {
  kExecutionStarted,
  kExecutionSucceeded,
  kExecutionFailed,
  kExecutionTimedOut,
  kExecutionAborted,
  // One of StateType; HistoryEvent::state_type says which.
  kStateEntered,
  kStateExited,
  kStateAborted,
  kEvaluationFailed,
  kTaskScheduled,
  kTaskStarted,
  kTaskSubmitted,
  kTaskSucceeded,
  kTaskFailed,
  kTaskTimedOut,
  kLambdaFunctionScheduled,
  kLambdaFunctionStarted,
  kLambdaFunctionSucceeded,
  kLambdaFunctionFailed,
  kLambdaFunctionTimedOut,
  kMapStateStarted,
  kMapStateSucceeded,
  kMapStateFailed,
  kMapIterationStarted,
  kMapIterationSucceeded,
  kMapIterationFailed,
  kMapIterationAborted,
  kParallelStateStarted,
  kParallelStateSucceeded,
  kParallelStateFailed,
  kMapRunStarted,
  kMapRunSucceeded,
  kMapRunFailed,
  kMapRunAborted,
  kMapRunRedriven,
  kMapRunItems,  // ours: the items that an ItemReader read, in `data`; not in GetExecutionHistory
  kExecutionRedriven,
};

// Fields that a type does not have are empty.
struct HistoryEvent {
  int64_t id = 0;           // from 1, without gaps, within `child`
  int64_t previous_id = 0;  // the event before it in its branch or iteration
  EventType type = EventType::kExecutionStarted;
  StateType state_type = StateType::kPass;
  TimePoint timestamp{};
  // Where: "/Map#1[37]/Fetch#2.1" is the first attempt of the second visit of Fetch in iteration 37 of the
  // first visit of Map. With the type it identifies the event. Ours; not in GetExecutionHistory.
  std::string path;
  std::string name;      // the state's
  std::string data;      // input or output, as JSON text
  std::string resource;  // of a task; the ARN of a Map Run; of EvaluationFailed: the field, "Output/a[0]"
  std::string error, cause;
  std::string assigned;  // StateExited: the variables assigned, an object as JSON text; empty: none
  // Index of an iteration, length of a Map, count of redrives, items of a child execution that started.
  int64_t number = 0;
  std::string next;  // where a state that was left goes on; ours
  // The child execution of a distributed Map that it belongs to, as the path of its item ("/Map#1[37]");
  // empty: the execution itself. Each child counts its events from 1. Ours.
  std::string child;
  std::string token;  // of a Task that waits for it; the store keeps it apart
};

// "MapStateEntered".
std::string EventName(const HistoryEvent& event);
// The type and state type of an event's name; InvalidData for another text.
Status ParseEventName(std::string_view name, HistoryEvent& out);
// One event as GetExecutionHistory gives it: timestamp, type, id, previousEventId and its details object.
json::value ToJsonEvent(const HistoryEvent& event);

}  // namespace penstock::workflow
