// Messages as SQS carries them: text only, ten attributes at most, digests on the way. Sources: Amazon SQS
// API Reference, SendMessage, ReceiveMessage, MessageAttributeValue; Developer Guide, "Amazon SQS message
// metadata" (with the digest of attributes), "Message quotas"; read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "queue/queue.h"

namespace penstock::queue {

// Body and attributes (names, types, values) of a message, and of all messages of a batch, together.
inline constexpr size_t kMaxSqsBytes = 1'048'576;
// The one attribute of a message that is ours, a JSON object; the other nine are the caller's.
inline constexpr std::string_view kSqsEnvelope = "penstock";
inline constexpr int kMaxSqsAttributes = 9;
inline constexpr int kMaxSqsBatch = 10;

// What SQS does not keep for us. Names of queues are SQS' own, with prefix.
struct SqsEnvelope {
  std::string queue;  // where it was sent: read in another queue, it was moved there by SQS
  std::string dedup_id;
  // Of a message that we moved, because SQS gives it a new id and time.
  std::string id;
  std::optional<TimePoint> sent_at;
  // Of a dead letter that we moved.
  struct Death {
    std::string source_queue, last_error, since;
    int64_t receive_count = 0;
  };
  std::optional<Death> death;
};

struct SqsMessage {
  std::string body;
  Attributes attributes;
  SqsEnvelope envelope;
};

struct EncodedSqsMessage {
  json::object members;  // MessageBody, MessageAttributes of a request
  std::string body_md5, attributes_md5;
  size_t bytes = 0;
};

// A body that is no text for SQS (empty, or with characters that XML 1.0 has not) goes as Base64, an
// attribute like it as Binary. Usage: more than nine attributes, or a name that SQS does not take. TooLarge.
Result<EncodedSqsMessage> EncodeSqsMessage(const SqsMessage& message);

struct ReceivedSqsMessage {
  SqsMessage message;
  std::string message_id, receipt_handle;
  int receive_count = 0;
  TimePoint sent_at;
  std::string moved_from;  // the queue whose redrive policy brought it here, where SQS tells
};

// A member of ReceiveMessage's Messages. A message that others sent is one too. InvalidData: not of this
// form, or changed on the way.
Result<ReceivedSqsMessage> DecodeSqsMessage(const json::value& value);

// The last part of an ARN or URL.
std::string_view LastPart(std::string_view text, char separator);

}  // namespace penstock::queue
