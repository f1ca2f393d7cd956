#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pipeline/records/scripted_records.h"
#include "pipeline/records/steps.h"
#include "pipeline/step.h"
#include "store/counting_store.h"

namespace penstock::pipeline {
namespace {

constexpr char kRow[] = R"([{"open":1.5}])";

class RecordStepsTest : public testing::Test, protected RecordsBucket {
 protected:
  void Put(const std::string& key, const json::value& value) {
    ASSERT_TRUE(store.Put(key, ToJson(value)).ok());
  }
  // What the fetch of a series came to that kept this answer.
  json::value Fetched(const std::string& series, const std::string& stamp, const std::string& body) {
    const std::string key = fmt::format("iex/raw/chart/{}/{}.json", series, stamp);
    EXPECT_TRUE(runtime.store->Put(key, body).ok());
    return {{"key", series}, {"raw", {key}}};
  }
  // What process_fetched is given.
  static json::value Run(json::array results) {
    return {{"list", {{"count", results.size()}, {"wrong", json::array()}}}, {"results", std::move(results)}};
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
  constexpr int kFetched = 1'000;
  const std::string prefix = GetString(list, "results").ValueOrDie() + "/uuid/";
  json::array files;
  for (int part = 0; part < 2; ++part) {
    json::array results;
    for (int n = part * kFetched / 2; n < (part + 1) * kFetched / 2; ++n) {
      const std::string key = fmt::format("K{:05}", n);
      if (n % 500 == 7) {
        results.push_back({{"key", key}, {"failed", 1}});
      } else {
        results.push_back(Fetched(key, "20190301140510", n % 500 == 8 ? "Unknown symbol" : kRow));
      }
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
  const auto done = RunProcessFetchedStep(context_, input).ValueOrDie();
  EXPECT_LT(ToJson(done).size(), 20'000U);
  EXPECT_EQ(done.at("summary"), (json::value{{"series", kFetched},
                                             {"answered", kFetched - 4},
                                             {"files", kFetched - 4},
                                             {"rows", kFetched - 4},
                                             {"wrong", kSeries},
                                             {"failed", 4}}));
  EXPECT_EQ(Keys("iex/processed/").size(), kFetched - 4U);
  EXPECT_EQ(dead_letters->Count()->visible, 2);  // of what was not fetched, the state machine sends them
}

// Two machines begin executions of one name, in the same second or by the same schedule.
TEST_F(RecordStepsTest, RunsOfOneNameOnOneBucketKeepApart) {
  Put("iex/definitions.json", {{"A", {{"symbol", "MSFT"}, {"range", "1m"}}}});
  const auto one = RunListSeriesStep(context_, json::object{}).ValueOrDie();
  Put("iex/definitions.json", {{"B", {{"symbol", "MSFT"}, {"range", "1m"}}}});
  const auto other = RunListSeriesStep(context_, json::object{}).ValueOrDie();
  EXPECT_NE(one.at("results"), other.at("results"));
  EXPECT_EQ(Read(GetString(one, "items").ValueOrDie()).as_array()[0].at("key"), "A");
  EXPECT_EQ(Read(GetString(other, "items").ValueOrDie()).as_array()[0].at("key"), "B");
}

TEST_F(RecordStepsTest, ResultsMayStandInTheStateItself) {
  const json::value input = Run({Fetched("MSFT", "20190301140510", kRow)});
  EXPECT_EQ(RunProcessFetchedStep(context_, input)->at("summary").at("rows"), 1);
  EXPECT_EQ(CodeOf(RunProcessFetchedStep(context_, json::object{{"list", input.at("list")}}).status()),
            ErrorCode::kInvalidData);
}

// The catalog is one object of all tables: read and written for each series, a run would cost the square of
// them. What it costs is a few times the catalog's size, and without new columns one reading.
TEST_F(RecordStepsTest, TheCatalogIsNotReadAndWrittenForEachSeries) {
  for (const int series : {100, 1'000, 4'000}) {
    store::MemoryStore bucket(clock);
    store::CountingStore first(bucket, "catalog/"), second(bucket, "catalog/"), third(bucket, "catalog/");
    const auto process = [&](store::CountingStore& counted, const std::string& stamp, const char* body) {
      lake::StoreCatalog counted_catalog(counted);
      runtime.store = &counted;
      runtime.catalog = &counted_catalog;
      json::array results;
      for (int n = 0; n < series; ++n) results.push_back(Fetched(fmt::format("K{:05}", n), stamp, body));
      const auto done = RunProcessFetchedStep(context_, Run(std::move(results)));
      EXPECT_EQ(done->at("summary").at("files"), series) << done.status();
    };
    process(first, "20190301000000", kRow);
    const int64_t catalog_bytes = bucket.Head("catalog/iex.json")->size;
    EXPECT_LT(first.put_bytes(), 3 * catalog_bytes) << series << " series, " << first.puts() << " puts";
    EXPECT_LT(first.got_bytes(), 2 * catalog_bytes) << series << " series, " << first.gets() << " gets";
    process(second, "20190302000000", kRow);
    EXPECT_EQ(second.puts(), 0);
    EXPECT_EQ(second.gets(), 1);
    process(third, "20190303000000", R"([{"open":1.5,"more":true}])");  // of each table
    EXPECT_LE(third.puts(), 2);
    EXPECT_LE(third.gets(), 3);
  }
}

}  // namespace
}  // namespace penstock::pipeline
