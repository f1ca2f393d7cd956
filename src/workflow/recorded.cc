#include "workflow/recorded.h"

#include <utility>

namespace penstock::workflow {
namespace {

std::string Key(EventType type, const std::string& path) { return static_cast<char>(type) + path; }

}  // namespace

Recorded::Recorded(std::vector<HistoryEvent> events) : events_(std::move(events)) {
  index_.reserve(events_.size());
  for (size_t i = 0; i < events_.size(); ++i) {
    const HistoryEvent& event = events_[i];
    index_.emplace(Key(event.type, event.path), i);
    if (event.type == EventType::kMapIterationFailed) {
      failed_iterations_.emplace(event.path.substr(0, event.path.rfind('[')), i);
    }
  }
}

const HistoryEvent* Recorded::Find(EventType type, const std::string& path) const {
  if (events_.empty()) return nullptr;
  const auto found = index_.find(Key(type, path));
  return found == index_.end() ? nullptr : &events_[found->second];
}

const HistoryEvent* Recorded::FailedIteration(const std::string& path) const {
  const auto found = failed_iterations_.find(path);
  return found == failed_iterations_.end() ? nullptr : &events_[found->second];
}

}  // namespace penstock::workflow
