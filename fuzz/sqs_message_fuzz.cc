// A message as SQS answers it: refused, or read, and what was read goes out and comes back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queue/sqs_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::queue;
  const auto value = ParseJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!value.ok()) return 0;
  const auto received = DecodeSqsMessage(*value);
  if (!received.ok()) return 0;
  const auto sent = EncodeSqsMessage(received->message);
  if (!sent.ok()) {
    const ErrorCode code = CodeOf(sent.status());
    if (code != ErrorCode::kUsage && code != ErrorCode::kTooLarge) std::abort();
    return 0;
  }
  json::object again = sent->members;
  again["Body"] = again["MessageBody"];
  again["MD5OfBody"] = sent->body_md5;
  again["MessageId"] = "id";
  again["ReceiptHandle"] = "handle";
  again["Attributes"] = {{"ApproximateReceiveCount", "1"}, {"SentTimestamp", "0"}};
  const auto back = DecodeSqsMessage(again);
  if (!back.ok() || back->message.body != received->message.body ||
      back->message.attributes != received->message.attributes) {
    std::abort();
  }
  return 0;
}
