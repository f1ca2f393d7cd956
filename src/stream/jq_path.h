// The part of jq that partitioning keys are written in: .a.b["c d"][0] | strftime("%Y"), and the object that
// MetadataExtractionQuery is: {customer_id: .customer_id, year: .event_timestamp|strftime("%Y")}.
// Source: Amazon Data Firehose developer guide, "Understand partitioning keys"; jq 1.6 manual, "Basic
// filters", "Dates".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// A path and what it is passed through. Immutable, thread-safe.
struct JqPath {
  // Names of members; positions in lists, negative from the end.
  std::vector<std::variant<std::string, int64_t>> steps;
  enum class Function { kStrftime, kTostring, kTonumber, kTodate, kLower, kUpper };
  struct Call {
    Function function = Function::kTostring;
    std::string argument;  // of strftime
  };
  std::vector<Call> calls;
};

// InvalidData: outside this part of jq; the text says where.
Result<JqPath> ParseJqPath(std::string_view text);

// The keys of a MetadataExtractionQuery, in its order; each one's path as its text. InvalidData as above, or
// a name twice.
Result<std::vector<PartitionKey>> ParseMetadataExtractionQuery(std::string_view query);

// The value of a path that was found, passed through the calls: `text` as it is for texts, as JSON for
// numbers and true, false. InvalidData: a call cannot take it.
Result<std::string> ApplyJqCalls(const JqPath& path, std::string text, bool is_number);

}  // namespace penstock::stream
