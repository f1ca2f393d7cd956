// The limits of an execution at the values AWS has: 25,000 events, 256 KiB a payload; and a clock that was
// set back. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
#include <gtest/gtest.h>

#include "base/json_text.h"
#include "workflow/engine.h"
#include "workflow/function_tasks.h"
#include "workflow/memory_execution_store.h"

namespace penstock::workflow {
namespace {

constexpr size_t kLargest = 262'144;  // bytes of JSON text

// As JSON text it has so many bytes.
json::value TextOf(size_t bytes) { return json::value(std::string(bytes - 2, 'x')); }

class EngineLimits : public testing::Test {
 protected:
  Result<ExecutionInfo> Run(const std::string& name, const std::string& definition, json::value input) {
    return engine_.Run({name, "m", definition, std::move(input)});
  }

  ManualClock clock_{*ParseTimestamp("2024-01-01T00:00:00Z")};
  Random random_{1};
  MemoryExecutionStore store_;
  // Answers a text of so many bytes.
  FunctionTasks tasks_{[](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    return TextOf(request.input.to_number<size_t>());
  }};
  Engine engine_{store_, tasks_, clock_, random_, Logger()};
};

TEST_F(EngineLimits, ALoopThatNeverEndsHas25000Events) {
  // A definition must have a state that ends it; this one is never reached.
  const auto run = Run("x", R"({"StartAt":"C","States":{
    "C":{"Type":"Choice","Default":"A","Choices":[{"Variable":"$.never","IsPresent":true,"Next":"Done"}]},
    "A":{"Type":"Pass","Next":"C"},"Done":{"Type":"Succeed"}}})",
                       1);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->status, ExecutionStatus::kFailed);
  EXPECT_EQ(run->error, "States.Runtime");
  const auto events = *engine_.History("x");
  ASSERT_EQ(events.size(), 25'000u);
  EXPECT_EQ(events.back().id, 25'000);
  EXPECT_EQ(EventName(events.back()), "ExecutionFailed");
  // There is no room to go on.
  EXPECT_EQ(CodeOf(engine_.Redrive("x").status()), ErrorCode::kPreconditionFailed);
}

TEST_F(EngineLimits, AnInlineMapOfTooManyItemsIsFullToo) {
  json::array items;
  for (int i = 0; i < 10'000; ++i) items.emplace_back(i);
  const auto run = Run("x", R"({"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
    "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}})",
                       std::move(items));
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->error, "States.Runtime");
  EXPECT_EQ(engine_.History("x")->size(), 25'000u);
}

TEST_F(EngineLimits, PayloadsHave256KiB) {
  const std::string task = R"({"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}})";
  const auto fits = Run("fits", task, kLargest);
  ASSERT_TRUE(fits.ok()) << fits.status().ToString();
  EXPECT_EQ(fits->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(JsonText(fits->output).size(), kLargest);
  const auto more = Run("more", task, kLargest + 1);
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(more->error, "States.DataLimitExceeded");

  const std::string pass = R"({"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}})";
  EXPECT_EQ(Run("input", pass, TextOf(kLargest))->status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(CodeOf(Run("large", pass, TextOf(kLargest + 1)).status()), ErrorCode::kTooLarge);
  EXPECT_EQ(CodeOf(engine_.Describe("large").status()), ErrorCode::kNotFound);
}

TEST_F(EngineLimits, WhatIterationsMakeTogetherIsOnePayload) {
  const auto run = Run("x", R"({"StartAt":"M","States":{
    "M":{"Type":"Map","End":true,"Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"Next":"Small"}],
         "ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}}},
    "Small":{"Type":"Pass","Result":"caught","End":true}}})",
                       json::array{200'000, 200'000});
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(JsonText(run->output), "\"caught\"") << run->error;
}

TEST_F(EngineLimits, AClockSetBackBetweenTwoRunsOfOneExecution) {
  std::stop_source stop;
  const StartOptions start{"x", "m", R"({"TimeoutSeconds":86400,"StartAt":"A","States":{
    "A":{"Type":"Task","Resource":"a","Next":"W"},"W":{"Type":"Wait","Seconds":60,"Next":"B"},
    "B":{"Type":"Task","Resource":"b","End":true}}})",
                           10};
  FunctionTasks tasks([&](const TaskRequest& request, std::stop_token) -> Result<json::value> {
    if (request.resource == "a") {
      clock_.Advance(std::chrono::hours(2));
      stop.request_stop();
    }
    return request.input;
  });
  Engine first(store_, tasks, clock_, random_, Logger());
  EXPECT_EQ(CodeOf(first.Run(start, stop.get_token()).status()), ErrorCode::kCancelled);
  clock_.Set(*ParseTimestamp("2023-12-31T00:00:00Z"));
  Engine second(store_, tasks, clock_, random_, Logger());
  const auto run = second.Run(start);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(run->status, ExecutionStatus::kSucceeded) << run->error;
  const auto events = *second.History("x");
  EXPECT_GE(events.back().timestamp, *ParseTimestamp("2024-01-01T02:00:00Z"));
  for (size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].id, events[i - 1].id + 1);
    EXPECT_GE(events[i].timestamp, events[i - 1].timestamp);
  }
  EXPECT_EQ(run->stopped, events.back().timestamp);
}

}  // namespace
}  // namespace penstock::workflow
