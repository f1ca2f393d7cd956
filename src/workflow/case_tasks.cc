#include "workflow/case_tasks.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "workflow/s3_tasks.h"

namespace penstock::workflow {
namespace {

json::object ObjectAt(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

// What lambda:invoke answers, with its metadata.
json::value InvokeAnswer(json::value payload) {
  const std::string length = std::to_string(JsonText(payload).size());
  json::object headers{{"Connection", "keep-alive"},
                       {"Content-Length", length},
                       {"Content-Type", "application/json"},
                       {"Date", "Tue, 02 Jan 2024 03:04:05 GMT"},
                       {"X-Amz-Executed-Version", "$LATEST"},
                       {"x-amzn-Remapped-Content-Length", "0"},
                       {"x-amzn-RequestId", "00000000-0000-4000-8000-000000000000"},
                       {"X-Amzn-Trace-Id", "root=1-00000000-000000000000000000000000;sampled=0"}};
  json::object all;
  for (const auto& header : headers) {
    const bool alone =
        header.key() == "Date" || header.key() == "x-amzn-RequestId" || header.key() == "X-Amzn-Trace-Id";
    all[header.key()] = alone ? header.value() : json::value(json::array{header.value()});
  }
  return {
      {"ExecutedVersion", "$LATEST"},
      {"Payload", std::move(payload)},
      {"SdkHttpMetadata",
       {{"AllHttpHeaders", std::move(all)}, {"HttpHeaders", std::move(headers)}, {"HttpStatusCode", 200}}},
      {"SdkResponseMetadata", {{"RequestId", "00000000-0000-4000-8000-000000000000"}}},
      {"StatusCode", 200}};
}

}  // namespace

CaseTasks::CaseTasks(const json::object& description, Clock& clock, ItemSources buckets)
    : clock_(clock),
      buckets_(std::move(buckets)),
      lambdas_(ObjectAt(description, "lambdas")),
      tasks_(ObjectAt(description, "tasks")) {}

Result<json::value> CaseTasks::RunTask(const TaskRequest& request, std::stop_token stop) {
  if (const auto* replies = tasks_.if_contains(request.resource); replies != nullptr && replies->is_array()) {
    size_t index = 0;
    {
      std::lock_guard lock(mutex_);
      index = calls_[request.resource]++;
    }
    return Reply(replies->get_array(), index, stop);
  }
  if (IsS3Resource(request.resource)) return RunS3Task(request.resource, request.input, buckets_);
  if (request.resource.rfind("arn:aws:lambda:", 0) == 0) {
    std::string name = request.resource.substr(request.resource.find(":function:") + 10);
    return CallFunction(name.substr(0, name.find(':')), request.input, true, stop);
  }
  if (request.resource == "arn:aws:states:::lambda:invoke") {
    ASSIGN_OR_RETURN(std::string name, GetString(request.input, "FunctionName"));
    if (const size_t at = name.find(":function:"); at != std::string::npos) name = name.substr(at + 10);
    const auto* payload = request.input.get_object().if_contains("Payload");
    const bool empty = payload == nullptr || payload->is_null();
    ASSIGN_OR_RETURN(json::value answer,
                     CallFunction(name, empty ? json::value(json::object()) : *payload, false, stop));
    return InvokeAnswer(std::move(answer));
  }
  return MakeTaskError("States.TaskFailed",
                       "the case does not say what this resource answers: " + request.resource);
}

Result<json::value> CaseTasks::Reply(const json::array& replies, size_t index, std::stop_token stop) {
  if (replies.empty()) return MakeTaskError("States.TaskFailed", "the case has no reply");
  const json::value& reply = replies[std::min(index, replies.size() - 1)];
  ASSIGN_OR_RETURN(const int64_t seconds, GetIntOr(reply, "seconds", 0));
  if (seconds > 0 && !clock_.SleepFor(std::chrono::seconds(seconds), stop)) {
    return MakeError(ErrorCode::kCancelled, "the task was stopped");
  }
  if (const auto* output = reply.get_object().if_contains("output")) return *output;
  ASSIGN_OR_RETURN(std::string error, GetString(reply, "error"));
  ASSIGN_OR_RETURN(std::string cause, GetStringOr(reply, "cause", ""));
  return MakeTaskError(std::move(error), std::move(cause));
}

Result<json::value> CaseTasks::CallFunction(const std::string& name, const json::value& event, bool direct,
                                            std::stop_token stop) {
  const auto* function = lambdas_.if_contains(name);
  if (function == nullptr) {
    return MakeTaskError(
        "Lambda.ResourceNotFoundException",
        fmt::format("Function not found: arn:aws:lambda:us-east-1:111111111111:function:{}:$LATEST (Service: "
                    "AWSLambda; "
                    "Status Code: 404; Error Code: ResourceNotFoundException; Request ID: "
                    "00000000-0000-4000-8000-000000000000; Proxy: null)",
                    name));
  }
  ASSIGN_OR_RETURN(const std::string behavior, GetString(*function, "behavior"));
  const json::object& fields = function->get_object();
  if (behavior == "echo") return event;
  if (behavior == "const") return fields.contains("value") ? fields.at("value") : json::value();
  if (behavior == "bytes") {
    if (!fields.contains("value"))
      return json::value(std::string(257 * 1024, 'x'));  // more than a payload may have
    ASSIGN_OR_RETURN(const std::string text, GetString(*function, "value"));
    return ParseJson(text);
  }
  if (behavior == "sleep") {
    ASSIGN_OR_RETURN(const int64_t seconds, GetIntOr(*function, "seconds", 1));
    if (!clock_.SleepFor(std::chrono::seconds(seconds), stop)) {
      return MakeError(ErrorCode::kCancelled, "the task was stopped");
    }
    return event;
  }
  if (behavior == "raise") {
    ASSIGN_OR_RETURN(std::string type, GetString(*function, "errorType"));
    ASSIGN_OR_RETURN(const std::string message, GetString(*function, "errorMessage"));
    // What the Python runtime of Lambda answers, as the recordings have it: with spaces when the function is
    // the resource itself, without them through lambda:invoke.
    const json::value trace("  File \"/var/task/handler.py\", line 2, in handler\n    raise " + type + "(\"" +
                            message + "\")\n");
    const std::string_view space = direct ? " " : "";
    std::string cause = fmt::format(
        R"({{"errorMessage":{0}{1},{0}"errorType":{0}{2},{0}"requestId":{0}"00000000-0000-4000-8000-000000000000",{0})"
        R"("stackTrace":{0}[{3}]}})",
        space, JsonText(json::value(message)), JsonText(json::value(type)), JsonText(trace));
    return MakeTaskError(std::move(type), std::move(cause));
  }
  return MakeError(ErrorCode::kInvalidData, "a function of unknown behavior: " + behavior);
}

}  // namespace penstock::workflow
