#include "lake/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/date.h"
#include "base/fault.h"
#include "lake/partitioned_table.h"
#include "lake/table_commit.h"
#include "lake/test_bars.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = LifecycleAction::Kind;

struct LifecycleTest : testing::Test {
  ManualClock clock{TimePoint(MakeDate(2017, 1, 1))};
  store::MemoryStore store{clock};

  void Put(const std::string& key) { ASSERT_TRUE(store.Put(key, "bytes of " + key).ok()); }
  void Pass(int days) { clock.Advance(std::chrono::hours(24) * days); }
  std::vector<LifecycleAction> Plan() {
    return PlanLifecycle(store, "p/", DefaultRetention(), clock.Now()).ValueOrDie();
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    for (const auto& object : store::ListAll(store, "").ValueOrDie()) keys.push_back(object.key);
    return keys;
  }
};

// FTSE-6: raw removed after 30 days; clean to the cold tier after 90 days, removed after 180.
TEST_F(LifecycleTest, TheWholeLifeOfALake) {
  Put("p/raw/dt=2017-01-01/A.json");
  Put("p/clean/bars/dt=2017-01-01/bars.parquet");
  Put("p/markers/sp500/dt=2017-01-01.json");
  Put("q/raw/other.json");
  Pass(29);
  EXPECT_THAT(Plan(), IsEmpty());
  Pass(1);
  auto plan = Plan();
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan[0].key, "p/raw/dt=2017-01-01/A.json");
  EXPECT_EQ(plan[0].kind, Kind::kRemove);
  EXPECT_EQ(plan[0].age_days, 30);
  EXPECT_EQ(ApplyLifecycle(store, plan)->removed, 1U);
  Pass(59);
  EXPECT_THAT(Plan(), IsEmpty());
  Pass(1);
  plan = Plan();
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan[0].kind, Kind::kArchive);
  const auto result = ApplyLifecycle(store, plan).ValueOrDie();
  EXPECT_EQ(result.archived, 1U);
  EXPECT_EQ(store.Get("p/archive/clean/bars/dt=2017-01-01/bars.parquet")->bytes,
            "bytes of p/clean/bars/dt=2017-01-01/bars.parquet");
  EXPECT_FALSE(store.Head("p/clean/bars/dt=2017-01-01/bars.parquet").ok());
  Pass(89);
  EXPECT_THAT(Plan(), IsEmpty());
  Pass(1);
  EXPECT_EQ(ApplyLifecycle(store, Plan())->removed, 1U);
  EXPECT_THAT(Keys(), ElementsAre("p/markers/sp500/dt=2017-01-01.json", "q/raw/other.json"));
}

// ALL-5: killed between the copy and the removal, the next run completes it.
TEST_F(LifecycleTest, InterruptedArchivingIsCompleted) {
  Put("p/clean/bars/a.parquet");
  Pass(100);
  ASSERT_TRUE(ArmFaults("lake.archive.copied=error").ok());
  EXPECT_EQ(CodeOf(ApplyLifecycle(store, Plan()).status()), ErrorCode::kIo);
  ASSERT_TRUE(ArmFaults("").ok());
  EXPECT_THAT(Keys(), ElementsAre("p/archive/clean/bars/a.parquet", "p/clean/bars/a.parquet"));
  const auto copied = store.Head("p/archive/clean/bars/a.parquet")->etag;
  EXPECT_EQ(ApplyLifecycle(store, Plan())->archived, 1U);
  EXPECT_THAT(Keys(), ElementsAre("p/archive/clean/bars/a.parquet"));
  EXPECT_EQ(store.Head("p/archive/clean/bars/a.parquet")->etag, copied)
      << "not copied again: its age goes on";
  EXPECT_THAT(Plan(), IsEmpty());
}

TEST_F(LifecycleTest, WhatWasWrittenAgainSinceThePlanStays) {
  Put("p/raw/a");
  Put("p/raw/b");
  Put("p/clean/bars/c");
  Pass(95);
  const auto plan = Plan();
  ASSERT_EQ(plan.size(), 3U);
  Put("p/raw/a");
  Put("p/clean/bars/c");
  ASSERT_TRUE(store.Delete("p/raw/b").ok());
  const auto result = ApplyLifecycle(store, plan).ValueOrDie();
  EXPECT_EQ(result.skipped, 3U);
  EXPECT_THAT(Keys(), ElementsAre("p/clean/bars/c", "p/raw/a"));
  EXPECT_EQ(ApplyLifecycle(store, plan)->skipped, 3U) << "safe to repeat";
}

// A symbol that is added later joins its day, also where the day is archived: nothing archived is ever lost
// (FTSE-6).
TEST_F(LifecycleTest, RowsThatComeAfterArchivingJoinTheArchivedOnes) {
  HiveTableFormat format(store);
  const auto table = PartitionedTable::Make(store, format, DailyBarsTable(), "p/").ValueOrDie();
  const auto put = [&](const std::string& symbol) {
    TestBar bar;
    bar.symbol = symbol;
    ASSERT_TRUE(table->Upsert({BarBatch({bar})}, {}).ok());
  };
  const auto rows = [&] { return table->ReadClean(MakeDate(2017, 8, 11)).ValueOrDie().rows->rows(); };
  put("AAPL");
  put("GE");
  Pass(90);
  ASSERT_EQ(ApplyLifecycle(store, Plan())->archived, 1U);
  put("MSFT");
  EXPECT_EQ(rows(), 3);
  Pass(90);
  ASSERT_TRUE(ApplyLifecycle(store, Plan()).ok());
  EXPECT_EQ(rows(), 3) << "of the archive now";
}

TEST_F(LifecycleTest, WrongRulesAreUsage) {
  const auto code = [&](RetentionRule rule) {
    return CodeOf(PlanLifecycle(store, "", {rule}, clock.Now()).status());
  };
  EXPECT_EQ(code({"raw", std::nullopt, -1}), ErrorCode::kUsage);
  EXPECT_EQ(code({"clean", 90, 90}), ErrorCode::kUsage);
  EXPECT_EQ(code({"", std::nullopt, 1}), ErrorCode::kUsage);
  EXPECT_EQ(code({"archive", std::nullopt, 1}), ErrorCode::kUsage);
  EXPECT_EQ(code({"raw", 10, std::nullopt}), ErrorCode::kOk);
}

TEST_F(LifecycleTest, StopsOnRequest) {
  Put("p/raw/a");
  Pass(40);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(ApplyLifecycle(store, Plan(), stop.get_token()).status()), ErrorCode::kCancelled);
  EXPECT_THAT(Keys(), ElementsAre("p/raw/a"));
}

}  // namespace
}  // namespace penstock::lake
