// Carries out the Tasks of a pipeline's state machine: steps, and messages to its dead-letter queue.
#pragma once

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "workflow/task.h"

namespace penstock::pipeline {

// Resources, with the input and output shapes of AWS's optimised integrations:
//   arn:aws:states:::lambda:invoke    {"FunctionName": STEP, "Payload": …} →
//   {"ExecutedVersion","Payload","StatusCode"} arn:aws:states:::sqs:sendMessage  {"QueueUrl", "MessageBody"}
//   → {"MessageId"}
// Source: AWS Step Functions developer guide, "Invoke an AWS Lambda function", "Send messages to an Amazon
// SQS queue". Thread-safe. `pipeline` and what is in `runtime` outlive it.
class StepRunner : public workflow::TaskRunner {
 public:
  StepRunner(const Pipeline& pipeline, const Runtime& runtime) : pipeline_(pipeline), runtime_(runtime) {}
  Result<json::value> RunTask(const workflow::TaskRequest& request, std::stop_token stop) override;

 private:
  Result<json::value> InvokeStep(const workflow::TaskRequest& request, std::stop_token stop);
  Result<json::value> SendMessage(const workflow::TaskRequest& request);

  const Pipeline& pipeline_;
  const Runtime& runtime_;
};

}  // namespace penstock::pipeline
