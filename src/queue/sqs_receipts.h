// What this process knows of the receipts that SQS gave it, since SQS tells little: it deletes nothing with
// an old receipt and says OK, and it moves no single message to another queue.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "queue/sqs_message.h"

namespace penstock::queue {

// A receipt of ours: "QUEUE:ID:HANDLE", the queue by its full name, HANDLE being what SQS gave.
struct SqsReceipt {
  std::string queue, id, handle;
};
std::string FormatSqsReceipt(const SqsReceipt& receipt);
// Usage: not of this form.
Result<SqsReceipt> ParseSqsReceipt(std::string_view text);

// Of one queue. Thread-safe.
class SqsReceipts {
 public:
  struct Known {
    std::string receipt;  // the last one; empty: the message was moved away
    TimePoint until;      // invisible so long, by our clock, which was read before SQS was asked
    int receive_count = 0;
    TimePoint sent_at;
    SqsMessage message;
  };

  explicit SqsReceipts(std::string queue) : queue_(std::move(queue)) {}

  // Also, without a receipt, that the message was moved away. `now` lets go of what became visible long ago.
  void Received(const std::string& id, Known known, TimePoint now);
  void Extended(const std::string& id, TimePoint until);
  void Deleted(const std::string& id);
  // Nothing: this process does not know the message.
  std::optional<Known> Find(const std::string& id) const;

  // The receipt, taken apart. Usage: none. PreconditionFailed: of another queue, or known not to be the last;
  // with `while_invisible` also when its time is over.
  Result<SqsReceipt> Check(std::string_view text, TimePoint now, bool while_invisible) const;

 private:
  const std::string queue_;
  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_ GUARDED_BY(mutex_);
  size_t sweep_at_ GUARDED_BY(mutex_) = 1000;
};

// PreconditionFailed, for a person.
Status StaleSqsReceipt(std::string_view queue, std::string_view id);

}  // namespace penstock::queue
