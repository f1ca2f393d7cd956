#include "serve/memory_schedule_store.h"

#include <algorithm>

namespace penstock::serve {

ScheduledRun* MemoryScheduleStore::Entry::Unfinished() {
  for (auto& [time, run] : runs) {
    if (run.state != RunState::kDone) return &run;
  }
  return nullptr;
}

Result<MemoryScheduleStore::Entry*> MemoryScheduleStore::Find(const std::string& schedule) {
  const auto found = entries_.find(schedule);
  if (found != entries_.end()) return &found->second;
  return MakeError(ErrorCode::kNotFound, "no schedule of this name: " + schedule);
}

Result<ScheduledRun*> MemoryScheduleStore::FindOwned(const std::string& schedule,
                                                     const workflow::Owner& owner) {
  ASSIGN_OR_RETURN(Entry * entry, Find(schedule));
  ScheduledRun* run = entry->Unfinished();
  if (run != nullptr && run->owner && run->owner->id == owner.id) return run;
  return MakeError(ErrorCode::kConflict, "another process has the run of " + schedule);
}

Result<TimePoint> MemoryScheduleStore::Register(const std::string& schedule, TimePoint now) {
  std::lock_guard lock(mutex_);
  return entries_.try_emplace(schedule, Entry{now, {}}).first->second.settled;
}

Status MemoryScheduleStore::Settle(const std::string& schedule, TimePoint until) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(schedule));
  entry->settled = std::max(entry->settled, until);
  return Status::OK();
}

Status MemoryScheduleStore::Claim(const ScheduledRun& run) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(run.schedule));
  if (run.occurrence <= entry->settled || entry->Unfinished() != nullptr) {
    return MakeError(ErrorCode::kConflict, "claimed before: " + run.execution);
  }
  entry->settled = run.occurrence;
  entry->runs[run.occurrence] = run;
  return Status::OK();
}

Result<std::optional<ScheduledRun>> MemoryScheduleStore::Unfinished(const std::string& schedule) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(schedule));
  const ScheduledRun* run = entry->Unfinished();
  return run == nullptr ? std::nullopt : std::optional(*run);
}

Status MemoryScheduleStore::Take(const std::string& schedule, const std::string& expected,
                                 const workflow::Owner& owner) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Entry * entry, Find(schedule));
  ScheduledRun* run = entry->Unfinished();
  if (run == nullptr || (run->owner ? run->owner->id : "") != expected) {
    return MakeError(ErrorCode::kConflict, "another process has the run of " + schedule);
  }
  run->owner = owner;
  return Status::OK();
}

Status MemoryScheduleStore::Start(const std::string& schedule, const workflow::Owner& owner, TimePoint now) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(ScheduledRun * run, FindOwned(schedule, owner));
  if (run->state == RunState::kClaimed) run->started = now;
  run->state = RunState::kStarted;
  return Status::OK();
}

Status MemoryScheduleStore::Finish(const std::string& schedule, const workflow::Owner& owner,
                                   const RunOutcome& outcome, TimePoint now) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(ScheduledRun * run, FindOwned(schedule, owner));
  run->state = RunState::kDone;
  run->ended = now;
  run->outcome = outcome;
  run->owner.reset();
  auto& runs = entries_[schedule].runs;
  while (runs.size() > static_cast<size_t>(kKeptRuns)) runs.erase(runs.begin());
  return Status::OK();
}

Status MemoryScheduleStore::Release(const std::string& schedule, const workflow::Owner& owner) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(ScheduledRun * run, FindOwned(schedule, owner));
  run->owner.reset();
  return Status::OK();
}

Status MemoryScheduleStore::Heartbeat(const workflow::Owner& owner, TimePoint now) {
  std::lock_guard lock(mutex_);
  for (auto& [schedule, entry] : entries_) {
    ScheduledRun* run = entry.Unfinished();
    if (run != nullptr && run->owner && run->owner->id == owner.id) run->owner->heartbeat = now;
  }
  return Status::OK();
}

Result<std::vector<ScheduledRun>> MemoryScheduleStore::Runs(const std::string& schedule, int limit) {
  std::lock_guard lock(mutex_);
  std::vector<ScheduledRun> out;
  const auto found = entries_.find(schedule);
  if (found == entries_.end()) return out;
  const auto& runs = found->second.runs;
  for (auto run = runs.rbegin(); run != runs.rend() && static_cast<int>(out.size()) < limit; ++run) {
    out.push_back(run->second);
  }
  return out;
}

}  // namespace penstock::serve
