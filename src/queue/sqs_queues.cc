#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/json_text.h"
#include "queue/sqs_state.h"

namespace penstock::queue {

using std::chrono::seconds;

namespace {

constexpr seconds kLongestVisibility{43'200};  // API Reference, ChangeMessageVisibility
// CreateQueue: what is not said otherwise. Both are the largest values.
constexpr std::string_view kRetention = "1209600";
constexpr std::string_view kMaximumSize = "1048576";

// RedrivePolicy; names are SQS' own, empty: none.
struct Policy {
  std::string dead_letters;
  int max_receive_count = 0;
};
struct Kept {
  int64_t visibility_s = 0;
  Policy policy;
};

Result<Policy> ParsePolicy(const std::string& text) {
  if (text.empty()) return Policy{};
  ASSIGN_OR_RETURN(const json::value value, ParseJson(text));
  ASSIGN_OR_RETURN(const std::string arn, GetString(value, "deadLetterTargetArn"));
  const auto* count = value.get_object().if_contains("maxReceiveCount");
  Policy policy{std::string(LastPart(arn, ':')), 0};
  // SQS gives back what it was given: a number, or one in quotes.
  if (count != nullptr && count->is_int64()) policy.max_receive_count = static_cast<int>(count->get_int64());
  if (count != nullptr && count->is_string())
    policy.max_receive_count = static_cast<int>(std::strtol(count->get_string().c_str(), nullptr, 10));
  if (policy.max_receive_count > 0) return policy;
  return MakeError(ErrorCode::kInvalidData, fmt::format("a RedrivePolicy without maxReceiveCount: {}", text));
}

Result<Kept> ReadOptions(const json::object& attributes) {
  Kept kept;
  ASSIGN_OR_RETURN(const std::string timeout, GetString(attributes, "VisibilityTimeout"));
  kept.visibility_s = std::strtoll(timeout.c_str(), nullptr, 10);
  ASSIGN_OR_RETURN(const std::string policy, GetStringOr(attributes, "RedrivePolicy", ""));
  ASSIGN_OR_RETURN(kept.policy, ParsePolicy(policy));
  return kept;
}

}  // namespace

int64_t SqsSeconds(Duration span) { return std::chrono::ceil<seconds>(span).count(); }

Status CheckSqsVisibility(Duration timeout, ErrorCode code) {
  if (timeout.count() >= 0 && timeout <= kLongestVisibility) return Status::OK();
  return MakeError(code, timeout.count() < 0 ? "a visibility timeout is not below 0"
                                             : "SQS hides a message for 12 hours at most");
}

SqsQueues::SqsQueues(aws::AwsClient& aws, Clock& clock, Random& random, Logger log, SqsOptions options)
    : state_(std::make_shared<SqsState>(aws, clock, random, std::move(log), std::move(options))) {}

Result<std::shared_ptr<Queue>> SqsQueues::Get(const std::string& name,
                                              const std::optional<QueueOptions>& options) {
  RETURN_IF_ERROR(CheckQueue(name, options));
  if (options) {
    RETURN_IF_ERROR(
        WithContext(CheckSqsVisibility(options->visibility_timeout, ErrorCode::kConfiguration), name));
  }
  const std::string full = state_->options.prefix + name;
  RETURN_IF_ERROR(WithContext(CheckQueue(full, std::nullopt), "with the prefix of queues in SQS"));
  auto queue = Open(name, full, options);
  // Its URL was known, and somebody deleted it since.
  if (CodeOf(queue.status()) == ErrorCode::kNotFound) queue = Open(name, full, options);
  RETURN_IF_ERROR(WithContext(queue.status(), "queue " + full));
  return queue;
}

Result<std::shared_ptr<Queue>> SqsQueues::Open(const std::string& name, const std::string& full,
                                               const std::optional<QueueOptions>& options) {
  std::string policy_text;
  if (options && options->redrive) {
    const std::string& dead_letters = options->redrive->dead_letter_queue;
    RETURN_IF_ERROR(Get(dead_letters).status());
    ASSIGN_OR_RETURN(const auto attributes, Attributes(state_->options.prefix + dead_letters));
    ASSIGN_OR_RETURN(const std::string arn, GetString(attributes, "QueueArn"));
    policy_text = JsonText(
        json::object{{"deadLetterTargetArn", arn}, {"maxReceiveCount", options->redrive->max_receive_count}});
  }
  json::object wanted;
  if (options) {
    wanted["VisibilityTimeout"] = std::to_string(SqsSeconds(options->visibility_timeout));
    wanted["RedrivePolicy"] = policy_text;
  }
  auto url = state_->Url(full);
  if (CodeOf(url.status()) == ErrorCode::kNotFound) {
    ASSIGN_OR_RETURN(url, Create(full, wanted));
  }
  RETURN_IF_ERROR(url.status());

  ASSIGN_OR_RETURN(auto attributes, Attributes(full));
  ASSIGN_OR_RETURN(auto kept, ReadOptions(attributes));
  const auto sqs_options = [&](const QueueOptions& o) {
    return std::tuple(SqsSeconds(o.visibility_timeout), o.redrive ? o.redrive->max_receive_count : 0,
                      o.redrive ? state_->options.prefix + o.redrive->dead_letter_queue : std::string());
  };
  if (options && sqs_options(*options) !=
                     std::tuple(kept.visibility_s, kept.policy.max_receive_count, kept.policy.dead_letters)) {
    RETURN_IF_ERROR(
        state_->client.Call("SetQueueAttributes", {{"QueueUrl", *url}, {"Attributes", wanted}}).status());
    for (const auto& [key, value] : wanted) attributes[key] = value;
    ASSIGN_OR_RETURN(kept, ReadOptions(attributes));
  }
  QueueOptions now{seconds(kept.visibility_s), std::nullopt};
  if (!kept.policy.dead_letters.empty())
    now.redrive = RedrivePolicy{kept.policy.max_receive_count, state_->Shown(kept.policy.dead_letters)};
  return MakeSqsQueue(state_, name, {full, *url}, std::move(now), kept.policy.dead_letters);
}

Result<std::string> SqsQueues::Create(const std::string& full, json::object attributes) {
  attributes["MessageRetentionPeriod"] = kRetention;
  attributes["MaximumMessageSize"] = kMaximumSize;
  if (const auto* policy = attributes.if_contains("RedrivePolicy");
      policy != nullptr && policy->get_string().empty())
    attributes.erase("RedrivePolicy");
  const auto made =
      state_->client.Call("CreateQueue", {{"QueueName", full}, {"Attributes", std::move(attributes)}});
  // Somebody made it in this moment, otherwise than we would.
  if (CodeOf(made.status()) == ErrorCode::kAlreadyExists) return state_->Url(full);
  RETURN_IF_ERROR(made.status());
  return state_->Keep(full, *made);
}

Result<json::object> SqsQueues::Attributes(const std::string& full) {
  ASSIGN_OR_RETURN(const std::string url, state_->Url(full));
  const auto answer = state_->client.Call(
      "GetQueueAttributes",
      {{"QueueUrl", url}, {"AttributeNames", json::array{"QueueArn", "VisibilityTimeout", "RedrivePolicy"}}});
  state_->Forget(full, answer.status());
  RETURN_IF_ERROR(answer.status());
  const auto* attributes = answer->if_contains("Attributes");
  if (attributes != nullptr && attributes->is_object()) return attributes->get_object();
  return MakeError(ErrorCode::kInvalidData, "SQS gives no attributes of the queue");
}

Result<std::vector<std::string>> SqsQueues::Names() {
  std::vector<std::string> names;
  json::object request{{"MaxResults", 1000}};
  if (!state_->options.prefix.empty()) request["QueueNamePrefix"] = state_->options.prefix;
  while (true) {
    ASSIGN_OR_RETURN(const auto answer, state_->client.Call("ListQueues", request));
    if (const auto* urls = answer.if_contains("QueueUrls"); urls != nullptr && urls->is_array()) {
      for (const json::value& url : urls->get_array()) {
        if (!url.is_string()) return MakeError(ErrorCode::kInvalidData, "SQS names a queue that is no text");
        names.push_back(state_->Shown(std::string(LastPart(url.get_string(), '/'))));
      }
    }
    ASSIGN_OR_RETURN(const std::string next, GetStringOr(answer, "NextToken", ""));
    if (next.empty()) break;
    request["NextToken"] = next;
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace penstock::queue
