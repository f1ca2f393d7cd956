// What a handler answers to a stream's transform: any bytes give each record one outcome, in order; what is
// delivered is what the answer holds in base64, and what failed has Firehose's code.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lambda/function_failure.h"
#include "stream/transform_event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  using namespace penstock::stream;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<TransformRecord> records{{"0", "a", {}}, {"1", "", {}}, {"2", "c\n", {}}};
  size_t unknown = 0;
  const auto out = ReadTransformAnswer(text, records, &unknown);
  if (out.size() != records.size()) std::abort();
  for (const Transformed& each : out) {
    const bool failed = each.result == Transformed::Result::kFailed;
    if (failed == each.error_code.empty() || failed == each.error_message.empty()) std::abort();
    if (each.result != Transformed::Result::kOk && (!each.data.empty() || !each.partition_keys.empty()))
      std::abort();
    if (each.data.size() > text.size()) std::abort();
  }
  // The document that a client posts as its error.
  if (lambda::ReadErrorDocument(text, "").type.empty()) std::abort();
  return 0;
}
