// Asks work to stop when its time is over.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace penstock::workflow {

// Thread-safe. One thread, started by the first deadline.
class DeadlineWatch {
 public:
  explicit DeadlineWatch(const Clock& clock) : clock_(clock) {}
  ~DeadlineWatch();
  DeadlineWatch(const DeadlineWatch&) = delete;
  DeadlineWatch& operator=(const DeadlineWatch&) = delete;

  // Calls `expired` once, on the watch's thread, soon after the clock has reached `deadline`, unless removed
  // before. Must not call back into the watch.
  int64_t Add(TimePoint deadline, std::function<void()> expired);
  // After it returns, `expired` does not run (any more).
  void Remove(int64_t id);

 private:
  void Loop();

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, std::pair<TimePoint, std::function<void()>>> entries_;
  int64_t next_id_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock::workflow
