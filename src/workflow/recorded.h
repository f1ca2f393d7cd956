// What the history of an execution says, when the execution is taken up again: the interpreter goes the same
// way once more, and takes the outcomes found here instead of running things again.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "workflow/history.h"

namespace penstock::workflow {

// Immutable; read by many threads.
//
// An ExecutionRedriven takes back what failed before it: the attempts of tasks in states that were not left,
// the failures of iterations, branches, Map Runs and child executions. What was completed stays, as do the
// earlier attempts of a Map or Parallel that was retried.
class Recorded {
 public:
  Recorded() = default;
  // Of the execution, and of all its children, each child's together and in the order of their ids.
  explicit Recorded(std::vector<HistoryEvent> events, std::vector<HistoryEvent> of_children = {});

  bool empty() const { return events_.empty(); }
  // The event of this type at this path, which is not empty, or null.
  const HistoryEvent* Find(EventType type, const std::string& path) const;
  // The first iteration that failed in the attempt of a Map at `path` ("/Map#1", "/Map#1.2"), or null.
  const HistoryEvent* FailedIteration(const std::string& path) const;
  int64_t last_id() const { return LastIdOf(""); }
  // The last event of a child; 0: it has none.
  int64_t LastIdOf(const std::string& child) const;
  TimePoint last_time() const { return last_time_; }
  int64_t redrives() const { return redrives_; }

 private:
  // Takes back the failures among the events [begin, end) of one lane.
  void Forget(size_t begin, size_t end);

  std::vector<HistoryEvent> events_;
  std::unordered_map<std::string, size_t> index_;
  std::unordered_map<std::string, size_t> failed_iterations_;
  std::unordered_map<std::string, int64_t> last_ids_;  // by child
  TimePoint last_time_{};
  int64_t redrives_ = 0;
};

}  // namespace penstock::workflow
