// Schedules in memory: for tests.
#pragma once

#include <map>
#include <mutex>

#include "serve/schedule_store.h"

namespace penstock::serve {

class MemoryScheduleStore : public ScheduleStore {
 public:
  Result<TimePoint> Register(const std::string& schedule, TimePoint now) override;
  Status Settle(const std::string& schedule, TimePoint until) override;
  Status Claim(const ScheduledRun& run) override;
  Result<std::optional<ScheduledRun>> Unfinished(const std::string& schedule) override;
  Status Take(const std::string& schedule, const std::string& expected,
              const workflow::Owner& owner) override;
  Status Start(const std::string& schedule, const workflow::Owner& owner, TimePoint now) override;
  Status Finish(const std::string& schedule, const workflow::Owner& owner, const RunOutcome& outcome,
                TimePoint now) override;
  Status Release(const std::string& schedule, const workflow::Owner& owner) override;
  Status Heartbeat(const workflow::Owner& owner, TimePoint now) override;
  Result<std::vector<ScheduledRun>> Runs(const std::string& schedule, int limit) override;

 private:
  struct Entry {
    TimePoint settled;
    std::map<TimePoint, ScheduledRun> runs;
    ScheduledRun* Unfinished();
  };
  Result<Entry*> Find(const std::string& schedule);
  Result<ScheduledRun*> FindOwned(const std::string& schedule, const workflow::Owner& owner);

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace penstock::serve
