// What stands between a stream's log and its delivery: built-in transforms in order, or a Lambda handler.
// Source: Amazon Data Firehose developer guide, "Transform source data" (STREAM-2).
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/environment.h"
#include "base/log.h"
#include "base/random.h"
#include "base/status.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

struct TransformRecord {
  std::string record_id;  // unique among those that are transformed together; a handler gives it back
  std::string_view data;
  TimePoint arrival;
};

// What became of a record.
struct Transformed {
  enum class Result { kOk, kDropped, kFailed };
  Result result = Result::kOk;
  std::string data;                                                 // what is delivered instead
  std::vector<std::pair<std::string, std::string>> partition_keys;  // !{partitionKeyFromLambda:NAME}
  // Of a failed one: Firehose's code ("Lambda.FunctionError"), or ours ("Transform.Cast"); and its words.
  std::string error_code, error_message;
  int attempts = 1;  // that were made, of the record's batch
};

// Thread-safe.
class Transform {
 public:
  virtual ~Transform() = default;
  // One for each record, in order. A failed Status only when stopped (Cancelled): whatever else goes wrong is
  // said of the records.
  virtual Result<std::vector<Transformed>> Apply(std::span<const TransformRecord> records,
                                                 std::stop_token stop) = 0;
  // Of the handler, for error records; empty where there is none.
  virtual std::string function_arn() const { return {}; }
};

// `transform:` of a pipeline.yaml, as JSON: {"command": […], …} is a handler, {"built_in": [NAME or
// {NAME: SETTINGS}, …]} are built-in ones. Fails as CheckTransformSpec does.
Result<TransformSpec> ReadTransformSpec(const json::value& value);
// Configuration, with the place ("transform.built_in[1].cast.high") and what to do: no such transform or
// setting, a wrong type, an expression that is none. Starts and opens nothing.
Status CheckTransformSpec(const TransformSpec& spec);

struct TransformOptions {
  std::string stream_arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream";
  std::string region = "us-east-1";
  Environment environment = ProcessEnvironment;
};
// Null when the stream has none. Configuration: as above, a program or folder that is not there, or an unset
// variable. The clock and the random outlive it.
Result<std::unique_ptr<Transform>> MakeTransform(const StreamSpec& spec, const TransformOptions& options,
                                                 Clock& clock, Random& random, Logger logger);

}  // namespace penstock::stream
