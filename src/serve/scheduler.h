// Runs what comes due.
//
// Of a schedule: what was claimed and is not done is done first, by whoever finds its owner gone. Then the
// newest occurrence that came due since is claimed and run; older ones are passed over, with a line in the
// log. So after downtime one is run; and what comes due during a run waits, and is run once after it.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/status.h"
#include "serve/schedule.h"
#include "serve/schedule_store.h"
#include "workflow/owner.h"

namespace penstock::serve {

// What an occurrence does.
class OccurrenceRunner {
 public:
  virtual ~OccurrenceRunner() = default;
  // Runs, or goes on with, the execution of that name; when it ended before, says how. One call a schedule at
  // a time, those of several schedules at once. Cancelled: `stop` was requested; Conflict: another process is
  // at it. Both are tried again later; any other failure is how the occurrence ended.
  virtual Result<RunOutcome> Run(const Schedule& schedule, TimePoint occurrence, const std::string& execution,
                                 std::stop_token stop) = 0;
};

struct SchedulerOptions {
  // How often it is looked whether another process left a run behind; and the pause after a Conflict.
  int poll_interval_ms = 2'000;
  int heartbeat_interval_ms = 20'000;
  std::function<bool(const workflow::Owner&, TimePoint now)> is_alive = workflow::IsAlive;
};

// What it is given outlives it.
class Scheduler {
 public:
  Scheduler(std::vector<Schedule> schedules, ScheduleStore& store, OccurrenceRunner& runner, Clock& clock,
            Random& random, Logger log, SchedulerOptions options = {});

  // Until `stop` is requested and all that ran has returned; a thread a schedule. Schedules that are not
  // enabled are settled up to now: switched on later, they do not catch up.
  Status Run(std::stop_token stop);

  // Runs what is due of one schedule now. Whether there was something. Fails when the store does, or
  // Cancelled.
  Result<bool> RunDue(const Schedule& schedule, std::stop_token stop);

 private:
  // The run that is this process's to do now; none: nothing is due, or another process has it.
  Result<std::optional<ScheduledRun>> NextRun(const Schedule& schedule);
  Result<std::optional<ScheduledRun>> TakeUp(const Schedule& schedule, ScheduledRun run);
  Status Finish(const Schedule& schedule, const ScheduledRun& run, const RunOutcome& outcome);
  void Loop(const Schedule& schedule, std::stop_token stop);

  const std::vector<Schedule> schedules_;
  ScheduleStore& store_;
  OccurrenceRunner& runner_;
  Clock& clock_;
  const Logger log_;
  const SchedulerOptions options_;
  const workflow::Owner owner_;
};

}  // namespace penstock::serve
