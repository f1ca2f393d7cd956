// What was claimed, started and done of the schedules of a bucket.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "workflow/owner.h"

namespace penstock::serve {

enum class RunState { kClaimed, kStarted, kDone };
std::string_view NameOf(RunState state);  // "claimed"

enum class RunResult { kSucceeded, kIncomplete, kFailed };
std::string_view NameOf(RunResult result);  // "succeeded"

struct RunOutcome {
  RunResult result = RunResult::kSucceeded;
  std::string message;  // one line for a person
};

// An occurrence that is run, or was.
struct ScheduledRun {
  std::string schedule;  // Schedule::id()
  TimePoint occurrence{};
  std::string execution;
  RunState state = RunState::kClaimed;
  std::optional<workflow::Owner> owner;  // the process that runs it; none: it was put down
  TimePoint claimed{};
  TimePoint started{}, ended{};  // from their states on
  RunOutcome outcome;            // when done
};

// Thread-safe; several processes may use the same storage. Every call is one transaction.
//
// Of a schedule, a time is remembered up to which all is settled: it only moves forward, so nothing is
// claimed twice, whatever the clock does. At most one of its runs is not done.
class ScheduleStore {
 public:
  virtual ~ScheduleStore() = default;

  // Up to when the schedule is settled; `now` when it is new. What came due before is nobody's.
  virtual Result<TimePoint> Register(const std::string& schedule, TimePoint now) = 0;
  // Settled up to `until`, without a run. Does not go back. NotFound: not registered.
  virtual Status Settle(const std::string& schedule, TimePoint until) = 0;

  // A new run, with its owner, and settled up to its occurrence. Conflict: the occurrence is settled already,
  // or another run of this schedule is not done. NotFound: not registered.
  virtual Status Claim(const ScheduledRun& run) = 0;
  // The run that is not done.
  virtual Result<std::optional<ScheduledRun>> Unfinished(const std::string& schedule) = 0;
  // Makes `owner` the owner of the run that is not done, if its owner's id still is `expected` (empty:
  // nobody). Conflict: somebody else was quicker.
  virtual Status Take(const std::string& schedule, const std::string& expected,
                      const workflow::Owner& owner) = 0;

  // Of the run that is not done and that `owner` owns. Conflict: there is none.
  virtual Status Start(const std::string& schedule, const workflow::Owner& owner, TimePoint now) = 0;
  virtual Status Finish(const std::string& schedule, const workflow::Owner& owner, const RunOutcome& outcome,
                        TimePoint now) = 0;
  virtual Status Release(const std::string& schedule, const workflow::Owner& owner) = 0;

  // All runs of this owner live at `now`.
  virtual Status Heartbeat(const workflow::Owner& owner, TimePoint now) = 0;

  // Newest first. Of runs that are done, the newest kKeptRuns of a schedule are remembered.
  virtual Result<std::vector<ScheduledRun>> Runs(const std::string& schedule, int limit) = 0;
  static constexpr int kKeptRuns = 100;
};

}  // namespace penstock::serve
