// The Map Runs of an execution (distributed Maps), counted from its history and that of its children.
// Source: AWS Step Functions API reference, DescribeMapRun.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "workflow/execution_store.h"

namespace penstock::workflow {

// Of items, or of child executions. A child of the type EXPRESS is pending until it has ended: nothing of it
// is kept before.
struct MapRunCounts {
  int64_t pending = 0, running = 0, succeeded = 0, failed = 0, timed_out = 0, aborted = 0;
  int64_t total() const { return pending + running + succeeded + failed + timed_out + aborted; }
};

struct MapRunInfo {
  std::string arn;
  std::string path;  // of the Map's attempt, "/Map#1"
  ExecutionStatus status = ExecutionStatus::kRunning;
  TimePoint started{}, stopped{};  // `stopped` only when not running
  MapRunCounts items;
  // Without pending ones where items are batched: how many batches there will be is not kept.
  MapRunCounts executions;
  int64_t redrives = 0;
};

// In the order in which they began. `of_children`: ExecutionStore::ChildHistory of all. `status`: of the
// execution; what was not complete when it ended was aborted.
std::vector<MapRunInfo> MapRunsOf(const std::vector<HistoryEvent>& events,
                                  const std::vector<HistoryEvent>& of_children, ExecutionStatus status);

// In the field names of DescribeMapRun: mapRunArn, status, startDate, stopDate, itemCounts, executionCounts,
// redriveCount.
json::value ToJson(const MapRunInfo& run);

}  // namespace penstock::workflow
