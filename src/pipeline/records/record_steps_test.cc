#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pipeline/records/scripted_records.h"
#include "pipeline/records/steps.h"
#include "pipeline/step.h"

namespace penstock::pipeline {
namespace {

class RecordStepsTest : public testing::Test, protected RecordsBucket {
 protected:
  void Put(const std::string& key, const json::value& value) {
    ASSERT_TRUE(store.Put(key, ToJson(value)).ok());
  }
  json::value Read(const std::string& key) { return ParseJson(store.Get(key)->bytes).ValueOrDie(); }

  const StepContext context_{pipeline, runtime, "run-1", {}};
};

// What a step answers goes through the state machine, where a state has at most 256 KiB.
TEST_F(RecordStepsTest, HoweverManySeriesThereAreTheAnswersFitIntoAState) {
  constexpr int kSeries = 20'000;
  json::object definitions;
  for (int n = 0; n < kSeries; ++n) {
    definitions[fmt::format("K{:05}", n)] = json::object{{"symbol", "MSFT"}, {"range", "1m"}};
    definitions[fmt::format("W{:05}", n)] = json::object{{"symbol", "MSFT"}, {"range", "7w"}};
  }
  Put("iex/definitions.json", definitions);
  const auto list = RunListSeriesStep(context_, json::object{}).ValueOrDie();
  EXPECT_LT(ToJson(list).size(), 20'000U);
  EXPECT_EQ(list.at("count"), kSeries);
  EXPECT_EQ(list.at("wrong_count"), kSeries);
  EXPECT_EQ(list.at("wrong").as_array().size(), 100U);
  const auto items = Read(GetString(list, "items").ValueOrDie());
  ASSERT_EQ(items.as_array().size(), static_cast<size_t>(kSeries));
  EXPECT_EQ(items.as_array()[0].at("since"), "20190301140509");

  // As the Map's ResultWriter leaves them, below the prefix that it was given.
  const std::string prefix = GetString(list, "results").ValueOrDie() + "/uuid/";
  json::array files;
  for (int part = 0; part < 2; ++part) {
    json::array results;
    for (int n = 0; n < kSeries / 2; ++n) {
      results.push_back(json::object{{"key", fmt::format("K{:05}", part * kSeries / 2 + n)},
                                     {"files", 1},
                                     {"rows", 23},
                                     {"failed", n == 7 ? 1 : 0}});
    }
    files.push_back(json::object{{"Key", fmt::format("{}SUCCEEDED_{}.json", prefix, part)}, {"Size", 1}});
    Put(fmt::format("{}SUCCEEDED_{}.json", prefix, part), results);
  }
  Put(prefix + "manifest.json",
      {{"DestinationBucket", "lake"},
       {"MapRunArn", "arn"},
       {"ResultFiles", {{"FAILED", json::array()}, {"PENDING", json::array()}, {"SUCCEEDED", files}}}});
  const json::value input{
      {"list", list},
      {"results",
       {{"MapRunArn", "arn"},
        {"ResultWriterDetails", {{"Bucket", "lake"}, {"Key", prefix + "manifest.json"}}}}}};
  const auto published = RunPublishSeriesStep(context_, input).ValueOrDie();
  EXPECT_LT(ToJson(published).size(), 20'000U);
  EXPECT_EQ(published.at("summary"), (json::value{{"series", kSeries},
                                                  {"answered", kSeries - 2},
                                                  {"files", kSeries},
                                                  {"rows", 23 * kSeries},
                                                  {"wrong", kSeries},
                                                  {"failed", 2}}));
}

TEST_F(RecordStepsTest, ResultsMayStandInTheStateItself) {
  const json::value input{{"list", {{"count", 1}, {"wrong", json::array()}}},
                          {"results", {{{"key", "MSFT"}, {"files", 1}, {"rows", 2}, {"failed", 0}}}}};
  EXPECT_EQ(RunPublishSeriesStep(context_, input)->at("summary").at("rows"), 2);
  EXPECT_EQ(CodeOf(RunPublishSeriesStep(context_, json::object{{"list", input.at("list")}}).status()),
            ErrorCode::kInvalidData);
}

}  // namespace
}  // namespace penstock::pipeline
