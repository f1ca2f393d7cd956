#include "serve/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "serve/memory_schedule_store.h"

namespace penstock::serve {
namespace {

namespace ch = std::chrono;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimePoint At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

// Notes what it is asked for; answers what a test says, in that order, then success.
class ScriptedRunner : public OccurrenceRunner {
 public:
  Result<RunOutcome> Run(const Schedule&, TimePoint, const std::string& execution, std::stop_token) override {
    std::lock_guard lock(mutex_);
    executions_.push_back(execution);
    if (during) during();
    if (answers.empty()) return RunOutcome{};
    const auto answer = answers.front();
    answers.erase(answers.begin());
    return answer;
  }
  std::vector<std::string> executions() const {
    std::lock_guard lock(mutex_);
    return executions_;
  }
  std::vector<Result<RunOutcome>> answers;
  std::function<void()> during;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> executions_;
};

class SchedulerTest : public testing::Test {
 protected:
  static Schedule Hourly(bool queue = true, bool enabled = true) {
    pipeline::ScheduleConfig config;
    config.name = "hourly";
    config.key = "rate";
    config.expression = "rate(1 hour)";
    config.queue_overlap = queue;
    config.enabled = enabled;
    return *Schedule::Make("lake", config);
  }
  // As a process would that serves the bucket.
  std::unique_ptr<Scheduler> Start(std::vector<Schedule> schedules = {}) {
    SchedulerOptions options;
    options.is_alive = [this](const workflow::Owner&, TimePoint) { return others_live_; };
    return std::make_unique<Scheduler>(std::move(schedules), store_, runner_, clock_, random_, Logger(),
                                       options);
  }
  // What is due now, to the end.
  void RunAll(Scheduler& scheduler, const Schedule& schedule) {
    for (int i = 0; i < 100; ++i) {
      const auto ran = scheduler.RunDue(schedule, {});
      ASSERT_TRUE(ran.ok()) << ran.status();
      if (!*ran) return;
    }
    FAIL() << "there is always something due";
  }

