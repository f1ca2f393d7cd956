#include "serve/schedule_store_conformance.h"

#include <atomic>
#include <thread>

namespace penstock::serve {
namespace {

namespace ch = std::chrono;

const TimePoint kStart = *ParseTimestamp("2026-11-20T17:00:00Z");

workflow::Owner OwnerNamed(const std::string& id) {
  return workflow::Owner{id, 42, 4711, "boot", "pid:[1]", kStart};
}

ScheduledRun RunAt(TimePoint occurrence, const std::string& owner = "o") {
  ScheduledRun run;
  run.schedule = "p/daily";
  run.occurrence = occurrence;
  run.execution = "p.daily." + FormatTimestamp(occurrence);
  run.owner = OwnerNamed(owner);
  run.claimed = occurrence + ch::seconds(1);
  return run;
}

Status FinishNow(ScheduleStore& store, const std::string& owner = "o") {
  return store.Finish("p/daily", OwnerNamed(owner), {RunResult::kIncomplete, "some"}, kStart + ch::hours(2));
}

TEST_P(ScheduleStoreConformance, ANewScheduleIsSettledUpToNow) {
  EXPECT_EQ(*store_->Register("p/daily", kStart), kStart);
  EXPECT_EQ(*store_->Register("p/daily", kStart + ch::hours(1)), kStart);
  EXPECT_EQ(*store_->Register("p/other", kStart + ch::hours(1)), kStart + ch::hours(1));
}

TEST_P(ScheduleStoreConformance, UnknownSchedules) {
  EXPECT_EQ(CodeOf(store_->Settle("p/daily", kStart)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->Claim(RunAt(kStart))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store_->Unfinished("p/daily").status()), ErrorCode::kNotFound);
  EXPECT_TRUE(store_->Runs("p/daily", 9)->empty());
}

TEST_P(ScheduleStoreConformance, WhatIsSettledIsNeverClaimed) {
  ASSERT_TRUE(store_->Register("p/daily", kStart).ok());
  EXPECT_EQ(CodeOf(store_->Claim(RunAt(kStart))), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store_->Claim(RunAt(kStart - ch::hours(1)))), ErrorCode::kConflict);
  ASSERT_TRUE(store_->Settle("p/daily", kStart + ch::hours(5)).ok());
  ASSERT_TRUE(store_->Settle("p/daily", kStart + ch::hours(1)).ok());
  EXPECT_EQ(*store_->Register("p/daily", kStart), kStart + ch::hours(5)) << "it does not go back";
  EXPECT_EQ(CodeOf(store_->Claim(RunAt(kStart + ch::hours(5)))), ErrorCode::kConflict);
  EXPECT_TRUE(store_->Claim(RunAt(kStart + ch::hours(6))).ok());
  EXPECT_EQ(*store_->Register("p/daily", kStart), kStart + ch::hours(6));
}

TEST_P(ScheduleStoreConformance, ARunGoesFromClaimedToDone) {
  ASSERT_TRUE(store_->Register("p/daily", kStart).ok());
  const ScheduledRun run = RunAt(kStart + ch::hours(1));
  ASSERT_TRUE(store_->Claim(run).ok());
  EXPECT_EQ(CodeOf(store_->Claim(RunAt(kStart + ch::hours(2)))), ErrorCode::kConflict) << "one at a time";
  auto unfinished = *store_->Unfinished("p/daily");
  ASSERT_TRUE(unfinished.has_value());
  EXPECT_EQ(unfinished->state, RunState::kClaimed);
  EXPECT_EQ(unfinished->execution, run.execution);
  EXPECT_EQ(unfinished->claimed, run.claimed);
  ASSERT_TRUE(unfinished->owner.has_value());
  EXPECT_EQ(unfinished->owner->pid, 42);
  EXPECT_EQ(unfinished->owner->start_ticks, 4711);
  EXPECT_EQ(unfinished->owner->boot_id, "boot");
  EXPECT_EQ(unfinished->owner->pid_namespace, "pid:[1]");

  ASSERT_TRUE(store_->Start("p/daily", OwnerNamed("o"), kStart + ch::minutes(61)).ok());
  ASSERT_TRUE(store_->Start("p/daily", OwnerNamed("o"), kStart + ch::minutes(99)).ok());
  unfinished = *store_->Unfinished("p/daily");
  EXPECT_EQ(unfinished->state, RunState::kStarted);
  EXPECT_EQ(unfinished->started, kStart + ch::minutes(61)) << "of the first start";
  ASSERT_TRUE(FinishNow(*store_).ok());
  EXPECT_FALSE(store_->Unfinished("p/daily")->has_value());
  const auto runs = *store_->Runs("p/daily", 9);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].state, RunState::kDone);
  EXPECT_EQ(runs[0].ended, kStart + ch::hours(2));
  EXPECT_EQ(runs[0].outcome.result, RunResult::kIncomplete);
  EXPECT_EQ(runs[0].outcome.message, "some");
  EXPECT_EQ(CodeOf(store_->Claim(run)), ErrorCode::kConflict) << "done, and never again";
}

