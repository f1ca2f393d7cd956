// What producers put and what lies below error prefixes: records of JSON by keys and columns, and error
// objects.
#include <arrow/type.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "stream/current_objects.h"
#include "stream/json_cell.h"
#include "stream/json_rows.h"
#include "stream/object_name.h"

using namespace penstock;
using namespace penstock::stream;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  static const std::vector<lake::CatalogColumn> kColumns{
      {"b", "boolean", true, ""}, {"i", "int", true, ""},   {"l", "bigint", false, ""},
      {"d", "double", true, ""},  {"f", "float", true, ""}, {"t", "timestamp", true, ""},
      {"y", "date", true, ""},    {"s", "string", true, ""}};
  static const auto kRows =
      JsonRows::Make(kColumns, {{"k", ".s"}, {"n", ".l|strftime(\"%Y\")"}}).ValueOrDie();
  static const auto kSchema = SchemaOf(kColumns).ValueOrDie();
  lake::RowColumns rows(kSchema);
  kRows->Read(text);
  PartitionValues keys;
  if (!kRows->Keys(&keys)) check(keys.size() == 2 && !keys[0].second.empty() && !keys[1].second.empty());
  const auto failure = kRows->Rows(&rows);
  check(failure ? rows.rows() == 0 && !failure->code.empty() : rows.rows() > 0);
  check(failure.has_value() || rows.Finish().ok());

  if (const auto records = ReadErrorRecords(text); records.ok()) {
    StreamSpec spec;
    std::string again;
    for (const auto& record : *records) AppendErrorLine(spec, kProcessingFailed, record, &again);
    const auto read = ReadErrorRecords(again);
    check(read.ok() && read->size() == records->size());
    for (size_t i = 0; i < records->size(); ++i) check((*read)[i].raw == (*records)[i].raw);
  }
  const auto moment = ParseMoment(text);
  check(!moment || text.size() >= 14);  // 2020-1-1 0:0:0
  const std::string key(text);
  check(CurrentObjects({key}).size() == 1);
  check(!CompactedThrough(text) || FirstSequenceOf(text));
  return 0;
}
