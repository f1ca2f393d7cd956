#include "queue/queue.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::queue {

std::vector<Result<std::string>> Queue::SendBatch(const std::vector<OutgoingMessage>& messages) {
  std::vector<Result<std::string>> results;
  for (const auto& message : messages) results.push_back(Send(message.body, message.options));
  return results;
}

std::vector<Status> Queue::DeleteBatch(const std::vector<std::string>& receipts) {
  std::vector<Status> results;
  for (const auto& receipt : receipts) results.push_back(Delete(receipt));
  return results;
}

std::vector<Status> Queue::ChangeVisibilityBatch(const std::vector<std::string>& receipts, Duration timeout) {
  std::vector<Status> results;
  for (const auto& receipt : receipts) results.push_back(ChangeVisibility(receipt, timeout));
  return results;
}

Status CheckQueue(std::string_view name, const std::optional<QueueOptions>& options) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  const auto valid = [&](std::string_view text) {
    return !text.empty() && text.size() <= 80 && std::all_of(text.begin(), text.end(), allowed);
  };
  if (!valid(name)) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("a queue's name is 1 to 80 letters, digits, '-' and '_', got \"{}\"", name));
  }
  if (!options) return Status::OK();
  if (options->visibility_timeout.count() < 0) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("queue {}: visibility_timeout below 0", name));
  }
  if (!options->redrive) return Status::OK();
  if (options->redrive->max_receive_count < 1) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("queue {}: max_receive_count below 1", name));
  }
  if (!valid(options->redrive->dead_letter_queue) || options->redrive->dead_letter_queue == name) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("queue {}: its dead-letter queue must be another queue, got \"{}\"", name,
                                 options->redrive->dead_letter_queue));
  }
  return Status::OK();
}

Status CheckMessage(std::string_view body, const SendOptions& options) {
  if (options.delay.count() < 0) return MakeError(ErrorCode::kUsage, "a message's delay is below 0");
  size_t size = body.size();
  for (const auto& [name, value] : options.attributes) size += name.size() + value.size();
  if (size > kMaxMessageBytes) {
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("a message holds at most {} bytes, got {}", kMaxMessageBytes, size),
                     "put the data into the bucket and send its key");
  }
  return Status::OK();
}

Status CheckReceive(const ReceiveOptions& options) {
  if (options.max_messages >= 1 && options.max_messages <= kMaxReceiveMessages &&
      options.visibility_timeout.value_or(Duration(0)).count() >= 0) {
    return Status::OK();
  }
  return MakeError(ErrorCode::kUsage,
                   fmt::format("receive 1 to {} messages at once, for a time not below 0, got {}",
                               kMaxReceiveMessages, options.max_messages));
}

}  // namespace penstock::queue
