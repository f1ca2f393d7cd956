// What producers put and what lies below error prefixes: records of JSON by keys and columns, and error
// objects.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "stream/current_objects.h"
#include "stream/joda_time_pattern.h"
#include "stream/json_rows.h"
#include "stream/object_name.h"
#include "stream/text_values.h"

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
  // Nested columns and decimals, by both readers.
  for (const bool hive : {false, true}) {
    static const std::vector<lake::CatalogColumn> kNested{
        {"s", "string", true, ""},
        {"l", "array<struct<d:decimal(20,4),i:bigint>>", true, ""},
        {"b", "struct<t:timestamp,y:map<string,array<varchar(3)>>>", true, ""}};
    static const auto kNestedSchema = SchemaOf(kNested).ValueOrDie();
    JsonInput input;
    input.hive = hive;
    input.dots_to_underscores = true;
    input.column_to_key = {{"s", "S.x"}};
    input.timestamp_formats =
        hive ? std::vector<std::string>{"dd/MMM/yyyy HH:mm", "millis"} : std::vector<std::string>();
    const auto nested = JsonRows::Make(kNested, {}, input).ValueOrDie();
    lake::RowColumns cells(kNestedSchema);
    nested->Read(text);
    const auto refused = nested->Rows(&cells);
    check(refused ? cells.rows() == 0 : cells.rows() > 0);
    const auto batch = cells.Finish();
    check(batch.ok() && (*batch)->ValidateFull().ok());
  }
  std::string quoted;
  QuoteLongNumbers(text, &quoted);
  check(quoted.size() >= text.size());
  IgnoreError(JodaTimePattern::Parse(text).status(), "any bytes");
  const auto moment = ParseMoment(text);
  check(!moment || text.size() >= 14);  // 2020-1-1 0:0:0
  const std::string key(text);
  check(CurrentObjects({key}).size() == 1);
  check(!CompactedThrough(text) || FirstSequenceOf(text));
  return 0;
}
