#include "workflow/recorded.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace penstock::workflow {
namespace {

std::string Key(EventType type, const std::string& path) { return static_cast<char>(type) + path; }

// "/Map#1.2" is attempt 2 of the visit "/Map#1".
struct Attempt {
  std::string visit;
  int64_t number = 1;
};

Attempt AttemptOf(const std::string& path) {
  const size_t visit = path.rfind('#');
  const size_t dot = visit == std::string::npos ? visit : path.find('.', visit);
  if (dot == std::string::npos) return {path, 1};
  return {path.substr(0, dot), std::strtoll(path.c_str() + dot + 1, nullptr, 10)};
}

bool IsTaskEvent(EventType type) {
  return type == EventType::kEvaluationFailed ||
         (type >= EventType::kTaskScheduled && type <= EventType::kTaskTimedOut) ||
         (type >= EventType::kLambdaFunctionScheduled && type <= EventType::kLambdaFunctionTimedOut);
}

bool IsFailure(EventType type) {
  switch (type) {
    case EventType::kExecutionFailed:
    case EventType::kExecutionTimedOut:
    case EventType::kExecutionAborted:
    case EventType::kStateAborted:
    case EventType::kMapStateFailed:
    case EventType::kParallelStateFailed:
    case EventType::kMapIterationFailed:
    case EventType::kMapIterationAborted:
    case EventType::kMapRunFailed:
    case EventType::kMapRunAborted: return true;
    default: return false;
  }
}

}  // namespace

Recorded::Recorded(std::vector<HistoryEvent> events, std::vector<HistoryEvent> of_children)
    : events_(std::move(events)) {
  if (!events_.empty()) last_time_ = events_.back().timestamp;
  events_.insert(events_.end(), std::make_move_iterator(of_children.begin()),
                 std::make_move_iterator(of_children.end()));
  index_.reserve(events_.size());
  size_t begin = 0;  // of the lane
  for (size_t i = 0; i < events_.size(); ++i) {
    const HistoryEvent& event = events_[i];
    if (event.child != events_[begin].child) begin = i;
    last_ids_[event.child] = event.id;
    if (event.type == EventType::kExecutionRedriven) {
      if (event.child.empty()) redrives_ = event.number;
      Forget(begin, i);
    }
    // Those of an execution as a whole have no path, and nobody asks for them here: a new one has no index.
    if (!event.path.empty()) index_.emplace(Key(event.type, event.path), i);
    if (event.type == EventType::kMapIterationFailed) {
      failed_iterations_.emplace(event.path.substr(0, event.path.rfind('[')), i);
    }
  }
}

void Recorded::Forget(size_t begin, size_t end) {
  std::unordered_set<std::string> left;                   // visits of states that were left
  std::unordered_map<std::string, int64_t> last_attempt;  // of a Map or Parallel, by visit
  for (size_t i = begin; i < end; ++i) {
    const HistoryEvent& event = events_[i];
    if (event.type == EventType::kStateExited) left.insert(event.path);
    if (event.type == EventType::kMapStateStarted || event.type == EventType::kParallelStateStarted) {
      const Attempt attempt = AttemptOf(event.path);
      int64_t& last = last_attempt[attempt.visit];
      last = std::max(last, attempt.number);
    }
  }
  const auto is_last = [&](const std::string& path) {
    const Attempt attempt = AttemptOf(path);
    const auto found = last_attempt.find(attempt.visit);
    return found == last_attempt.end() || found->second == attempt.number;
  };
  // Not within an attempt of a Map or Parallel that was followed by another one.
  const auto on_front = [&](const std::string& path) {
    for (size_t at = path.find('['); at != std::string::npos; at = path.find('[', at + 1)) {
      if (!is_last(path.substr(0, at))) return false;
    }
    return true;
  };
  for (size_t i = begin; i < end; ++i) {
    const HistoryEvent& event = events_[i];
    const bool of_task = IsTaskEvent(event.type);
    if (!of_task && !IsFailure(event.type)) continue;
    if (of_task && left.count(AttemptOf(event.path).visit) != 0) continue;
    if (!on_front(event.path)) continue;
    const bool of_run = event.type == EventType::kMapRunFailed || event.type == EventType::kMapRunAborted;
    if (of_run && !is_last(event.path)) continue;
    index_.erase(Key(event.type, event.path));
    if (event.type == EventType::kMapIterationFailed) {
      failed_iterations_.erase(event.path.substr(0, event.path.rfind('[')));
    }
  }
}

const HistoryEvent* Recorded::Find(EventType type, const std::string& path) const {
  if (index_.empty()) return nullptr;
  const auto found = index_.find(Key(type, path));
  return found == index_.end() ? nullptr : &events_[found->second];
}

const HistoryEvent* Recorded::FailedIteration(const std::string& path) const {
  const auto found = failed_iterations_.find(path);
  return found == failed_iterations_.end() ? nullptr : &events_[found->second];
}

int64_t Recorded::LastIdOf(const std::string& child) const {
  const auto found = last_ids_.find(child);
  return found == last_ids_.end() ? 0 : found->second;
}

}  // namespace penstock::workflow
