// What a Task state calls, and how a failure looks to Retry and Catch.
// Source: Amazon States Language, "Task State" and "Errors"; AWS Step Functions developer guide, "Handling
// errors".
#pragma once

#include <stop_token>
#include <string>

#include "base/json.h"
#include "base/status.h"

namespace penstock::workflow {

// One attempt of one Task state.
struct TaskRequest {
  std::string resource;
  json::value input;    // after InputPath and Parameters
  json::value context;  // $$
  std::string execution_name;
  std::string state_name;
  int attempt = 1;  // from 1; above 1 it is a retry
  std::string id;   // unique to this attempt, and the same when it is repeated after a crash
  int depth = 0;    // of the execution: 0, or 1 when another execution started it, and so on
};

// What Retry and Catch match (`error`), and what explains it.
struct TaskError {
  std::string error;
  std::string cause;
  std::string field = {};  // the place in the state, when one of its own expressions failed: "Output/a[0]"
};

// Fills in the resources. Thread-safe; owned by the caller of the engine. Must return soon after `stop` is
// requested: the engine waits for it. A call may be repeated when the process was killed before its outcome
// was recorded.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  virtual Result<json::value> RunTask(const TaskRequest& request, std::stop_token stop) = 0;
};

// A failure that carries an error name of its own (code TaskFailed).
Status MakeTaskError(std::string error, std::string cause, std::string field = {});
// The error that a failed Status stands for: its own where MakeTaskError made it, otherwise
// InfoOf(code).asl_name and the text for a person.
TaskError TaskErrorOf(const Status& status);
// Whether MakeTaskError made it: a failure of the state machine, not of the machinery.
bool IsTaskError(const Status& status);

}  // namespace penstock::workflow
