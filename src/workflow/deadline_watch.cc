#include "workflow/deadline_watch.h"

#include <algorithm>

namespace penstock::workflow {
namespace {

// The injected clock may jump (a test moves it, the machine was asleep), so it is read at least this often
// while there are deadlines. Sleeping on the clock itself would let an idle deadline move a test's clock.
constexpr std::chrono::milliseconds kPoll{50};

}  // namespace

DeadlineWatch::~DeadlineWatch() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

int64_t DeadlineWatch::Add(TimePoint deadline, std::function<void()> expired) {
  std::lock_guard lock(mutex_);
  const int64_t id = next_id_++;
  entries_.emplace(id, std::pair(deadline, std::move(expired)));
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  changed_.notify_all();
  return id;
}

void DeadlineWatch::Remove(int64_t id) {
  std::lock_guard lock(mutex_);
  entries_.erase(id);
}

void DeadlineWatch::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      changed_.wait(lock, [&] { return stopping_ || !entries_.empty(); });
      continue;
    }
    const TimePoint now = clock_.Now();
    auto wait = std::chrono::duration_cast<Duration>(kPoll);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      if (entry->second.first <= now) {
        entry->second.second();
        entry = entries_.erase(entry);
      } else {
        wait = std::min(wait, entry->second.first - now);
        ++entry;
      }
    }
    changed_.wait_for(lock, std::max(wait, Duration(1'000)));
  }
}

}  // namespace penstock::workflow
