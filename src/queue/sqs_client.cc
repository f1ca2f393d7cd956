#include "queue/sqs_client.h"

#include <fmt/format.h>

#include <charconv>

#include "base/json_text.h"

namespace penstock::queue {
namespace {

constexpr int kAttempts = 3;

// A member of Failed: BatchResultErrorEntry.
Status ToStatus(const json::object& entry) {
  const auto text = [&](std::string_view name) { return GetStringOr(entry, name, "").ValueOr(""); };
  const std::string code = text("Code");
  const auto* fault = entry.if_contains("SenderFault");
  const bool ours = fault != nullptr && fault->is_bool() && fault->get_bool();
  ErrorCode our_code = ours ? ErrorCode::kRejectedByProvider : ErrorCode::kUnavailable;
  if (code.find("Throttl") != std::string::npos || code == "OverLimit") our_code = ErrorCode::kThrottled;
  if (code == "ReceiptHandleIsInvalid" || code == "InvalidParameterValue" ||
      code.ends_with("MessageNotInflight")) {
    our_code = ErrorCode::kPreconditionFailed;  // the caller knows what it asked for
  }
  if (code == "InvalidMessageContents") our_code = ErrorCode::kInvalidData;
  return MakeError(our_code, fmt::format("SQS refuses: {}: {}", code, text("Message")));
}

// Which entry an answer is of.
Result<size_t> IndexOf(const json::value& value, size_t count) {
  ASSIGN_OR_RETURN(const std::string id, GetString(value, "Id"));
  size_t index = count;
  std::from_chars(id.data(), id.data() + id.size(), index);
  if (index < count) return index;
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("SQS answers for an entry that was not sent: {}", id));
}

}  // namespace

Result<json::object> SqsClient::Call(std::string_view action, const json::object& request) {
  aws::AwsRequest call;
  call.method = "POST";
  call.path = "/";
  call.headers.Add("Content-Type", "application/x-amz-json-1.0");
  call.headers.Add("X-Amz-Target", fmt::format("AmazonSQS.{}", action));
  call.body = JsonText(request);
  const auto response = aws_.Send(call);
  RETURN_IF_ERROR(response.status());
  if (response->body.empty()) return json::object();  // DeleteMessage and others answer nothing
  auto answer = ParseJson(response->body);
  if (answer.ok() && answer->is_object()) return std::move(answer->get_object());
  return MakeError(ErrorCode::kInvalidData, fmt::format("SQS answers {} with what is no JSON object", action),
                   "check AWS_ENDPOINT_URL_SQS: another service may answer there");
}

std::vector<Result<json::object>> SqsClient::CallBatch(std::string_view action, std::string_view queue_url,
                                                       const std::vector<json::object>& entries) {
  const Status silent =
      MakeError(ErrorCode::kInvalidData, fmt::format("SQS did not answer for an entry of {}", action));
  std::vector<Result<json::object>> results(entries.size(), Result<json::object>(silent));
  std::vector<size_t> open;
  for (size_t i = 0; i < entries.size(); ++i) open.push_back(i);
  for (int attempt = 1; !open.empty(); ++attempt) {
    json::array batch;
    for (const size_t i : open) {
      json::object entry = entries[i];
      entry["Id"] = std::to_string(i);
      batch.emplace_back(std::move(entry));
    }
    const auto answer = Call(action, {{"QueueUrl", queue_url}, {"Entries", std::move(batch)}});
    if (!answer.ok()) {
      for (const size_t i : open) results[i] = answer.status();
      return results;
    }
    const auto read = [&](std::string_view name, const auto& take) {
      const auto* list = answer->if_contains(name);
      if (list == nullptr || !list->is_array()) return;
      for (const json::value& entry : list->get_array()) {
        const auto index = IndexOf(entry, entries.size());
        if (index.ok()) results[*index] = take(entry.get_object());
      }
    };
    read("Successful", [](const json::object& entry) { return Result<json::object>(entry); });
    read("Failed", [](const json::object& entry) { return Result<json::object>(ToStatus(entry)); });
    std::erase_if(open, [&](size_t i) { return results[i].ok() || !IsRetryable(results[i].status()); });
    if (attempt == kAttempts) break;
    if (!open.empty()) clock_.SleepFor(std::chrono::milliseconds(random_.Uniform(50, 200 << attempt)));
  }
  return results;
}

}  // namespace penstock::queue
