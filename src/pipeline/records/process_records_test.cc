#include "pipeline/records/process_records.h"

#include <arrow/scalar.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "lake/parquet_file.h"
#include "pipeline/dead_letter.h"
#include "pipeline/records/scripted_records.h"
#include "store/faulty_store.h"

namespace penstock::pipeline {
namespace {

using List = std::vector<std::string>;

class ProcessRecordsTest : public testing::Test, protected RecordsBucket {
 protected:
  void Keep(const std::string& name, const std::string& body) {
    ASSERT_TRUE(store.Put("iex/raw/chart/" + name, body).ok());
  }
  ProcessCount Process(const ProcessRecordsOptions& options = {}) {
    const auto count = ProcessRecords(pipeline, runtime, source, options);
    EXPECT_TRUE(count.ok()) << count.status();
    return count.ValueOr(ProcessCount{});
  }
  std::shared_ptr<arrow::Table> Rows(const std::string& key) {
    auto object = store.Get(key);
    EXPECT_TRUE(object.ok()) << object.status();
    return lake::ReadParquet(std::move(object->bytes), key).ValueOrDie();
  }
};

// IEX-6: "finds every raw object without its Parquet and processes it"
TEST_F(ProcessRecordsTest, EveryAnswerWithoutItsFile) {
  Keep("MSFT/20190301140509.json",
       R"([{"date":"2019-03-01","open":112.5},{"date":"2019-03-04","open":113}])");
  Keep("MSFT/20190302140509.csv", "date,open,volume\n2019-03-04,113,7\n");
  Keep("AAPL_1d/20190301140509-0002.json", R"([{"minute":"09:30","average":null}])");
  const auto count = Process();
  EXPECT_EQ(json::value(count.ToJson()),
            (json::value{{"files", 3}, {"rows", 4}, {"already", 0}, {"failed", 0}, {"unknown", 0}}));
  EXPECT_EQ(Keys("iex/processed/"),
            (List{"iex/processed/AAPL_1d/20190301140509-0002.parquet",
                  "iex/processed/MSFT/20190301140509.parquet", "iex/processed/MSFT/20190302140509.parquet"}));
  const auto rows = Rows("iex/processed/MSFT/20190301140509.parquet");
  EXPECT_EQ(rows->schema()->field_names(), (List{"requested_at", "date", "open"}));
  EXPECT_EQ(rows->GetColumnByName("requested_at")->GetScalar(1).ValueOrDie()->ToString(),
            "2019-03-01 14:05:09.000000Z");
  // Again, nothing is done; a new one alone is.
  EXPECT_EQ(Process().already, 3);
  Keep("MSFT/20190303140509.json", "[]");
  const auto more = Process();
  EXPECT_EQ(more.files, 1);
  EXPECT_EQ(more.already, 3);
  EXPECT_EQ(Process({.again = true}).files, 4);
  EXPECT_EQ(Process({.again = true, .only = MakeDate(2019, 3, 2)}).files, 1);
}

// "a new field appears, a field changes from int to double, a field vanishes"
TEST_F(ProcessRecordsTest, TheTableHasTheUnionOfWhatCameOverTime) {
  Keep("MSFT/20190301000000.json", R"([{"open":1,"volume":5,"tags":["a"],"odd":true}])");
  Keep("MSFT/20190302000000.json", R"([{"open":1.5,"fresh":"x","odd":3}])");
  Keep("MSFT/20190303000000.json", R"([{"Open":2,"requested_at":"theirs","late":null}])");
  EXPECT_EQ(Process().files, 3);
  std::string columns;
  const auto table = catalog.GetTable("iex", "msft").ValueOrDie();
  for (const auto& column : table.columns) columns += column.name + " " + column.type + "; ";
  EXPECT_NE(columns.find("requested_at timestamp; "), std::string::npos) << columns;
  for (const char* column : {"open double; ", "volume bigint; ", "tags string; ", "odd string; ",
                             "fresh string; ", "requested_at_2 string; ", "late void; "}) {
    EXPECT_NE(columns.find(column), std::string::npos) << columns;
  }
  EXPECT_EQ(columns.find("Open"), std::string::npos) << columns;
}

TEST_F(ProcessRecordsTest, WhatCannotBeReadGoesToTheDeadLetterQueueAndTheRestGoesOn) {
  Keep("MSFT/20190301140509.json", "Unknown symbol");
  Keep("MSFT/20190301140510.json", R"([{"open":1}])");
  Keep("AAPL/20190301140510.csv", "a,b\n1\n");
  const auto count = Process();
  EXPECT_EQ(count.files, 1);
  EXPECT_EQ(count.failed, 2);
  const auto messages = dead_letters->List().ValueOrDie();
  ASSERT_EQ(messages.size(), 2U);
  for (const auto& message : messages) {
    const auto letter = DeadLetter::Parse(message.body).ValueOrDie();
    EXPECT_EQ(letter.step, "process_series");
    EXPECT_EQ(letter.error, "Penstock.InvalidData");
    EXPECT_NE(letter.cause.find("iex/raw/chart/"), std::string::npos) << letter.cause;
    EXPECT_EQ(letter.input.at("raw").as_array().size(), 1U);
  }
  EXPECT_EQ(Process().failed, 2);  // one message each, however often
  EXPECT_EQ(dead_letters->Count()->visible, 2);
  EXPECT_EQ(store.Get("iex/raw/chart/MSFT/20190301140509.json")->bytes, "Unknown symbol");
}

TEST_F(ProcessRecordsTest, WhatIsNoAnswerIsLeftAlone) {
  Keep("MSFT/20190301140510.json", R"([{"open":1}])");
  Keep("MSFT/readme.md", "# mine");
  Keep("msft/20190301140510.json", R"([{"open":2}])");  // its table would be MSFT's
  const auto count = Process();
  EXPECT_EQ(count.files, 1);
  EXPECT_EQ(count.unknown, 2);
  EXPECT_EQ(catalog.GetTable("iex", "msft")->prefix, "iex/processed/MSFT/");
}

// "safe to repeat and to interrupt"
TEST_F(ProcessRecordsTest, AnInterruptedOneIsCompletedByTheNext) {
  for (int i = 0; i < 50; ++i) Keep(fmt::format("S{}/20190301140510.json", i % 5), R"([{"open":1}])");
  for (int i = 0; i < 50; ++i) Keep(fmt::format("S{}/201903021405{:02}.json", i % 5, i), R"([{"open":1}])");
  store::FaultyStore faulty(store, clock);
  faulty.Order({.operation = store::Operation::kPut,
                .key_pattern = "iex/processed/*",
                .skip = 20,
                .count = -1,
                .code = ErrorCode::kNoSpace});
  runtime.store = &faulty;
  EXPECT_EQ(CodeOf(ProcessRecords(pipeline, runtime, source, {}).status()), ErrorCode::kNoSpace);
  EXPECT_EQ(Keys("iex/processed/").size(), 20U);
  runtime.store = &store;
  const auto count = Process();
  EXPECT_EQ(count.already, 20);
  EXPECT_EQ(count.files, 35);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      CodeOf(ProcessRecords(pipeline, runtime, source, {.again = true, .stop = stop.get_token()}).status()),
      ErrorCode::kCancelled);
}

TEST_F(ProcessRecordsTest, TwoAtOnceGiveTheSameFiles) {
  for (int i = 0; i < 40; ++i)
    Keep(fmt::format("S{}/201903021405{:02}.json", i % 5, i), fmt::format(R"([{{"c{}":1}}])", i));
  {
    std::vector<std::jthread> processes;
    for (int p = 0; p < 2; ++p) processes.emplace_back([this] { EXPECT_EQ(Process().failed, 0); });
  }
  EXPECT_EQ(Keys("iex/processed/").size(), 40U);
  size_t columns = 0;
  for (int s = 0; s < 5; ++s) columns += catalog.GetTable("iex", fmt::format("s{}", s))->columns.size();
  EXPECT_EQ(columns, 45U);
  EXPECT_EQ(Process().already, 40);
}

// ALL-5: what a run that was killed has to find again.
TEST_F(ProcessRecordsTest, WhatHasNoFileSinceATime) {
  Keep("MSFT/20190228235959.json", "[1]");
  Keep("MSFT/20190301140509.json", "[1]");
  Keep("MSFT/20190301140509-0002.json", "[1]");
  Keep("MSFT/20190301140510.csv", "a\n1\n");
  Keep("MSFT/notes.txt", "mine");
  Keep("MSFT2/20190301140510.json", "[1]");
  const RecordLayout layout(pipeline);
  const auto since = ParseTimestamp("2019-03-01T14:05:09Z").ValueOrDie();
  const auto left = [&](TimePoint from) { return Unprocessed(layout, store, "MSFT", from).ValueOrDie(); };
  EXPECT_EQ(left(since),
            (List{"iex/raw/chart/MSFT/20190301140509-0002.json", "iex/raw/chart/MSFT/20190301140509.json",
                  "iex/raw/chart/MSFT/20190301140510.csv"}));
  ASSERT_TRUE(store.Put("iex/processed/MSFT/20190301140509.parquet", "P").ok());
  EXPECT_EQ(left(since).size(), 2U);
  EXPECT_EQ(left(TimePoint{}).size(), 3U);
  EXPECT_EQ(left(since + std::chrono::seconds(2)), List{});
}

// Somebody deleted the catalog: process has nothing to do but to register.
TEST_F(ProcessRecordsTest, TablesThatTheCatalogLostAreRegistered) {
  Keep("MSFT/20190301140510.json", R"([{"open":1}])");
  EXPECT_EQ(Process().files, 1);
  ASSERT_TRUE(store.Delete("catalog/iex.json").ok());
  EXPECT_EQ(Process().files, 0);
  EXPECT_EQ(catalog.GetTable("iex", "msft")->columns.size(), 2U);
}

}  // namespace
}  // namespace penstock::pipeline
