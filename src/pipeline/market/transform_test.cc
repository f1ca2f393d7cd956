// The steps over a store and a queue in memory, with the real parser and recorded bodies.
#include "pipeline/market/transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "calendar/exchange_calendar.h"
#include "lake/catalog.h"
#include "lake/daily_bars.h"
#include "lake/marker.h"
#include "lake/partitioned_table.h"
#include "lake/table_commit.h"
#include "pipeline/dead_letter.h"
#include "pipeline/market/process.h"
#include "pipeline/step.h"
#include "pipeline/step_runner.h"
#include "queue/memory_queue.h"
#include "source/registry.h"
#include "source/source.h"
#include "store/memory_store.h"

namespace penstock::pipeline {
namespace {

std::string Recorded(const std::string& name) {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/yahoo/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

class TransformTest : public ::testing::Test {
 protected:
  TransformTest()
      : clock_(*ParseTimestamp("2020-01-04T00:00:00Z")), store_(clock_), queues_(clock_), catalog_(store_) {
    pipeline_.config.name = "ftse100";
    pipeline_.config.prefix = "ftse100/";
    pipeline_.config.currency = "GBP";
    pipeline_.calendar = calendar::ExchangeCalendar::Find("XLON").ValueOrDie();
    pipeline_.bars = lake::DailyBarsTable();
    pipeline_.bars.rules = lake::DefaultBarRules();
    pipeline_.actions = lake::ActionsTable();
    source_ = source::MakeSource("yahoo", {}, {nullptr, &clock_}).ValueOrDie();
    dead_letters_ = queues_.Get("ftse100-dlq").ValueOrDie();
    runtime_.store = &store_;
    runtime_.dead_letters = dead_letters_.get();
    runtime_.catalog = &catalog_;
    runtime_.source = source_.get();
    runtime_.clock = &clock_;
    runtime_.random = &random_;
    runtime_.progress = &progress_;
  }

  std::string Keep(const std::string& symbol, const std::string& body) {
    const std::string key = RawKeyOf(symbol);
    EXPECT_TRUE(store_.Put(key, body).ok());
    return key;
  }
  std::string RawKeyOf(const std::string& symbol) const {
    return "ftse100/raw/dt=2020-01-02/" + symbol + ".json";
  }
  TransformSummary Run(const std::vector<RawObject>& raw) {
    const auto summary = Transform(pipeline_, runtime_, MakeDate(2020, 1, 2), raw, {});
    EXPECT_TRUE(summary.ok()) << summary.status();
    return summary.ValueOr(TransformSummary{});
  }
  int64_t DeadLetters() { return dead_letters_->Count().ValueOrDie().visible; }

  ManualClock clock_;
  Random random_{7};
  store::MemoryStore store_;
  queue::MemoryQueues queues_;
  lake::StoreCatalog catalog_;
  NoProgress progress_;
  std::unique_ptr<source::Source> source_;
  std::shared_ptr<queue::Queue> dead_letters_;
  Pipeline pipeline_;
  Runtime runtime_;
};

// FTSE-2, FTSE-3: pence become pounds in clean/dt=; the same input again is passed over; a new rule version
// is not.
TEST_F(TransformTest, ARecordedAnswerIsProcessedOnce) {
  const std::string key = Keep("OCDO.L", Recorded("chart/chart-OCDO.L-2020-01-01-to-2020-01-03.json"));
  const auto first = Run({{key, std::nullopt}});
  EXPECT_EQ(first.read, 1);
  EXPECT_EQ(first.accepted, 1);
  EXPECT_EQ(first.partitions_changed, 1);
  const auto file = store_.Get("ftse100/clean/bars/dt=2020-01-02/bars.parquet");
  ASSERT_TRUE(file.ok()) << file.status();

  const auto second = Run({{key, std::nullopt}});
  EXPECT_EQ(second.files_skipped, 1);
  EXPECT_EQ(second.accepted, 1) << "counts of what was done before are still told";
  EXPECT_EQ(second.partitions_changed, 0);

  pipeline_.config.rule_version = pipeline_.bars.rule_version = 2;
  const auto third = Run({{key, std::nullopt}});
  EXPECT_EQ(third.files_skipped, 0);
}

// FTSE-4: what cannot be parsed at all is in the dead-letter queue with its raw key, once, and is no
// marker's.
TEST_F(TransformTest, WhatCannotBeParsedIsADeadLetterOnce) {
  const std::string good = Recorded("chart/chart-OCDO.L-2020-01-01-to-2020-01-03.json");
  std::vector<RawObject> raw{{Keep("CUT.L", good.substr(0, 500)), std::nullopt},
                             {Keep("HTML.L", "<html><body>Sorry</body></html>"), std::nullopt},
                             {Keep("EMPTY.L", ""), std::nullopt},
                             {Keep("OCDO.L", good), std::nullopt}};
  for (int again = 0; again < 2; ++again) {
    const auto summary = Run(raw);
    EXPECT_EQ(summary.dead_lettered, 3);
    EXPECT_EQ(summary.accepted, 1);
    EXPECT_EQ(DeadLetters(), 3);
  }
  const auto messages = dead_letters_->List().ValueOrDie();
  const auto letter = DeadLetter::Parse(messages.front().body).ValueOrDie();
  EXPECT_EQ(letter.step, "transform");
  EXPECT_THAT(std::string(letter.input.at("key").as_string()), ::testing::HasSubstr("raw/dt=2020-01-02/"));
  const auto marker = lake::ReadMarker(store_, "ftse100/", "ftse100", MakeDate(2020, 1, 2)).ValueOrDie();
  ASSERT_TRUE(marker.has_value());
  EXPECT_EQ(marker->inputs.size(), 1U);
}

// A damaged file of the lake is no fault of the answer: the run fails, nothing becomes a dead letter.
TEST_F(TransformTest, ADamagedLakeIsNotTheAnswersFault) {
  const std::string key = Keep("OCDO.L", Recorded("chart/chart-OCDO.L-2020-01-01-to-2020-01-03.json"));
  ASSERT_TRUE(store_.Put("ftse100/clean/bars/dt=2019-12-31/bars.parquet", "damaged").ok());
  const auto summary = Transform(pipeline_, runtime_, MakeDate(2020, 1, 2), {{key, std::nullopt}}, {});
  EXPECT_EQ(CodeOf(summary.status()), ErrorCode::kCorrupt);
  EXPECT_EQ(DeadLetters(), 0);
}

// FTSE-3: process finds what no marker speaks of, and registers the tables.
TEST_F(TransformTest, ProcessBringsInWhatHasNoMarker) {
  Keep("OCDO.L", Recorded("chart/chart-OCDO.L-2020-01-01-to-2020-01-03.json"));
  const auto summaries = ProcessRaw(pipeline_, runtime_, {});
  ASSERT_TRUE(summaries.ok()) << summaries.status();
  ASSERT_EQ(summaries->size(), 1U);
  EXPECT_EQ(summaries->front().accepted, 1);
  EXPECT_TRUE(catalog_.GetTable("ftse100", "bars").ok());
  EXPECT_TRUE(catalog_.GetTable("ftse100", "bars_rejected").ok());
  EXPECT_EQ(ProcessRaw(pipeline_, runtime_, {})->front().files_skipped, 1);
}

TEST_F(TransformTest, TasksAreStepsAndDeadLettersOnly) {
  StepRunner runner(pipeline_, runtime_);
  workflow::TaskRequest request;
  request.state_name = "S";
  request.resource = "arn:aws:states:::lambda:invoke";
  request.input = json::object{{"FunctionName", "publsh"}, {"Payload", json::object{}}};
  EXPECT_EQ(CodeOf(runner.RunTask(request, {}).status()), ErrorCode::kConfiguration);
  request.input = json::object{{"FunctionName", "publish"}, {"Payload", json::object{}}};
  const auto published = runner.RunTask(request, {});
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->at("StatusCode").as_int64(), 200);
  request.resource = "arn:aws:states:::sqs:sendMessage";
  request.input = json::object{{"QueueUrl", "elsewhere"}, {"MessageBody", "x"}};
  EXPECT_EQ(workflow::TaskErrorOf(runner.RunTask(request, {}).status()).error,
            "Sqs.QueueDoesNotExistException");
  request.input = json::object{{"QueueUrl", "ftse100-dlq"}, {"MessageBody", "x"}};
  EXPECT_TRUE(runner.RunTask(request, {}).ok());
  EXPECT_EQ(DeadLetters(), 1);
  request.resource = "arn:aws:states:::dynamodb:putItem";
  EXPECT_EQ(CodeOf(runner.RunTask(request, {}).status()), ErrorCode::kConfiguration);
}

// FTSE-5: what the steps declare is what they need, and no more; roles are derived from it.
TEST(Steps, DeclareTheLeastTheyNeed) {
  const Step& fetch = **FindStep("fetch");
  ASSERT_EQ(fetch.permissions.size(), 4U);
  EXPECT_EQ(fetch.permissions[0].action, "s3:PutObject");
  EXPECT_EQ(fetch.permissions[0].prefix, "raw/");
  for (const auto& permission : (**FindStep("transform")).permissions) {
    EXPECT_FALSE(permission.prefix.empty());
    EXPECT_EQ(permission.action.find('*'), std::string_view::npos);
    if (permission.prefix == "raw/") {
      EXPECT_EQ(permission.action, "s3:GetObject");
    }
  }
}

}  // namespace
}  // namespace penstock::pipeline