  ManualClock clock_{At("2026-11-20T12:00:00Z")};
  MemoryScheduleStore store_;
  ScriptedRunner runner_;
  Random random_{1};
  bool others_live_ = true;
};

TEST_F(SchedulerTest, RunsWhatComesDueOnce) {
  const Schedule hourly = Hourly();
  const auto scheduler = Start();
  RunAll(*scheduler, hourly);
  EXPECT_THAT(runner_.executions(), IsEmpty()) << "what was before the first start is nobody's";
  clock_.Set(At("2026-11-20T13:00:00Z"));
  RunAll(*scheduler, hourly);
  RunAll(*scheduler, hourly);
  EXPECT_THAT(runner_.executions(), ElementsAre("lake.hourly.20261120T130000Z"));
  clock_.Set(At("2026-11-20T14:00:00Z"));
  RunAll(*scheduler, hourly);
  EXPECT_EQ(runner_.executions().size(), 2U);
}

TEST_F(SchedulerTest, AfterDowntimeTheNewestIsRunOnce) {
  const Schedule hourly = Hourly();
  RunAll(*Start(), hourly);
  clock_.Set(At("2026-11-23T09:20:00Z"));
  RunAll(*Start(), hourly);
  RunAll(*Start(), hourly);
  EXPECT_THAT(runner_.executions(), ElementsAre("lake.hourly.20261123T090000Z"));
}

TEST_F(SchedulerTest, AClockSetBackRepeatsNothing) {
  const Schedule hourly = Hourly();
  const auto scheduler = Start();
  RunAll(*scheduler, hourly);
  clock_.Set(At("2026-11-20T15:30:00Z"));
  RunAll(*scheduler, hourly);
  for (const char* now : {"2026-11-20T12:30:00Z", "2026-11-20T14:00:00Z", "2026-11-20T15:00:00Z"}) {
    clock_.Set(At(now));
    RunAll(*scheduler, hourly);
    RunAll(*Start(), hourly);
  }
  EXPECT_EQ(runner_.executions().size(), 1U);
  clock_.Set(At("2026-11-20T16:00:00Z"));
  RunAll(*scheduler, hourly);
  EXPECT_THAT(runner_.executions(),
              ElementsAre("lake.hourly.20261120T150000Z", "lake.hourly.20261120T160000Z"));
}

TEST_F(SchedulerTest, TwoProcessesRunItOnce) {
  const Schedule hourly = Hourly();
  const auto one = Start(), two = Start();
  RunAll(*one, hourly);
  for (int i = 0; i < 20; ++i) {
    clock_.Advance(ch::hours(1));
    std::jthread other([&] { RunAll(*two, hourly); });
    RunAll(*one, hourly);
  }
  const auto executions = runner_.executions();
  EXPECT_EQ(std::set<std::string>(executions.begin(), executions.end()).size(), 20U);
  EXPECT_EQ(executions.size(), 20U);
}

TEST_F(SchedulerTest, WhatADeadProcessClaimedIsRun) {
  const Schedule hourly = Hourly();
  RunAll(*Start(), hourly);
  clock_.Set(At("2026-11-20T13:00:00Z"));
  // Claimed, and then nothing more was heard.
  ScheduledRun run{hourly.id(), clock_.Now(), hourly.ExecutionName(clock_.Now())};
  run.owner = workflow::MakeOwner(random_, clock_.Now());
  ASSERT_TRUE(store_.Claim(run).ok());
  RunAll(*Start(), hourly);
  EXPECT_THAT(runner_.executions(), IsEmpty()) << "while it lives, it is its";
  others_live_ = false;
  clock_.Set(At("2026-11-20T14:10:00Z"));
  RunAll(*Start(), hourly);
  EXPECT_THAT(runner_.executions(),
              ElementsAre("lake.hourly.20261120T130000Z", "lake.hourly.20261120T140000Z"))
      << "the claim first, then the newest that was missed";
}

TEST_F(SchedulerTest, WhatWasStoppedOrBusyIsTakenUp) {
  const Schedule hourly = Hourly();
  const auto scheduler = Start();
  RunAll(*scheduler, hourly);
  clock_.Set(At("2026-11-20T13:00:00Z"));
  runner_.answers = {MakeError(ErrorCode::kCancelled, "stopped"), MakeError(ErrorCode::kConflict, "busy")};
  EXPECT_EQ(CodeOf(scheduler->RunDue(hourly, {}).status()), ErrorCode::kCancelled);
  const auto busy = scheduler->RunDue(hourly, {});
  EXPECT_TRUE(busy.ok() && !*busy);
  RunAll(*Start(), hourly);
  EXPECT_THAT(runner_.executions(),
              ElementsAre("lake.hourly.20261120T130000Z", "lake.hourly.20261120T130000Z",
                          "lake.hourly.20261120T130000Z"));
  EXPECT_EQ(store_.Runs(hourly.id(), 9)->size(), 1U);
}

TEST_F(SchedulerTest, AFailureWaitsForTheNextOccurrence) {
  const Schedule hourly = Hourly();
  const auto scheduler = Start();
  RunAll(*scheduler, hourly);
  clock_.Set(At("2026-11-20T13:00:00Z"));
  runner_.answers = {MakeError(ErrorCode::kTaskFailed, "no bread")};
  RunAll(*scheduler, hourly);
  clock_.Set(At("2026-11-20T13:59:00Z"));
  RunAll(*scheduler, hourly);
  EXPECT_EQ(runner_.executions().size(), 1U);
  const auto runs = *store_.Runs(hourly.id(), 9);
  EXPECT_EQ(runs[0].outcome.result, RunResult::kFailed);
  EXPECT_EQ(runs[0].outcome.message, "no bread");
  clock_.Set(At("2026-11-20T14:00:00Z"));
  RunAll(*scheduler, hourly);
  EXPECT_EQ(runner_.executions().size(), 2U);
}

TEST_F(SchedulerTest, WhatComesDueDuringARun) {
  for (const bool queue : {true, false}) {
    clock_.Set(At("2026-11-20T12:00:00Z"));
    MemoryScheduleStore store;
    ScriptedRunner runner;
    runner.during = [&] {
      clock_.Set(std::max(clock_.Now(), At("2026-11-20T16:30:00Z")));  // three and a half hours
    };
    Scheduler scheduler({}, store, runner, clock_, random_, Logger());
    const Schedule hourly = Hourly(queue);
    RunAll(scheduler, hourly);
    clock_.Set(At("2026-11-20T13:00:00Z"));
    RunAll(scheduler, hourly);
    if (queue) {
      EXPECT_THAT(runner.executions(),
                  ElementsAre("lake.hourly.20261120T130000Z", "lake.hourly.20261120T160000Z"));
    } else {
      EXPECT_THAT(runner.executions(), ElementsAre("lake.hourly.20261120T130000Z"));
    }
    clock_.Set(At("2026-11-20T17:00:00Z"));
    RunAll(scheduler, hourly);
    EXPECT_EQ(runner.executions().back(), "lake.hourly.20261120T170000Z");
  }
}

// A day passes in no time: each hour runs once, a schedule that is switched off never.
TEST_F(SchedulerTest, RunsUntilItIsStopped) {
  pipeline::ScheduleConfig off = Hourly(true, false).config();
  off.name = "off";
  std::stop_source stop;
  runner_.during = [&, runs = 0]() mutable {
    if (++runs == 24) stop.request_stop();
  };
  Scheduler scheduler({Hourly(), *Schedule::Make("lake", off)}, store_, runner_, clock_, random_, Logger());
  ASSERT_TRUE(scheduler.Run(stop.get_token()).ok());
  const auto executions = runner_.executions();
  EXPECT_EQ(executions.size(), 24U);
  EXPECT_EQ(std::set<std::string>(executions.begin(), executions.end()).size(), 24U);
  for (const auto& execution : executions) EXPECT_EQ(execution.find(".off."), std::string::npos);
  EXPECT_TRUE(store_.Runs("lake/off", 9)->empty());
}

}  // namespace
}  // namespace penstock::serve
