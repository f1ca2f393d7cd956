// One run of a pipeline as its state machine alone tells it: of families whose work is not a range of
// sessions (pipeline/market/run.h is for those).
#pragma once

#include <stop_token>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::workflow {
class Engine;
}

namespace penstock::pipeline {

struct ExecutionRequest {
  json::object input;  // of the execution
  std::string name;    // of the execution; empty: of the pipeline, the time and the input
};

struct ExecutionReport {
  std::string execution;
  bool already_done = false;  // an execution of this name had succeeded before
  bool taken_up = false;      // one that was stopped or killed before its end went on
  // The member "summary" of the last state's output: counts. "failed" above 0: some work is in the
  // dead-letter queue.
  json::object summary;
  double seconds = 0;

  bool some_failed() const;
};

// Starts an execution, or goes on with a running one whose process died: of this name, or without one the
// newest of this pipeline with the same input. Writes its summary object (pipeline/layout.h). Usage: the name
// belongs to another input. Conflict: another process runs it now. A failed execution gives TaskFailed.
Result<ExecutionReport> RunExecution(const Pipeline& pipeline, const Runtime& runtime,
                                     workflow::Engine& engine, const ExecutionRequest& request,
                                     std::stop_token stop);

// `base`, or with -2, -3 … the first name that no execution has.
Result<std::string> FreeExecutionName(workflow::Engine& engine, const std::string& base);

// What a failed execution comes to, for a person: TaskFailed.
Status ExecutionFailed(const std::string& name, const std::string& error, const std::string& cause);

}  // namespace penstock::pipeline
