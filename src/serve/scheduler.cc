#include "serve/scheduler.h"

#include <algorithm>
#include <thread>

#include "base/fault.h"

namespace penstock::serve {

namespace ch = std::chrono;

Scheduler::Scheduler(std::vector<Schedule> schedules, ScheduleStore& store, OccurrenceRunner& runner,
                     Clock& clock, Random& random, Logger log, SchedulerOptions options)
    : schedules_(std::move(schedules)),
      store_(store),
      runner_(runner),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      owner_(workflow::MakeOwner(random, clock.Now())) {}

Result<std::optional<ScheduledRun>> Scheduler::TakeUp(const Schedule& schedule, ScheduledRun run) {
  const TimePoint now = clock_.Now();
  // Its own: the store failed in the middle of it.
  const bool own = run.owner && run.owner->id == owner_.id;
  if (run.owner && !own && options_.is_alive(*run.owner, now)) return std::nullopt;
  workflow::Owner owner = owner_;
  owner.heartbeat = now;
  const Status taken = store_.Take(schedule.id(), run.owner ? run.owner->id : "", owner);
  if (CodeOf(taken) == ErrorCode::kConflict) return std::nullopt;
  RETURN_IF_ERROR(taken);
  log_.Info("schedule_taken_up", {{"schedule", schedule.id()}, {"execution", run.execution}});
  return run;
}

Result<std::optional<ScheduledRun>> Scheduler::NextRun(const Schedule& schedule) {
  const TimePoint now = clock_.Now();
  ASSIGN_OR_RETURN(const TimePoint settled, store_.Register(schedule.id(), now));
  ASSIGN_OR_RETURN(auto unfinished, store_.Unfinished(schedule.id()));
  if (unfinished) return TakeUp(schedule, *std::move(unfinished));
  ASSIGN_OR_RETURN(const auto due, schedule.Due(settled, now));
  if (!due) return std::nullopt;
  ScheduledRun run;
  run.schedule = schedule.id();
  run.occurrence = due->time;
  run.execution = schedule.ExecutionName(due->time);
  run.owner = owner_;
  run.owner->heartbeat = run.claimed = now;
  const Status claimed = store_.Claim(run);
  if (CodeOf(claimed) == ErrorCode::kConflict) return std::nullopt;
  RETURN_IF_ERROR(claimed);
  RETURN_IF_ERROR(FaultPoint("serve.claim.after"));
  if (due->older > 0) {
    log_.Warning("schedule_skipped", {{"schedule", schedule.id()},
                                      {"occurrences", due->older},
                                      {"run_instead", FormatTimestamp(due->time)}});
  }
  return run;
}

Status Scheduler::Finish(const Schedule& schedule, const ScheduledRun& run, const RunOutcome& outcome) {
  RETURN_IF_ERROR(FaultPoint("serve.finish.before"));
  const TimePoint now = clock_.Now();
  RETURN_IF_ERROR(store_.Finish(schedule.id(), owner_, outcome, now));
  log_.Log(outcome.result == RunResult::kSucceeded ? LogLevel::kInfo : LogLevel::kError, "schedule_ended",
           {{"schedule", schedule.id()},
            {"execution", run.execution},
            {"result", NameOf(outcome.result)},
            {"message", outcome.message}});
  if (schedule.config().queue_overlap) return Status::OK();
  ASSIGN_OR_RETURN(const auto due, schedule.Due(run.occurrence, now));
  if (due) {
    log_.Warning("schedule_skipped", {{"schedule", schedule.id()}, {"occurrences", due->older + 1}});
  }
  return store_.Settle(schedule.id(), now);
}

Result<bool> Scheduler::RunDue(const Schedule& schedule, std::stop_token stop) {
  ASSIGN_OR_RETURN(const auto run, NextRun(schedule));
  if (!run) return false;
  RETURN_IF_ERROR(store_.Start(schedule.id(), owner_, clock_.Now()));
  log_.Info("schedule_started", {{"schedule", schedule.id()},
                                 {"occurrence", FormatTimestamp(run->occurrence)},
                                 {"execution", run->execution}});
  const auto outcome = runner_.Run(schedule, run->occurrence, run->execution, stop);
  const ErrorCode code = CodeOf(outcome.status());
  if (code == ErrorCode::kCancelled || code == ErrorCode::kConflict) {
    RETURN_IF_ERROR(store_.Release(schedule.id(), owner_));
    if (code == ErrorCode::kCancelled) return outcome.status();
    log_.Info("schedule_busy", {{"schedule", schedule.id()}, {"message", outcome.status().message()}});
    return false;
  }
  RETURN_IF_ERROR(Finish(
      schedule, *run, outcome.ok() ? *outcome : RunOutcome{RunResult::kFailed, Describe(outcome.status())}));
  return true;
}

void Scheduler::Loop(const Schedule& schedule, std::stop_token stop) {
  constexpr ch::seconds kPauseAfterFailure{30};
  const ch::milliseconds poll(options_.poll_interval_ms);
  while (!stop.stop_requested()) {
    Duration pause = poll;
    const auto ran = RunDue(schedule, stop);
    if (stop.stop_requested()) return;
    if (ran.ok() && *ran) continue;
    if (!ran.ok()) {
      log_.Error("schedule_failed", {{"schedule", schedule.id()}, {"message", ran.status().message()}});
      pause = kPauseAfterFailure;
    }
    const TimePoint now = clock_.Now();
    const auto next = schedule.Next(now);
    clock_.SleepUntil(next.ok() && *next ? std::min(**next, now + pause) : now + pause, stop);
  }
}

Status Scheduler::Run(std::stop_token stop) {
  const TimePoint now = clock_.Now();
  for (const auto& schedule : schedules_) {
    RETURN_IF_ERROR(store_.Register(schedule.id(), now).status());
    if (!schedule.config().enabled) RETURN_IF_ERROR(store_.Settle(schedule.id(), now));
  }
  std::vector<std::jthread> threads;
  for (const auto& schedule : schedules_) {
    if (schedule.config().enabled) threads.emplace_back([&, stop] { Loop(schedule, stop); });
  }
  while (clock_.SleepFor(ch::milliseconds(options_.heartbeat_interval_ms), stop)) {
    const Status alive = store_.Heartbeat(owner_, clock_.Now());
    if (!alive.ok()) log_.Warning("schedule_heartbeat_failed", {{"message", alive.message()}});
  }
  return Status::OK();
}

}  // namespace penstock::serve
