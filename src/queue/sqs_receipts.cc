#include "queue/sqs_receipts.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::queue {

std::string FormatSqsReceipt(const SqsReceipt& receipt) {
  return fmt::format("{}:{}:{}", receipt.queue, receipt.id, receipt.handle);
}

Result<SqsReceipt> ParseSqsReceipt(std::string_view text) {
  const size_t first = text.find(':');
  const size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos || first == 0 || second == first + 1 || second + 1 == text.size()) {
    return MakeError(ErrorCode::kUsage, fmt::format("not a receipt: \"{}\"", text.substr(0, 200)));
  }
  return SqsReceipt{std::string(text.substr(0, first)),
                    std::string(text.substr(first + 1, second - first - 1)),
                    std::string(text.substr(second + 1))};
}

Status StaleSqsReceipt(std::string_view queue, std::string_view id) {
  return MakeError(
      ErrorCode::kPreconditionFailed,
      fmt::format("queue {}: a stale receipt: its visibility timeout ran out, or the message was received "
                  "again, moved or deleted: {}",
                  queue, id),
      "another worker has it, or will; use a longer visibility timeout, or extend it while working");
}

void SqsReceipts::Received(const std::string& id, Known known, TimePoint now) {
  std::lock_guard lock(mutex_);
  known_[id] = std::move(known);
  if (known_.size() < sweep_at_) return;
  // Nothing can be extended or moved once it is visible again; 12 hours is SQS' longest timeout.
  std::erase_if(known_, [&](const auto& one) { return one.second.until + std::chrono::hours(12) < now; });
  sweep_at_ = std::max<size_t>(1000, 2 * known_.size());
}

void SqsReceipts::Extended(const std::string& id, TimePoint until) {
  std::lock_guard lock(mutex_);
  if (const auto found = known_.find(id); found != known_.end()) found->second.until = until;
}

void SqsReceipts::Deleted(const std::string& id) {
  std::lock_guard lock(mutex_);
  known_.erase(id);
}

std::optional<SqsReceipts::Known> SqsReceipts::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = known_.find(id);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

Result<SqsReceipt> SqsReceipts::Check(std::string_view text, TimePoint now, bool while_invisible) const {
  ASSIGN_OR_RETURN(SqsReceipt receipt, ParseSqsReceipt(text));
  if (receipt.queue != queue_) return StaleSqsReceipt(queue_, receipt.id);
  std::lock_guard lock(mutex_);
  const auto found = known_.find(receipt.id);
  if (found != known_.end() &&
      (found->second.receipt != text || (while_invisible && found->second.until <= now))) {
    return StaleSqsReceipt(queue_, receipt.id);
  }
  return receipt;
}

}  // namespace penstock::queue
