// Counts requests in every sliding window, so that a test can prove that a quota was never exceeded.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/thread_annotations.h"

namespace penstock::source {

struct ReplayQuota {
  int64_t requests = 0;  // 0: none
  Duration window = std::chrono::seconds(60);
};

// "300/60s", "5/1s", "10/500ms", "300/1m". Usage: another form.
Result<ReplayQuota> ParseReplayQuota(std::string_view text);
// "50ms", "2s", "1m". Usage: another form.
Result<Duration> ParseSpan(std::string_view text);

// Thread-safe. A window is half open: requests at t and t + window are not in the same one.
class RequestLog {
 public:
  explicit RequestLog(ReplayQuota quota) : quota_(quota) {}

  // A request arrived. Nothing, or how long to wait when it is over the quota; such a one does not use the
  // quota up.
  std::optional<Duration> Arrive(TimePoint now);
  void Answered(int status);
  void Reset();
  // {requests, rejected, by_status, max_in_window, window_ms, first, last}; rejected ones count in requests
  // and max_in_window too.
  json::object Stats() const;

 private:
  const ReplayQuota quota_;
  mutable std::mutex mutex_;
  std::deque<TimePoint> window_ GUARDED_BY(mutex_), granted_ GUARDED_BY(mutex_);
  std::map<int, int64_t> by_status_ GUARDED_BY(mutex_);
  int64_t requests_ GUARDED_BY(mutex_) = 0, rejected_ GUARDED_BY(mutex_) = 0;
  size_t max_in_window_ GUARDED_BY(mutex_) = 0;
  std::optional<TimePoint> first_ GUARDED_BY(mutex_), last_ GUARDED_BY(mutex_);
};

}  // namespace penstock::source