TEST_P(ScheduleStoreConformance, OnlyTheOwnerWrites) {
  ASSERT_TRUE(store_->Register("p/daily", kStart).ok());
  EXPECT_EQ(CodeOf(FinishNow(*store_)), ErrorCode::kConflict) << "there is no run";
  ASSERT_TRUE(store_->Claim(RunAt(kStart + ch::hours(1), "a")).ok());
  EXPECT_EQ(CodeOf(store_->Start("p/daily", OwnerNamed("b"), kStart)), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(FinishNow(*store_, "b")), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store_->Release("p/daily", OwnerNamed("b"))), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(store_->Take("p/daily", "", OwnerNamed("b"))), ErrorCode::kConflict);
  ASSERT_TRUE(store_->Take("p/daily", "a", OwnerNamed("b")).ok());
  EXPECT_EQ(CodeOf(store_->Take("p/daily", "a", OwnerNamed("c"))), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(FinishNow(*store_, "a")), ErrorCode::kConflict);
  ASSERT_TRUE(store_->Release("p/daily", OwnerNamed("b")).ok());
  EXPECT_FALSE((*store_->Unfinished("p/daily"))->owner.has_value());
  ASSERT_TRUE(store_->Take("p/daily", "", OwnerNamed("c")).ok());
  EXPECT_TRUE(FinishNow(*store_, "c").ok());
}

TEST_P(ScheduleStoreConformance, AHeartbeatIsOfTheOwner) {
  ASSERT_TRUE(store_->Register("p/daily", kStart).ok());
  ASSERT_TRUE(store_->Claim(RunAt(kStart + ch::hours(1), "a")).ok());
  ASSERT_TRUE(store_->Heartbeat(OwnerNamed("b"), kStart + ch::hours(3)).ok());
  EXPECT_EQ((*store_->Unfinished("p/daily"))->owner->heartbeat, kStart);
  ASSERT_TRUE(store_->Heartbeat(OwnerNamed("a"), kStart + ch::hours(3)).ok());
  EXPECT_EQ((*store_->Unfinished("p/daily"))->owner->heartbeat, kStart + ch::hours(3));
}

TEST_P(ScheduleStoreConformance, OldRunsAreForgotten) {
  ASSERT_TRUE(store_->Register("p/daily", kStart).ok());
  for (int i = 1; i <= ScheduleStore::kKeptRuns + 7; ++i) {
    ASSERT_TRUE(store_->Claim(RunAt(kStart + ch::hours(i))).ok());
    ASSERT_TRUE(FinishNow(*store_).ok());
  }
  const auto runs = *store_->Runs("p/daily", 1000);
  ASSERT_EQ(runs.size(), static_cast<size_t>(ScheduleStore::kKeptRuns));
  EXPECT_EQ(runs.front().occurrence, kStart + ch::hours(ScheduleStore::kKeptRuns + 7));
  EXPECT_EQ(store_->Runs("p/daily", 3)->size(), 3U);
}

TEST_P(ScheduleStoreConformance, OneOfManyClaims) {
  ASSERT_TRUE(store_->Register("p/daily", kStart).ok());
  for (int round = 1; round <= 20; ++round) {
    std::atomic<int> claimed = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          const Status status = store_->Claim(RunAt(kStart + ch::hours(round), std::to_string(i)));
          EXPECT_TRUE(status.ok() || CodeOf(status) == ErrorCode::kConflict) << status;
          if (status.ok()) ++claimed;
        });
      }
    }
    EXPECT_EQ(claimed, 1);
    ASSERT_TRUE(FinishNow(*store_, (*store_->Unfinished("p/daily"))->owner->id).ok());
  }
}

}  // namespace

std::string ScheduleStoreMakerName(const testing::TestParamInfo<ScheduleStoreMaker>& info) {
  return info.param.name;
}

void ScheduleStoreConformance::SetUp() { store_ = GetParam().make(); }

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ScheduleStoreConformance);

}  // namespace penstock::serve
