#include "queue/queue.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::queue {

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

}  // namespace penstock::queue
