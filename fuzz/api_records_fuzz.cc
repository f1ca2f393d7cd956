// No bytes may harm the reader of records, in either format; what it accepts is a valid batch.
#include <arrow/record_batch.h>

#include <cstdint>
#include <cstdlib>

#include "source/api/records.h"

namespace {

using namespace penstock::source;

void Read(std::string_view bytes, std::string_view extension, const RecordOptions& options) {
  const auto batch = ReadRecords(bytes, extension, options);
  if (batch.ok() && !(*batch)->ValidateFull().ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  RecordOptions options;
  Read(bytes, "json", options);
  Read(bytes, "csv", options);
  options.nulls = {"null"};
  options.columns = {
      {"date", ColumnType::kDate}, {"at", ColumnType::kTimestamp}, {"ms", ColumnType::kMilliseconds}};
  Read(bytes, "csv", options);
  for (const char* path : {"/{symbol}/{type}", "/data/0/*"}) {
    options.records = *RecordPath::Parse(path);
    Read(bytes, "json", options);
  }
  return 0;
}
