#include "lake/marker.h"

#include <gtest/gtest.h>

#include <thread>

#include "store/memory_store.h"

namespace penstock::lake {
namespace {

const Date kDay = MakeDate(2017, 8, 12);

MarkerInput Input(const std::string& key, const std::string& hash = "aa", int64_t rule_version = 1) {
  MarkerInput input{key,          hash, 100, TimePoint(kDay) + std::chrono::milliseconds(1234),
                    rule_version, 10,   8,   2,
                    {{"jump", 1}}};
  return input;
}

Marker MarkerOf(const std::vector<MarkerInput>& inputs, std::vector<std::string> outputs = {}) {
  Marker marker{"ftse100", kDay, {}, std::move(outputs)};
  for (const auto& input : inputs) marker.inputs[input.key] = input;
  return marker;
}

struct MarkerTest : testing::Test {
  ManualClock clock{TimePoint(kDay)};
  store::MemoryStore store{clock};
};

// FTSE-3: markers are objects in the bucket.
TEST_F(MarkerTest, WhatIsWrittenIsRead) {
  EXPECT_FALSE(ReadMarker(store, "", "ftse100", kDay)->has_value());
  ASSERT_TRUE(
      UpdateMarker(store, "", MarkerOf({Input("raw/b"), Input("raw/a")}, {"clean/2", "clean/1"})).ok());
  ASSERT_TRUE(store.Head("markers/ftse100/dt=2017-08-12.json").ok());
  const auto marker = ReadMarker(store, "", "ftse100", kDay).ValueOrDie().value();
  EXPECT_EQ(marker.inputs.at("raw/a"), Input("raw/a"));
  EXPECT_EQ(marker.outputs, (std::vector<std::string>{"clean/1", "clean/2"}));
  const auto text = WriteMarker(marker);
  EXPECT_EQ(WriteMarker(ParseMarker(text).ValueOrDie()), text);
  EXPECT_NE(text.find("\"accepted\": 16"), text.npos) << text;
}

TEST_F(MarkerTest, TheOrderOfUpdatesDoesNotShow) {
  store::MemoryStore other(clock);
  ASSERT_TRUE(UpdateMarker(store, "p/", MarkerOf({Input("raw/a")}, {"clean/1"})).ok());
  ASSERT_TRUE(UpdateMarker(store, "p/", MarkerOf({Input("raw/b")}, {"clean/2"})).ok());
  ASSERT_TRUE(UpdateMarker(other, "p/", MarkerOf({Input("raw/b")}, {"clean/2", "clean/1"})).ok());
  ASSERT_TRUE(UpdateMarker(other, "p/", MarkerOf({Input("raw/a")})).ok());
  const auto key = MarkerKey("p/", "ftse100", kDay);
  EXPECT_EQ(store.Get(key)->bytes, other.Get(key)->bytes);
  const auto etag = store.Head(key)->etag;
  ASSERT_TRUE(UpdateMarker(store, "p/", MarkerOf({Input("raw/b")})).ok());
  EXPECT_EQ(store.Head(key)->etag, etag) << "nothing changed, nothing written";
}

// US-2: 9,000 answers of one day are marked in batches, each at its own cost.
TEST_F(MarkerTest, ShardsAreOneMarkerBeforeAndAfterTheyAreFolded) {
  ASSERT_TRUE(UpdateMarker(store, "p/", MarkerOf({Input("raw/a")}, {"clean/1"})).ok());
  Marker late = MarkerOf({Input("raw/b"), Input("raw/c", "cc", 2)}, {"clean/2"});
  late.unknown["raw/z"] = TimePoint(kDay);
  late.inputs["raw/c"].absent.Add({kDay, kDay + std::chrono::days(2)});
  late.inputs["raw/c"].rejected_days[kDay + std::chrono::days(4)] = "bounds";
  ASSERT_TRUE(UpdateMarkerShard(store, "p/", late, "B").ok());
  ASSERT_TRUE(UpdateMarkerShard(store, "p/", MarkerOf({Input("raw/d")}), "D").ok());
  const auto shards = store::ListAll(store, "p/markers/ftse100/dt=2017-08-12/").ValueOrDie();
  ASSERT_EQ(shards.size(), 2u);
  EXPECT_EQ(DayOfMarkerKey("p/", "ftse100", shards[0].key), kDay);
  EXPECT_EQ(DayOfMarkerKey("p/", "ftse100", MarkerKey("p/", "ftse100", kDay)), kDay);
  EXPECT_EQ(DayOfMarkerKey("p/", "ftse100", "p/markers/ftse100/runs/x.json"), std::nullopt);

  const auto before = ReadMarker(store, "p/", "ftse100", kDay).ValueOrDie().value();
  EXPECT_EQ(before.inputs.size(), 4u);
  EXPECT_EQ(before.inputs.at("raw/c"), late.inputs["raw/c"]);
  EXPECT_TRUE(before.unknown.contains("raw/z"));
  ASSERT_TRUE(FoldMarkerShards(store, "p/", "ftse100", kDay).ok());
  EXPECT_TRUE(store::ListAll(store, "p/markers/ftse100/dt=2017-08-12/").ValueOrDie().empty());
  const auto after = ReadMarker(store, "p/", "ftse100", kDay).ValueOrDie().value();
  EXPECT_EQ(WriteMarker(after), WriteMarker(before));
  EXPECT_EQ(WriteMarker(ParseMarker(WriteMarker(after)).ValueOrDie()), WriteMarker(after));
  ASSERT_TRUE(UpdateMarker(store, "p/", MarkerOf({Input("raw/z.json")})).ok());
  EXPECT_TRUE(ReadMarker(store, "p/", "ftse100", kDay)->value().unknown.empty()) << "an answer came";
  ASSERT_TRUE(DeleteMarker(store, "p/", "ftse100", kDay).ok());
  EXPECT_FALSE(ReadMarker(store, "p/", "ftse100", kDay)->has_value());
}

TEST_F(MarkerTest, ProcessesOnOneDayLoseNoEntry) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 5; ++j) {
          const auto status = UpdateMarker(store, "", MarkerOf({Input("raw/" + std::to_string(i * 5 + j))}));
          EXPECT_TRUE(status.ok()) << status;
        }
      });
    }
  }
  EXPECT_EQ(ReadMarker(store, "", "ftse100", kDay).ValueOrDie()->inputs.size(), 40U);
}

