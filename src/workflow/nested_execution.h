// arn:aws:states:::states:startExecution, with .sync and .sync:2: an execution that starts another one.
// Source: AWS Step Functions developer guide, "Start a new state machine from a running execution".
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "workflow/task.h"

namespace penstock::workflow {

class Engine;
struct ExecutionInfo;

// The definition of a state machine, by name. NotFound.
using DefinitionSource = std::function<Result<std::string>(const std::string& state_machine)>;

// Executions within executions within executions: so many.
inline constexpr int kMaxNesting = 20;

// Carries out states:startExecution itself, everything else by `others`. A nested execution is named by its
// attempt unless the input has a Name, so that one that is taken up again is found again. .sync waits for its
// end; without it, it goes on beside the caller, until the engine is destroyed, and can be resumed then.
// Thread-safe. What it is given outlives it.
class NestedExecutions : public TaskRunner {
 public:
  NestedExecutions(Engine& engine, TaskRunner& others, DefinitionSource definitions)
      : engine_(engine), others_(others), definitions_(std::move(definitions)) {}
  ~NestedExecutions() override;
  Result<json::value> RunTask(const TaskRequest& request, std::stop_token stop) override;
  // A Task that waits for the execution it started, by .sync or .sync:2.
  static bool Waits(std::string_view resource);
  // Nobody waits for this attempt any more: it was stopped, timed out, or failed with its Parallel or Map.
  // The execution that it started ends as ABORTED, as far as that can be done; of other Tasks nothing
  // happens. Source: developer guide, "Discover service integration patterns", Run a Job (.sync): "will make
  // a best-effort attempt to cancel the task … it will call the Step Functions StopExecution API action".
  void Abandon(const TaskRequest& request);

 private:
  Engine& engine_;
  TaskRunner& others_;
  const DefinitionSource definitions_;
  std::mutex mutex_;
  std::vector<std::jthread> beside_;
};

// DescribeExecution's answer, in the shape that .sync gives it (`parsed`: .sync:2, where input and output are
// JSON and not its text).
json::object DescribeNested(const ExecutionInfo& info, const std::string& execution_arn,
                            const std::string& machine_arn, bool parsed);

}  // namespace penstock::workflow
