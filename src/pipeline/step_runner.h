// Carries out the Tasks of a pipeline's state machine: steps, and messages to its dead-letter queue.
#pragma once

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "workflow/task.h"

namespace penstock::pipeline {

// Resources, with the input and output shapes of AWS's optimised integrations:
//   arn:aws:states:::lambda:invoke  {"FunctionName": STEP, "Payload": …} →
//   {"ExecutedVersion","Payload","StatusCode"} arn:aws:lambda:…:function:STEP  the payload → what the step
//   answers arn:aws:states:::aws-sdk:s3:…   workflow/s3_tasks.h the services of service_tasks.h
// each also with ".waitForTaskToken" where a token makes sense. Source: AWS Step Functions developer guide.
// Thread-safe. `pipeline` and what is in `runtime` outlive it.
class StepRunner : public workflow::TaskRunner {
 public:
  StepRunner(const Pipeline& pipeline, const Runtime& runtime) : pipeline_(pipeline), runtime_(runtime) {}
  Result<json::value> RunTask(const workflow::TaskRequest& request, std::stop_token stop) override;

 private:
  Result<json::value> InvokeStep(const workflow::TaskRequest& request, std::stop_token stop);
  Result<json::value> CallStep(const workflow::TaskRequest& request, std::string_view name,
                               const json::value& payload, std::stop_token stop);

  const Pipeline& pipeline_;
  const Runtime& runtime_;
};

}  // namespace penstock::pipeline
