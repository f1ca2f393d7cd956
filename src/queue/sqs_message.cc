#include "queue/sqs_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/json_text.h"
#include "base/md5.h"
#include "base/utf8.h"

namespace penstock::queue {
namespace {

constexpr std::string_view kEmptyType = "String.Empty";  // SQS has no empty values: the value stands for none
constexpr std::string_view kPlaceholder = "-";
// So long an explanation fits beside any body.
constexpr size_t kMaxErrorBytes = 32'768;

// Not empty, UTF-8, and of #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF only.
bool IsSqsText(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0 || (first < 0x20 && first != '\t' && first != '\n' && first != '\r')) return false;
    if (text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF")) return false;
    text.remove_prefix(length);
  }
  return true;
}

Status CheckName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  const bool reserved = [&] {
    const std::string lower = AsciiLower(name.substr(0, 7));
    return lower.starts_with("aws.") || lower == "amazon.";
  }();
  if (!name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), allowed) && !reserved &&
      name.front() != '.' && name.back() != '.' && name.find("..") == std::string_view::npos &&
      name != kSqsEnvelope) {
    return Status::OK();
  }
  return MakeError(
      ErrorCode::kUsage, fmt::format("SQS takes no message attribute of the name \"{}\"", name),
      "a name has up to 256 letters, digits, '-', '_' and '.', begins with neither AWS. nor Amazon., and "
      "is not \"penstock\"");
}

std::string BigEndian32(size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
  return out;
}

void AddAttribute(EncodedSqsMessage& out, json::object& attributes, std::string& digest,
                  const std::string& name, std::string_view type, std::string_view value) {
  const bool binary = type == "Binary";
  attributes[name] = binary ? json::object{{"DataType", type}, {"BinaryValue", Base64Encode(value)}}
                            : json::object{{"DataType", type}, {"StringValue", value}};
  for (const std::string_view part : {std::string_view(name), type}) {
    digest.append(BigEndian32(part.size())).append(part);
  }
  digest += binary ? '\2' : '\1';
  digest.append(BigEndian32(value.size())).append(value);
  out.bytes += name.size() + type.size() + value.size();
}

std::string EnvelopeText(const SqsEnvelope& envelope, std::string_view encoding) {
  json::object object{{"queue", envelope.queue}};
  if (!encoding.empty()) object["encoding"] = encoding;
  if (!envelope.dedup_id.empty()) object["dedup_id"] = ReplaceInvalidUtf8(envelope.dedup_id);
  if (!envelope.id.empty()) object["id"] = envelope.id;
  if (envelope.sent_at) object["sent_at"] = FormatTimestamp(*envelope.sent_at);
  if (envelope.death) {
    std::string error =
        ReplaceInvalidUtf8(std::string_view(envelope.death->last_error).substr(0, kMaxErrorBytes));
    object["source_queue"] = envelope.death->source_queue;
    object["receive_count"] = envelope.death->receive_count;
    object["last_error"] = std::move(error);
    object["since"] = envelope.death->since;
  }
  std::string text = JsonText(object);
  // The writer escapes control characters; these two are left of what XML has not.
  for (const std::string_view odd : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (size_t at = 0; (at = text.find(odd, at)) != std::string::npos;)
      text.replace(at, odd.size(), "\xEF\xBF\xBD");
  }
  return text;
}

// The envelope of a message, and how its body is encoded.
Result<std::pair<SqsEnvelope, std::string>> ParseEnvelope(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(text));
  SqsEnvelope envelope;
  ASSIGN_OR_RETURN(envelope.queue, GetString(value, "queue"));
  ASSIGN_OR_RETURN(std::string encoding, GetStringOr(value, "encoding", ""));
  ASSIGN_OR_RETURN(envelope.dedup_id, GetStringOr(value, "dedup_id", ""));
  ASSIGN_OR_RETURN(envelope.id, GetStringOr(value, "id", ""));
  ASSIGN_OR_RETURN(const std::string sent_at, GetStringOr(value, "sent_at", ""));
  if (!sent_at.empty()) {
    ASSIGN_OR_RETURN(envelope.sent_at, ParseTimestamp(sent_at));
  }
  SqsEnvelope::Death death;
  ASSIGN_OR_RETURN(death.source_queue, GetStringOr(value, "source_queue", ""));
  if (!death.source_queue.empty()) {
    ASSIGN_OR_RETURN(death.receive_count, GetIntOr(value, "receive_count", 0));
    ASSIGN_OR_RETURN(death.last_error, GetStringOr(value, "last_error", ""));
    ASSIGN_OR_RETURN(death.since, GetStringOr(value, "since", ""));
    envelope.death = std::move(death);
  }
  return std::pair(std::move(envelope), std::move(encoding));
}

