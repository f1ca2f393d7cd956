#include "pipeline/records/fetch_series.h"

#include <gtest/gtest.h>

#include "pipeline/records/scripted_records.h"
#include "store/faulty_store.h"

namespace penstock::pipeline {
namespace {

using List = std::vector<std::string>;

class FetchSeriesTest : public testing::Test, protected RecordsBucket {
 protected:
  Result<FetchedRaw> Fetch() { return FetchSeries(pipeline, runtime, source, {"MSFT", {}}, {}); }
  std::string CursorNow() {
    const auto object = store.Get("iex/state/MSFT.json");
    return object.ok() ? GetString(*ParseJson(object->bytes), "cursor").ValueOrDie() : "(none)";
  }
};

// IEX-3: "Raw is the response byte for byte", under the request's second.
TEST_F(FetchSeriesTest, KeepsTheAnswerByteForByteUnderItsSecond) {
  source.pages = {"date,open\r\n2019-03-01, 1.50\r\n\xef\xbb\xbf"};
  source.extension = "csv";
  const auto fetched = Fetch().ValueOrDie();
  EXPECT_EQ(fetched.keys, (List{"iex/raw/chart/MSFT/20190301140509.csv"}));
  EXPECT_EQ(store.Get(fetched.keys[0])->bytes, source.pages[0]);
  EXPECT_EQ(fetched.bytes, static_cast<int64_t>(source.pages[0].size()));
  EXPECT_EQ(CursorNow(), "(none)");
}

TEST_F(FetchSeriesTest, PagesAreNumbered) {
  source.pages = {"[1]", "[2]", "[3]"};
  EXPECT_EQ(Fetch()->keys,
            (List{"iex/raw/chart/MSFT/20190301140509.json", "iex/raw/chart/MSFT/20190301140509-0002.json",
                  "iex/raw/chart/MSFT/20190301140509-0003.json"}));
}

// Two processes that ask within one second: neither writes over the other's answer.
TEST_F(FetchSeriesTest, AnAnswerOfTheSameSecondIsNotWrittenOver) {
  source.pages = {"[1]"};
  ASSERT_TRUE(Fetch().ok());
  source.pages = {"[2]", "[3]"};
  EXPECT_EQ(Fetch()->keys,
            (List{"iex/raw/chart/MSFT/20190301140510.json", "iex/raw/chart/MSFT/20190301140510-0002.json"}));
  EXPECT_EQ(store.Get("iex/raw/chart/MSFT/20190301140509.json")->bytes, "[1]");
}

TEST_F(FetchSeriesTest, TheCursorGoesOnWhenEverythingIsKept) {
  source.pages = {"[1]", "[2]"};
  source.cursor = "2";
  EXPECT_TRUE(Fetch()->advanced);
  EXPECT_EQ(CursorNow(), "2");
  source.pages = {};
  EXPECT_FALSE(Fetch()->advanced);  // nothing new
  source.pages = {"[3]"};
  source.cursor = "3";
  EXPECT_TRUE(Fetch()->advanced);
  EXPECT_EQ(source.asked_from, (List{"", "2", "2"}));
  EXPECT_EQ(CursorNow(), "3");
}

TEST_F(FetchSeriesTest, AFailureLeavesTheCursorAndKeepsThePagesThatCame) {
  source.pages = {"[1]", "[2]"};
  source.cursor = "2";
  source.end = MakeError(ErrorCode::kUnavailable, "503");
  EXPECT_EQ(CodeOf(Fetch().status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CursorNow(), "(none)");
  EXPECT_EQ(Keys("iex/raw/").size(), 2U);
}

// The bucket fails at the second page: nothing that was not kept is passed over.
TEST_F(FetchSeriesTest, WhatCouldNotBeKeptIsAskedForAgain) {
  store::FaultyStore faulty(store, clock);
  faulty.Order({.operation = store::Operation::kPut, .key_pattern = "*-0002.json"});
  runtime.store = &faulty;
  source.pages = {"[1]", "[2]"};
  source.cursor = "2";
  EXPECT_EQ(CodeOf(Fetch().status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CursorNow(), "(none)");
  EXPECT_EQ(Fetch()->keys.size(), 2U);
  EXPECT_EQ(CursorNow(), "2");
}

TEST_F(FetchSeriesTest, AProcessThatWasFasterIsNotSetBack) {
  // It advances between our reading the cursor and our writing it.
  source.pages = {"[1]"};
  source.cursor = "1";
  ASSERT_TRUE(Fetch().ok());
  struct Racing : ScriptedRecords {
    Racing(const Clock& clock, store::ObjectStore& store) : ScriptedRecords(clock), store_(store) {}
    Result<source::FetchedSeries> Fetch(const source::RecordSeries& series, std::string_view from,
                                        const std::function<Status(source::RecordAnswer)>& on_page,
                                        std::stop_token stop) const override {
      RETURN_IF_ERROR(store_.Put("iex/state/MSFT.json", "{\"cursor\":\"9\"}").status());
      return ScriptedRecords::Fetch(series, from, on_page, stop);
    }
    store::ObjectStore& store_;
  } racing(clock, store);
  racing.pages = {"[2]"};
  racing.cursor = "5";
  const auto fetched = FetchSeries(pipeline, runtime, racing, {"MSFT", {}}, {}).ValueOrDie();
  EXPECT_FALSE(fetched.advanced);
  EXPECT_EQ(CursorNow(), "9");
  EXPECT_EQ(fetched.keys.size(), 1U);
}

TEST_F(FetchSeriesTest, ADamagedCursorIsNotTakenForTheBeginning) {
  ASSERT_TRUE(store.Put("iex/state/MSFT.json", "{}").ok());
  EXPECT_EQ(CodeOf(Fetch().status()), ErrorCode::kCorrupt);
  EXPECT_TRUE(source.asked_from.empty());
}

}  // namespace
}  // namespace penstock::pipeline
