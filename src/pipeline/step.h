// A step: a C++ function with a name, a JSON input, a JSON output and the permissions it needs (DESIGN, idea
// 2). A Task of workflow.asl.json names it as the FunctionName of arn:aws:states:::lambda:invoke, so that the
// same file runs on AWS.
#pragma once

#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::pipeline {

struct Pipeline;
struct Runtime;

// What a step may do, in AWS's words; the least it needs (FTSE-5). `prefix` is below the pipeline's own.
struct Permission {
  std::string_view action;  // s3:PutObject, sqs:SendMessage, …
  std::string_view prefix;  // "raw/", "clean/"; a queue: "dlq"
};

struct StepContext {
  const Pipeline& pipeline;
  const Runtime& runtime;
  std::string_view execution;
  std::stop_token stop;
};

struct Step {
  std::string_view name;
  std::string_view description;
  std::vector<Permission> permissions;
  // Fails with what Retry and Catch see: the code's ASL error name and the text as cause.
  Result<json::value> (*run)(const StepContext& context, const json::value& input);
};

// All of them, as a plain list.
std::span<const Step> Steps();
// Configuration: no such step; names the nearest.
Result<const Step*> FindStep(std::string_view name);

}  // namespace penstock::pipeline
