// Prefixes of delivered objects, time patterns and queries for partition keys: texts that come with a
// stream's definition.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "stream/jq_path.h"
#include "stream/prefix_expression.h"

using namespace penstock;
using namespace penstock::stream;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  static const TimeZone kZone = TimeZone::Find("Asia/Kolkata").ValueOrDie();
  for (const auto use : {PrefixExpression::Use::kPrefix, PrefixExpression::Use::kErrorPrefix}) {
    const auto expression = PrefixExpression::Parse(text, use);
    if (!expression.ok()) continue;
    PartitionValues query, lambda;
    for (const auto& key : expression->query_keys()) query.emplace_back(key, "value");
    for (const auto& key : expression->lambda_keys()) lambda.emplace_back(key, "value");
    PrefixValues values;
    values.zone = &kZone;
    values.query_keys = &query;
    values.lambda_keys = &lambda;
    values.error_output_type = "processing-failed";
    const auto once = expression->Evaluate(values), again = expression->Evaluate(values);
    check(once.ok() == again.ok() && (!once.ok() || *once == *again));
    check(!once.ok() || expression->has_expressions() || *once == text);
  }
  if (const auto path = ParseJqPath(text); path.ok()) {
    IgnoreError(ApplyJqCalls(*path, "1565382027", true).status(), "only that it returns");
  }
  if (const auto keys = ParseMetadataExtractionQuery(text); keys.ok()) {
    for (const auto& key : *keys)
      check(key.name.find_first_of("\"\\") != key.name.npos || ParseJqPath(key.path).ok());
  }
  return 0;
}
