// Prefixes of delivered objects with !{namespace:value} in them, as Firehose evaluates them.
// Source: Amazon Data Firehose developer guide, "Understand custom prefixes for Amazon S3 objects", with its
// rules and examples; the words of refusals are those of the service, as CreateDeliveryStream and
// CloudFormation show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "stream/java_time_format.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// Names and values of a record's partition keys.
using PartitionValues = std::vector<std::pair<std::string, std::string>>;

// What an evaluation takes.
struct PrefixValues {
  TimePoint arrival{};                 // of the oldest record of the object: all of !{timestamp:…}
  const TimeZone* zone = nullptr;      // never null
  std::string_view error_output_type;  // "processing-failed"; of error prefixes only
  const PartitionValues* query_keys = nullptr;
  const PartitionValues* lambda_keys = nullptr;
  // !{firehose:random-string} is made of it, each instance anew: the same seed, the same strings, so that a
  // delivery that is done again has the names that it had.
  std::string_view seed;
};

// Immutable, thread-safe.
class PrefixExpression {
 public:
  enum class Use { kPrefix, kErrorPrefix };
  // InvalidData: Firehose's "Invalid expression usage", "Namespace to the left of colon (…) is an invalid
  // keyword!", "Invalid conversion character used in the value of the expression in …", and where a namespace
  // may not stand.
  static Result<PrefixExpression> Parse(std::string_view text, Use use);

  // InvalidData: a partition key that is missing or empty ("partitionKeys values must not be null or empty"),
  // or a result of more than 512 characters.
  Result<std::string> Evaluate(const PrefixValues& values) const;

  bool has_expressions() const;
  bool has_timestamp() const;
  bool has_error_output_type() const;
  // The keys that it names, each once.
  std::vector<std::string> query_keys() const;
  std::vector<std::string> lambda_keys() const;

  enum class Kind { kText, kTimestamp, kErrorOutputType, kRandomString, kQueryKey, kLambdaKey };
  struct Part {
    Kind kind = Kind::kText;
    std::string text;     // as it stands; of a time: its pattern; of a key: its name
    JavaTimeFormat time;  // kTimestamp
  };
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<std::string> KeysOf(Kind kind) const;

  Use use_ = Use::kPrefix;
  std::vector<Part> parts_;
};

// Both prefixes of a stream, with what Firehose adds:
//  - to a prefix without !{timestamp:…}, the expression !{timestamp:yyyy/MM/dd/HH/} (not where partition keys
//  make it);
//  - no error prefix, or one without expressions: it is followed by
//  !{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH/};
//    without one, what stands before is the prefix.
struct StreamPrefixes {
  PrefixExpression prefix, error_prefix;
  TimeZone zone;
};
// InvalidData, in Firehose's words: what contradicts the rules above, partition keys that the prefix does not
// name or that nothing gives, an unknown time zone; and keys that no store takes ("//", "..").
Result<StreamPrefixes> PrefixesOf(const StreamSpec& spec);

}  // namespace penstock::stream
