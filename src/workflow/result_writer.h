// The results of a distributed Map: as the state's output, or as objects of a bucket.
// Source: AWS Step Functions developer guide, "ResultWriter (Map)".
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "workflow/execution_store.h"

namespace penstock::store {
class ObjectStore;
}

namespace penstock::workflow {

// WriterConfig.
struct ResultFormat {
  // kNone: input, output and metadata of the child; kCompact: its output; kFlatten: and the elements of an
  // output that is an array. What failed is always as with kNone.
  enum class Transformation { kNone, kCompact, kFlatten };
  Transformation transformation = Transformation::kNone;
  bool jsonl = false;
};

// What a child execution came to.
struct ChildOutcome {
  bool started = false;                                // false: pending
  ExecutionStatus status = ExecutionStatus::kRunning;  // running: it was stopped with the Map Run
  std::string name, input;                             // input: JSON text
  json::value output;
  std::string error, cause;
  TimePoint start{}, stop{};
  int64_t items = 1;  // of its batch
  int64_t redrives = 0;
};

// Names of what the children belong to.
struct MapRunNames {
  std::string map_run_arn, state_machine_arn;  // "…:mapRun:M/Label:UUID", "…:stateMachine:M/Label"
  std::string execution_prefix;                // of the children's ARNs, "…:execution:M/Label:"
  std::string id;                              // the UUID
};

// One child with its metadata, in the shape of the service's result files.
json::object DescribeChild(const ChildOutcome& child, const MapRunNames& names);
// The results of all, transformed, for the state's output.
json::array TransformResults(const std::vector<ChildOutcome>& children, ResultFormat format,
                             const MapRunNames& names);

// Writes PREFIX/ID/SUCCEEDED_0.json, FAILED_0.json, PENDING_0.json (.jsonl; those that have results; the next
// number after 5 GB) and manifest.json. The state's output: {"MapRunArn", "ResultWriterDetails": {"Bucket",
// "Key"}}. A TaskError States.ResultWriterFailed. Writing again writes the same.
Result<json::value> ExportResults(store::ObjectStore& store, const std::string& bucket,
                                  const std::string& prefix, const std::vector<ChildOutcome>& children,
                                  ResultFormat format, const MapRunNames& names);

}  // namespace penstock::workflow