TEST_F(MarkerTest, NeedsProcessing) {
  EXPECT_TRUE(NeedsProcessing(std::nullopt, "raw/a", "aa", 1));
  const std::optional<Marker> marker = MarkerOf({Input("raw/a", "aa", 1), Input("raw/b", "aa", 2)});
  EXPECT_FALSE(NeedsProcessing(marker, "raw/a", "aa", 1));
  EXPECT_TRUE(NeedsProcessing(marker, "raw/a", "bb", 1)) << "changed";
  EXPECT_TRUE(NeedsProcessing(marker, "raw/a", "aa", 2)) << "new rules";
  EXPECT_FALSE(NeedsProcessing(marker, "raw/b", "aa", 2)) << "each input has the version that judged it";
  EXPECT_TRUE(NeedsProcessing(marker, "raw/c", "aa", 1));
  EXPECT_EQ(marker->rule_version(), 1);
}

TEST_F(MarkerTest, DamageIsCorruptAndNotOverwritten) {
  for (const char* text :
       {"", "{", "[]", "{\"pipeline\":1}", R"({"pipeline":"a","dt":"2017-02-30","inputs":[],"outputs":[]})",
        R"({"pipeline":"a","dt":"2017-02-03","inputs":[1],"outputs":[]})",
        R"({"pipeline":"a","dt":"2017-02-03","inputs":[],"outputs":[1]})"}) {
    EXPECT_EQ(CodeOf(ParseMarker(text).status()), ErrorCode::kInvalidData) << text;
    ASSERT_TRUE(store.Put(MarkerKey("", "ftse100", kDay), text).ok());
    EXPECT_EQ(CodeOf(ReadMarker(store, "", "ftse100", kDay).status()), ErrorCode::kCorrupt);
    EXPECT_EQ(CodeOf(UpdateMarker(store, "", MarkerOf({Input("raw/a")}))), ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace penstock::lake
