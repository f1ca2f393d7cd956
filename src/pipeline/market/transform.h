// Raw answers into the lake: parse, judge, merge into the partitions of the sessions they speak of, mark as
// done.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::lake {
struct MarkerInput;
}

namespace penstock::pipeline {

// A raw object to be processed.
struct RawObject {
  std::string key;
  // When it was fetched, as the fetch step said; absent: when it was put.
  std::optional<TimePoint> fetched_at;
};

struct TransformSummary {
  Date date;                  // of the raw partition
  int64_t files = 0;          // raw answers that count here
  int64_t files_skipped = 0;  // of these: processed before from the same bytes under the same rules
  int64_t dead_lettered = 0;  // of these: could not be parsed; in the dead-letter queue with their key
  // Rows, of all files that are processed now (those skipped too: their counts stand in the marker).
  int64_t read = 0, accepted = 0, rejected = 0;
  std::map<std::string, int64_t> rejected_by_rule, warned_by_rule;
  int64_t partitions = 0, partitions_changed = 0;  // files of the lake, of this call
  // Raw keys whose answer contradicts what is stored of the days before it: the provider has adjusted the
  // history since, which must be asked for anew. Nothing of them was taken in.
  std::vector<std::string> adjusted;

  // Adds the rows of one processed answer, as its marker entry has them.
  void AddRows(const lake::MarkerInput& input);
  // Takes them out again.
  void RemoveRows(const lake::MarkerInput& input);
  // Adds the counts of another call for the same raw day.
  void Add(const TransformSummary& other);
  json::object ToJson() const;
};

struct TransformOptions {
  bool again = false;  // also what the marker says is done
  std::stop_token stop;
  std::string execution;  // for the commit and the dead letters
  // Not empty: the objects were fetched just now, as one batch of many. The marker is not asked, and gets
  // this shard (lake/marker.h); progress is the caller's.
  std::string shard;
};

// Processes the raw objects of one raw partition. Safe to repeat, to interrupt and to run twice at once:
// partitions merge, the marker is written last. Fails when the lake or the store does; what cannot be parsed
// is no failure.
Result<TransformSummary> Transform(const Pipeline& pipeline, const Runtime& runtime, Date raw_date,
                                   const std::vector<RawObject>& raw, const TransformOptions& options);

}  // namespace penstock::pipeline
