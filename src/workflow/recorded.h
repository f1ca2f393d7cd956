// What the history of an execution says, when the execution is taken up again: the interpreter goes the same
// way once more, and takes the outcomes found here instead of running things again.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "workflow/history.h"

namespace penstock::workflow {

// Immutable; read by many threads.
class Recorded {
 public:
  Recorded() = default;
  explicit Recorded(std::vector<HistoryEvent> events);

  bool empty() const { return events_.empty(); }
  // The event of this type at this path, or null.
  const HistoryEvent* Find(EventType type, const std::string& path) const;
  // The first iteration that failed in the attempt of a Map at `path` ("/Map#1", "/Map#1.2"), or null.
  const HistoryEvent* FailedIteration(const std::string& path) const;
  int64_t last_id() const { return events_.empty() ? 0 : events_.back().id; }
  TimePoint last_time() const { return events_.empty() ? TimePoint{} : events_.back().timestamp; }

 private:
  std::vector<HistoryEvent> events_;
  std::unordered_map<std::string, size_t> index_;
  std::unordered_map<std::string, size_t> failed_iterations_;
};

}  // namespace penstock::workflow
