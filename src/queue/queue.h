// The seam to message queues, shaped after Amazon SQS (standard queues): at least once, one reader at a time
// for as long as the visibility timeout runs, and a dead-letter queue for what keeps failing. One conformance
// suite holds for all (queue/queue_conformance.h). Source: Amazon SQS Developer Guide, "Visibility timeout",
// "Using dead-letter queues", "Message quotas"; read 2026-11.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace penstock::queue {

// Body and attributes (names and values) together; SQS' default MaximumMessageSize. Larger things go into the
// store.
inline constexpr size_t kMaxMessageBytes = 262'144;
inline constexpr int kMaxReceiveMessages = 10;  // a Receive, as SQS

// Attributes that the queue itself sets on a message in a dead-letter queue.
inline constexpr std::string_view kSourceQueueAttribute = "penstock.source_queue";
inline constexpr std::string_view kReceiveCountAttribute = "penstock.receive_count";
inline constexpr std::string_view kLastErrorAttribute = "penstock.last_error";
inline constexpr std::string_view kDeadSinceAttribute = "penstock.dead_since";  // FormatTimestamp

using Attributes = std::map<std::string, std::string>;

struct Message {
  std::string id;  // stays when the message moves to a dead-letter queue and back
  std::string body;
  Attributes attributes;
  int receive_count = 0;  // this one included
  TimePoint sent_at;
  TimePoint visible_at;  // until then nobody receives it
  // Names this receipt, for Delete and the like; empty from List and Get.
  std::string receipt;
};

struct SendOptions {
  // While a message sent with this id is in the queue (waiting or in flight), no second one is made.
  std::string dedup_id;
  Duration delay{0};
  Attributes attributes;
};

struct ReceiveOptions {
  int max_messages = 1;                        // 1 to kMaxReceiveMessages
  std::optional<Duration> visibility_timeout;  // the queue's when absent
};

struct ListOptions {
  int max_messages = 1000;
  std::string start_after_id;  // the last id of the page before
};

struct RedrivePolicy {
  // Received this often and not deleted, a message moves to the dead-letter queue when it becomes visible
  // again.
  int max_receive_count = 3;
  std::string dead_letter_queue;
  bool operator==(const RedrivePolicy&) const = default;
};

struct QueueOptions {
  Duration visibility_timeout = std::chrono::seconds(30);
  std::optional<RedrivePolicy> redrive;
  bool operator==(const QueueOptions&) const = default;
};

// A message of SendBatch.
struct OutgoingMessage {
  std::string body;
  SendOptions options;
};

// In what an implementation falls short of the words below; docs/queues.md says what follows from it. Callers
// that need one of these ask first: nothing here fails silently, but a second message of one dedup_id does.
struct QueueCapabilities {
  // SendOptions::dedup_id holds. Otherwise it goes with the message, and a second one of it is a second
  // message.
  bool dedup = true;
  // List, Get and Redrive look without receiving. Otherwise they receive what is visible and give it back:
  // what others have received is not seen, looking counts as a receipt, and List and Get of a queue with a
  // dead-letter queue fail with Usage, because looking would move messages there.
  bool looks = true;
  // What was received too often is moved when its time is over; otherwise at the next Receive, and, where
  // ChangeVisibility gave the reason of the last failure, at that moment.
  bool moves_on_time = true;
  // Delete tells a receipt that is no longer the last one also when another process received it since.
  // Otherwise that Delete is OK and deletes nothing.
  bool knows_all_receipts = true;
};

struct QueueCount {
  int64_t visible = 0;    // to be received now
  int64_t in_flight = 0;  // received, timeout running
  int64_t delayed = 0;    // sent with a delay that has not passed
};

// Thread-safe, and safe among processes where the implementation lasts. Never waits for messages.
// PreconditionFailed: a receipt that is no longer the message's last one (it was received again, or moved
// away).
class Queue {
 public:
  virtual ~Queue() = default;
  virtual const std::string& name() const = 0;
  virtual QueueCapabilities capabilities() const { return {}; }

  // The message's id; that of the one already there for a known dedup_id. TooLarge: above kMaxMessageBytes.
  virtual Result<std::string> Send(std::string_view body, const SendOptions& options = {}) = 0;
  // As Send of each, in as few requests as can be; result i is of message i, and one that fails leaves the
  // others.
  virtual std::vector<Result<std::string>> SendBatch(const std::vector<OutgoingMessage>& messages);
  // The messages longest visible first; none when there is none. Each is invisible for the visibility
  // timeout.
  virtual Result<std::vector<Message>> Receive(const ReceiveOptions& options = {}) = 0;
  // Done with it. OK also when the message is gone already.
  virtual Status Delete(std::string_view receipt) = 0;
  // As Delete of each; status i is of receipt i.
  virtual std::vector<Status> DeleteBatch(const std::vector<std::string>& receipts);
  // Visible again `timeout` from now (0: at once): to hold a message longer, or to give it back for a later
  // try. `last_error`, where given, is kept for the dead-letter queue. PreconditionFailed also when its
  // timeout has run out.
  virtual Status ChangeVisibility(std::string_view receipt, Duration timeout,
                                  std::string_view last_error = {}) = 0;
  // As ChangeVisibility of each, without a last error; status i is of receipt i.
  virtual std::vector<Status> ChangeVisibilityBatch(const std::vector<std::string>& receipts,
                                                    Duration timeout);
  // For what can never succeed: to the dead-letter queue now. Configuration: the queue has none.
  virtual Status MoveToDeadLetter(std::string_view receipt, std::string_view reason) = 0;

  // Without receiving, whatever their state, oldest first (SQS: approximately).
  virtual Result<std::vector<Message>> List(const ListOptions& options = {}) = 0;
  // NotFound: no such message in this queue.
  virtual Result<Message> Get(std::string_view id) = 0;
  virtual Result<QueueCount> Count() = 0;
  // Removes all messages, those in flight too; how many.
  virtual Result<int64_t> Purge() = 0;
  // Of a dead-letter queue: moves messages back to where they came from, at once visible, receive count 0 and
  // without our attributes; how many. All (absent: those without a source stay), or exactly `ids` (NotFound:
  // one is not here or has no source; nothing is moved).
  virtual Result<int64_t> Redrive(const std::optional<std::vector<std::string>>& ids = std::nullopt) = 0;
};

// The queues of one place, by name (1 to 80 letters, digits, '-' and '_', as SQS; Usage otherwise).
class Queues {
 public:
  virtual ~Queues() = default;
  // The queue, made if it is new. `options` are kept for all who open it later; absent, what was kept (or the
  // defaults) holds. Configuration: a queue that is its own dead-letter queue, a timeout below 0, a count
  // below 1.
  virtual Result<std::shared_ptr<Queue>> Get(const std::string& name,
                                             const std::optional<QueueOptions>& options = std::nullopt) = 0;
  // Ascending.
  virtual Result<std::vector<std::string>> Names() = 0;
};

// What Queues::Get, Queue::Send and Queue::Receive check, for all implementations.
Status CheckQueue(std::string_view name, const std::optional<QueueOptions>& options);
Status CheckMessage(std::string_view body, const SendOptions& options);
Status CheckReceive(const ReceiveOptions& options);

}  // namespace penstock::queue