Result<std::string> AttributeValue(const json::value& attribute) {
  ASSIGN_OR_RETURN(const std::string type, GetString(attribute, "DataType"));
  if (type == kEmptyType) return std::string();
  if (!type.starts_with("Binary")) return GetString(attribute, "StringValue");
  ASSIGN_OR_RETURN(const std::string value, GetString(attribute, "BinaryValue"));
  return Base64Decode(value);
}

Result<int64_t> Number(const json::value& attributes, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string text, GetString(attributes, name));
  if (!text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos)
    return std::stoll(text);
  return MakeError(ErrorCode::kInvalidData, fmt::format("{} is no number: {}", name, text));
}

}  // namespace

std::string_view LastPart(std::string_view text, char separator) {
  return text.substr(text.rfind(separator) + 1);
}

Result<EncodedSqsMessage> EncodeSqsMessage(const SqsMessage& message) {
  if (message.attributes.size() > static_cast<size_t>(kMaxSqsAttributes)) {
    return MakeError(ErrorCode::kUsage, fmt::format("a message in SQS has at most {} attributes, got {}",
                                                    kMaxSqsAttributes, message.attributes.size()));
  }
  EncodedSqsMessage out;
  std::string body = message.body;
  std::string_view encoding;
  if (body.empty()) {
    encoding = "empty";
    body = kPlaceholder;
  } else if (!IsSqsText(body)) {
    encoding = "base64";
    body = Base64Encode(body);
  }
  out.body_md5 = Md5Hex(body);
  out.bytes = body.size();
  out.members["MessageBody"] = std::move(body);

  // In the order of their names: so the digest has them.
  Attributes all = message.attributes;
  for (const auto& [name, value] : all) RETURN_IF_ERROR(CheckName(name));
  all[std::string(kSqsEnvelope)] = EnvelopeText(message.envelope, encoding);
  json::object attributes;
  std::string digest;
  for (const auto& [name, value] : all) {
    if (value.empty()) {
      AddAttribute(out, attributes, digest, name, kEmptyType, kPlaceholder);
    } else {
      AddAttribute(out, attributes, digest, name, IsSqsText(value) ? "String" : "Binary", value);
    }
  }
  out.attributes_md5 = Md5Hex(digest);
  out.members["MessageAttributes"] = std::move(attributes);
  if (out.bytes > kMaxSqsBytes) {
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("a message in SQS has at most {} bytes, got {}", kMaxSqsBytes, out.bytes),
                     "put the data into the bucket and send its key");
  }
  return out;
}

Result<ReceivedSqsMessage> DecodeSqsMessage(const json::value& value) {
  ReceivedSqsMessage out;
  SqsMessage& message = out.message;
  ASSIGN_OR_RETURN(out.message_id, GetString(value, "MessageId"));
  ASSIGN_OR_RETURN(out.receipt_handle, GetString(value, "ReceiptHandle"));
  ASSIGN_OR_RETURN(message.body, GetString(value, "Body"));
  ASSIGN_OR_RETURN(const std::string md5, GetString(value, "MD5OfBody"));
  if (Md5Hex(message.body) != md5) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("message {} of SQS was changed on the way: its MD5 differs", out.message_id));
  }
  const json::value* system = value.get_object().if_contains("Attributes");
  if (system == nullptr) return MakeError(ErrorCode::kInvalidData, "a message of SQS without Attributes");
  ASSIGN_OR_RETURN(const int64_t count, Number(*system, "ApproximateReceiveCount"));
  ASSIGN_OR_RETURN(const int64_t sent, Number(*system, "SentTimestamp"));
  ASSIGN_OR_RETURN(const std::string source, GetStringOr(*system, "DeadLetterQueueSourceArn", ""));
  out.receive_count = static_cast<int>(std::min<int64_t>(count, INT32_MAX));
  out.sent_at = TimePoint(std::chrono::milliseconds(std::min<int64_t>(sent, 253'402'300'799'999)));
  out.moved_from = LastPart(source, ':');

  const json::value* attributes = value.get_object().if_contains("MessageAttributes");
  if (attributes == nullptr) return out;
  if (!attributes->is_object()) return MakeError(ErrorCode::kInvalidData, "MessageAttributes is no object");
  for (const auto& [name, attribute] : attributes->get_object()) {
    ASSIGN_OR_RETURN(message.attributes[std::string(name)], AttributeValue(attribute));
  }
  const auto found = message.attributes.find(std::string(kSqsEnvelope));
  if (found == message.attributes.end()) return out;
  auto envelope = ParseEnvelope(found->second);
  if (!envelope.ok()) return out;  // somebody else's attribute of this name: it stays as it is
  message.attributes.erase(found);
  message.envelope = std::move(envelope->first);
  if (envelope->second == "empty") {
    message.body.clear();
  } else if (envelope->second == "base64") {
    ASSIGN_OR_RETURN(message.body, Base64Decode(message.body));
  } else if (!envelope->second.empty()) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("message {}: its body is encoded as {}", out.message_id, envelope->second),
                     "a newer penstock sent it: update this one");
  }
  return out;
}

}  // namespace penstock::queue
