#include "pipeline/step_runner.h"

#include <fmt/format.h>

#include "pipeline/service_tasks.h"
#include "pipeline/step.h"
#include "workflow/s3_tasks.h"
#include "workflow/task_token.h"

namespace penstock::pipeline {
namespace {

const json::value& MemberOr(const json::value& value, std::string_view key, const json::value& fallback) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  return member == nullptr ? fallback : *member;
}

// "fetch" of "fetch", "arn:aws:lambda:REGION:ACCOUNT:function:fetch" and both with ":VERSION".
std::string_view FunctionOf(std::string_view name) {
  constexpr std::string_view kBefore = ":function:";
  if (const size_t at = name.find(kBefore); at != std::string_view::npos)
    name.remove_prefix(at + kBefore.size());
  return name.substr(0, name.find(':'));
}

}  // namespace

Result<json::value> StepRunner::RunTask(const workflow::TaskRequest& request, std::stop_token stop) {
  const std::string_view resource = workflow::PlainResource(request.resource);
  if (resource == "arn:aws:states:::lambda:invoke") return InvokeStep(request, stop);
  if (resource.rfind("arn:aws:lambda:", 0) == 0)
    return CallStep(request, FunctionOf(resource), request.input, stop);
  if (workflow::IsS3Resource(resource))
    return workflow::RunS3Task(resource, request.input, SourcesOf(runtime_));
  if (const ServiceTask task = FindServiceTask(resource)) return task({pipeline_, runtime_, stop}, request);
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("state {}: no such resource here: {}", request.state_name, request.resource),
                   "resources are arn:aws:states:::lambda:invoke (a step), sqs:sendMessage, sns:publish, "
                   "athena:startQueryExecution, http:invoke, aws-sdk:s3:…, states:startExecution");
}

Result<json::value> StepRunner::CallStep(const workflow::TaskRequest& request, std::string_view name,
                                         const json::value& payload, std::stop_token stop) {
  ASSIGN_OR_RETURN(const Step* step, FindStep(name));
  const StepContext context{pipeline_, runtime_, request.execution_name, stop};
  return step->run(context, payload);
}

Result<json::value> StepRunner::InvokeStep(const workflow::TaskRequest& request, std::stop_token stop) {
  static const json::value kNothing = json::object{};
  ASSIGN_OR_RETURN(const std::string name, GetString(request.input, "FunctionName"));
  ASSIGN_OR_RETURN(json::value payload,
                   CallStep(request, FunctionOf(name), MemberOr(request.input, "Payload", kNothing), stop));
  return json::object{{"ExecutedVersion", "$LATEST"}, {"Payload", std::move(payload)}, {"StatusCode", 200}};
}

}  // namespace penstock::pipeline
