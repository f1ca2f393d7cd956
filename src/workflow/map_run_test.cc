// The counts of DescribeMapRun.
#include <gtest/gtest.h>

#include <atomic>

#include "base/json_text.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"

namespace penstock::workflow {
namespace {

std::string MachineOf(const std::string& fields, const std::string& type) {
  return R"({"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,)" + fields +
         R"("ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":")" + type +
         R"("},"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}}}}})";
}

class MapRuns : public testing::Test {
 protected:
  // The task of the item 3 fails while `broken_`.
  FunctionTasks tasks_{[this](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    if (broken_ && JsonText(request.input).find('3') != std::string::npos) return MakeTaskError("Three", "");
    if (request.input == json::value(5)) stop_.request_stop();
    return request.input;
  }};
  std::string Counts(const std::string& name, std::string_view of) {
    const auto runs = engine_.MapRuns(name);
    EXPECT_TRUE(runs.ok());
    EXPECT_EQ(runs->size(), 1u);
    json::object counts = ToJson(runs->front()).at(of).get_object();
    std::string out(ToJson(runs->front()).at("status").get_string());
    for (const auto& member : counts) {
      if (JsonText(member.value()) != "0") out += " " + std::string(member.key()) + JsonText(member.value());
    }
    return out;
  }

  ManualClock clock_{*ParseTimestamp("2024-05-06T07:08:09Z")};
  Random random_{1};
  MemoryExecutionStore store_;
  std::atomic<bool> broken_{true};
  std::stop_source stop_;
  Engine engine_{store_, tasks_, clock_, random_, Logger()};
};

TEST_F(MapRuns, CountsWhatFailedAndWhatIsPendingUntilItIsRedriven) {
  for (const std::string type : {"STANDARD", "EXPRESS"}) {
    broken_ = true;
    const auto run = engine_.Run({type, "m", MachineOf("", type), json::array{1, 2, 3, 4}});
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    EXPECT_EQ(Counts(type, "itemCounts"), "FAILED pending1 succeeded2 failed1 total4");
    EXPECT_EQ(Counts(type, "executionCounts"), "FAILED pending1 succeeded2 failed1 total4");
    broken_ = false;
    ASSERT_TRUE(engine_.Redrive(type).ok());
    EXPECT_EQ(Counts(type, "itemCounts"), "SUCCEEDED succeeded4 total4");
    EXPECT_EQ(engine_.MapRuns(type)->front().redrives, 1);
  }
}

TEST_F(MapRuns, ABatchIsOneExecutionOfSeveralItems) {
  const auto run = engine_.Run(
      {"x", "m", MachineOf(R"("ToleratedFailureCount":2,"ItemBatcher":{"MaxItemsPerBatch":2},)", "STANDARD"),
       json::array{1, 2, 3, 4, 6}});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(Counts("x", "itemCounts"), "SUCCEEDED succeeded3 failed2 total5");
  EXPECT_EQ(Counts("x", "executionCounts"), "SUCCEEDED succeeded2 failed1 total3");
  EXPECT_EQ(engine_.MapRuns("x")->front().path, "/M#1");
}

TEST_F(MapRuns, OneThatWasInterruptedRunsUntilItIsStopped) {
  const auto interrupted =
      engine_.Run({"x", "m", MachineOf("", "STANDARD"), json::array{1, 5, 6, 7}}, stop_.get_token());
  EXPECT_EQ(CodeOf(interrupted.status()), ErrorCode::kCancelled);
  EXPECT_EQ(Counts("x", "itemCounts").substr(0, 8), "RUNNING ");
  EXPECT_EQ(engine_.MapRuns("x")->front().items.total(), 4);
  ASSERT_TRUE(engine_.Stop("x", "", "").ok());
  const auto stopped = engine_.MapRuns("x")->front();
  EXPECT_EQ(stopped.status, ExecutionStatus::kAborted);
  EXPECT_EQ(stopped.items.running, 0);
  EXPECT_EQ(stopped.items.total(), 4);
}

TEST_F(MapRuns, AnExecutionWithoutOnesHasNone) {
  ASSERT_TRUE(engine_.Run({"x", "m", R"({"StartAt":"S","States":{"S":{"Type":"Succeed"}}})", 1}).ok());
  EXPECT_TRUE(engine_.MapRuns("x")->empty());
  EXPECT_EQ(CodeOf(engine_.MapRuns("no").status()), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace penstock::workflow
