// Bodies of POST /streams/NAME/records: lines of JSON, CSV, text.
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>

#include "base/json.h"
#include "stream/record_lines.h"

using namespace penstock;
using namespace penstock::stream;

namespace {
void Check(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto format : {LineFormat::kJson, LineFormat::kCsv, LineFormat::kText}) {
    RecordGroup group;
    const Status status = ReadLines(text, format, &group);
    if (!status.ok()) {
      Check(CodeOf(status) == ErrorCode::kInvalidData || CodeOf(status) == ErrorCode::kTooLarge);
      Check(status.message().size() < 300);
      continue;
    }
    Check(std::accumulate(group.sizes.begin(), group.sizes.end(), size_t{0}) == group.bytes.size());
    size_t at = 0;
    for (const uint32_t bytes : group.sizes) {
      const std::string record = group.bytes.substr(at, bytes);
      at += bytes;
      Check(record.size() > 1 && record.back() == '\n');
      // What came as CSV is an object that anybody reads. (NDJSON may nest deeper than our parser reads.)
      if (format == LineFormat::kCsv) Check(ParseJson(record)->is_object());
    }
  }
  return 0;
}
