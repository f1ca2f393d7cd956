#include "workflow/map_run.h"

#include <algorithm>
#include <map>

namespace penstock::workflow {
namespace {

// What became of one child: its last outcome, for a redrive takes earlier ones back.
struct Child {
  ExecutionStatus status = ExecutionStatus::kRunning;
  int64_t items = 1;
};

void Count(ExecutionStatus status, int64_t number, MapRunCounts& counts) {
  switch (status) {
    case ExecutionStatus::kRunning: counts.running += number; break;
    case ExecutionStatus::kSucceeded: counts.succeeded += number; break;
    case ExecutionStatus::kFailed: counts.failed += number; break;
    case ExecutionStatus::kTimedOut: counts.timed_out += number; break;
    case ExecutionStatus::kAborted: counts.aborted += number; break;
  }
}

class Runs {
 public:
  void Take(const HistoryEvent& event) {
    switch (event.type) {
      case EventType::kMapStateStarted: lengths_[event.path] = event.number; break;
      case EventType::kMapRunItems: lengths_[event.path] = event.number; break;
      case EventType::kMapRunStarted: {
        MapRunInfo& run = runs_[event.path];
        run.arn = event.resource;
        run.path = event.path;
        run.started = event.timestamp;
        break;
      }
      case EventType::kMapRunRedriven:
        runs_[event.path].status = ExecutionStatus::kRunning;
        runs_[event.path].redrives = event.number;
        break;
      case EventType::kMapRunSucceeded: End(event, ExecutionStatus::kSucceeded); break;
      case EventType::kMapRunFailed: End(event, ExecutionStatus::kFailed); break;
      case EventType::kMapRunAborted: End(event, ExecutionStatus::kAborted); break;
      case EventType::kExecutionStarted:
        if (!event.child.empty()) children_[event.child].items = std::max<int64_t>(event.number, 1);
        break;
      case EventType::kExecutionRedriven: SetChild(event, ExecutionStatus::kRunning); break;
      case EventType::kExecutionSucceeded: SetChild(event, ExecutionStatus::kSucceeded); break;
      case EventType::kExecutionFailed: SetChild(event, ExecutionStatus::kFailed); break;
      case EventType::kExecutionTimedOut: SetChild(event, ExecutionStatus::kTimedOut); break;
      case EventType::kExecutionAborted: SetChild(event, ExecutionStatus::kAborted); break;
      default: break;
    }
  }

  std::vector<MapRunInfo> Finish(ExecutionStatus execution, TimePoint last) {
    std::map<std::string, bool> batched;
    for (const auto& [path, child] : children_) {
      const std::string of = path.substr(0, path.rfind('['));
      const auto run = runs_.find(of);
      if (run == runs_.end()) continue;
      const bool stopped =
          child.status == ExecutionStatus::kRunning && execution != ExecutionStatus::kRunning;
      const ExecutionStatus status = stopped ? ExecutionStatus::kAborted : child.status;
      Count(status, child.items, run->second.items);
      Count(status, 1, run->second.executions);
      if (child.items != 1) batched[of] = true;
    }
    std::vector<MapRunInfo> out;
    for (auto& [path, run] : runs_) {
      run.items.pending = std::max<int64_t>(lengths_[path] - run.items.total(), 0);
      if (!batched[path]) run.executions.pending = run.items.pending;
      if (run.status == ExecutionStatus::kRunning && execution != ExecutionStatus::kRunning) {
        run.status = ExecutionStatus::kAborted;
        run.stopped = last;
      }
      out.push_back(std::move(run));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const MapRunInfo& a, const MapRunInfo& b) { return a.started < b.started; });
    return out;
  }

 private:
  void End(const HistoryEvent& event, ExecutionStatus status) {
    runs_[event.path].status = status;
    runs_[event.path].stopped = event.timestamp;
  }
  void SetChild(const HistoryEvent& event, ExecutionStatus status) {
    if (!event.child.empty()) children_[event.child].status = status;
  }

  std::map<std::string, MapRunInfo> runs_;  // by path
  std::map<std::string, int64_t> lengths_;  // items, by path
  std::map<std::string, Child> children_;   // by HistoryEvent::child
};

json::value ToJson(const MapRunCounts& counts) {
  return {{"pending", counts.pending}, {"running", counts.running},    {"succeeded", counts.succeeded},
          {"failed", counts.failed},   {"timedOut", counts.timed_out}, {"aborted", counts.aborted},
          {"total", counts.total()}};
}

}  // namespace

std::vector<MapRunInfo> MapRunsOf(const std::vector<HistoryEvent>& events,
                                  const std::vector<HistoryEvent>& of_children, ExecutionStatus status) {
  Runs runs;
  for (const auto& event : events) runs.Take(event);
  for (const auto& event : of_children) runs.Take(event);
  return runs.Finish(status, events.empty() ? TimePoint{} : events.back().timestamp);
}

json::value ToJson(const MapRunInfo& run) {
  json::object out{{"mapRunArn", run.arn},
                   {"status", NameOf(run.status)},
                   {"startDate", FormatTimestamp(run.started)},
                   {"itemCounts", ToJson(run.items)},
                   {"executionCounts", ToJson(run.executions)},
                   {"redriveCount", run.redrives}};
  if (run.status != ExecutionStatus::kRunning) out["stopDate"] = FormatTimestamp(run.stopped);
  return out;
}

}  // namespace penstock::workflow
