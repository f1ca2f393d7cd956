#include "pipeline/step_runner.h"

#include <fmt/format.h>

#include "pipeline/dead_letter.h"
#include "pipeline/step.h"
#include "queue/queue.h"

namespace penstock::pipeline {
namespace {

const json::value& MemberOr(const json::value& value, std::string_view key, const json::value& fallback) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  return member == nullptr ? fallback : *member;
}

}  // namespace

Result<json::value> StepRunner::RunTask(const workflow::TaskRequest& request, std::stop_token stop) {
  if (request.resource == "arn:aws:states:::lambda:invoke") return InvokeStep(request, stop);
  if (request.resource == "arn:aws:states:::sqs:sendMessage") return SendMessage(request);
  return MakeError(ErrorCode::kConfiguration,
                   fmt::format("state {}: no such resource here: {}", request.state_name, request.resource),
                   "resources: arn:aws:states:::lambda:invoke (a step), arn:aws:states:::sqs:sendMessage");
}

Result<json::value> StepRunner::InvokeStep(const workflow::TaskRequest& request, std::stop_token stop) {
  static const json::value kNothing = json::object{};
  ASSIGN_OR_RETURN(const std::string name, GetString(request.input, "FunctionName"));
  ASSIGN_OR_RETURN(const Step* step, FindStep(name));
  const StepContext context{pipeline_, runtime_, request.execution_name, stop};
  ASSIGN_OR_RETURN(json::value payload, step->run(context, MemberOr(request.input, "Payload", kNothing)));
  return json::object{{"ExecutedVersion", "$LATEST"}, {"Payload", std::move(payload)}, {"StatusCode", 200}};
}

Result<json::value> StepRunner::SendMessage(const workflow::TaskRequest& request) {
  ASSIGN_OR_RETURN(const std::string url, GetString(request.input, "QueueUrl"));
  if (url != pipeline_.dead_letter_queue()) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("state {}: no such queue: {}", request.state_name, url),
                     fmt::format("queues: {}", pipeline_.dead_letter_queue()));
  }
  static const json::value kNone = nullptr;
  const json::value& body = MemberOr(request.input, "MessageBody", kNone);
  const std::string text = body.is_string() ? std::string(body.get_string()) : ToJson(body);
  queue::SendOptions options;
  if (const auto letter = DeadLetter::Parse(text); letter.ok()) options.dedup_id = letter->dedup_id();
  ASSIGN_OR_RETURN(const std::string id, runtime_.dead_letters->Send(text, options));
  return json::object{{"MessageId", id}};
}

}  // namespace penstock::pipeline
