// The ledger over markers in memory, on the real calendar.
#include "pipeline/market/ledger.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "calendar/exchange_calendar.h"
#include "lake/marker.h"
#include "pipeline/layout.h"
#include "store/memory_store.h"

namespace penstock::pipeline {
namespace {

// Monday to Friday; the Monday after is a session too.
const Date kMonday = MakeDate(2017, 8, 7);
Date Session(int n) { return kMonday + std::chrono::days(n); }

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() : clock_(*ParseTimestamp("2017-08-20T00:00:00Z")), store_(clock_) {
    pipeline_.config.name = "us";
    pipeline_.config.prefix = "us/";
    pipeline_.calendar = calendar::ExchangeCalendar::Find("XNYS").ValueOrDie();
    runtime_.store = &store_;
    runtime_.clock = &clock_;
  }

  lake::MarkerInput Answer(const std::string& symbol, Date from, Date to) {
    lake::MarkerInput input;
    input.key = RawKey{symbol, from, to, "json"}.ToKey("us/");
    input.sha256 = "aa";
    input.fetched_at = clock_.Now();
    input.rule_version = 1;
    return input;
  }
  void Mark(Date dt, std::vector<lake::MarkerInput> inputs, std::vector<std::string> unknown = {},
            const std::string& shard = "") {
    lake::Marker marker{"us", dt, {}, {}};
    for (auto& input : inputs) marker.inputs[input.key] = std::move(input);
    for (const auto& symbol : unknown)
      marker.unknown[RawKey{symbol, dt, dt, ""}.ToStem("us/")] = clock_.Now();
    const Status status = shard.empty() ? lake::UpdateMarker(store_, "us/", marker)
                                        : lake::UpdateMarkerShard(store_, "us/", marker, shard);
    ASSERT_TRUE(status.ok()) << status;
  }
  Coverage Read() {
    auto coverage = ReadCoverage(pipeline_, runtime_);
    EXPECT_TRUE(coverage.ok()) << coverage.status();
    return coverage.ValueOr(Coverage{});
  }
  SymbolLedger Of(const std::string& symbol, int first = 0, int last = 4) {
    LedgerQuery query{{Session(first), Session(last)}, {symbol}, true};
    const auto ledger = MakeLedger(pipeline_, Read(), query);
    ranges_ = ledger.ranges;
    return ledger.symbols.at(0);
  }

  ManualClock clock_;
  store::MemoryStore store_;
  Pipeline pipeline_;
  Runtime runtime_;
  std::vector<CellRange> ranges_;
};

TEST_F(LedgerTest, EveryCellHasOneAnswer) {
  auto input = Answer("A", Session(0), Session(3));
  input.absent.Add({Session(0), Session(0)});  // not listed yet
  input.absent.Add({Session(2), Session(2)});  // halted
  input.rejected_days[Session(3)] = "bounds";
  Mark(Session(3), {input});
  const auto cells = Of("A");
  EXPECT_EQ(cells[Cell::kNotListed], 1);
  EXPECT_EQ(cells[Cell::kPresent], 1);
  EXPECT_EQ(cells[Cell::kHalted], 1);
  EXPECT_EQ(cells[Cell::kRejected], 1);
  EXPECT_EQ(cells[Cell::kMissing], 1);
  ASSERT_EQ(ranges_.size(), 4u);
  EXPECT_EQ(ranges_[2].rule, "bounds");
  EXPECT_EQ(ranges_[3].cell, Cell::kMissing);
  EXPECT_EQ(ranges_[3].days, (DateRange{Session(4), Session(4)}));
  EXPECT_EQ(Of("B")[Cell::kMissing], 5) << "never asked";
}

TEST_F(LedgerTest, WeekendsSplitNothingAndHolidaysAreNoCells) {
  for (const int day : {3, 4, 7, 8}) Mark(Session(day), {Answer("A", Session(day), Session(day))});
  const auto coverage = Read();
  EXPECT_EQ(coverage.symbols.at("A").answered.ranges().size(), 1u);
  const auto ledger =
      MakeLedger(pipeline_, coverage, {{MakeDate(2017, 7, 3), MakeDate(2017, 7, 5)}, {"A"}, false});
  EXPECT_EQ(ledger.sessions, 2) << "the 4th of July";
  EXPECT_EQ(MissingRanges(pipeline_, &coverage.symbols.at("A"), {Session(2), Session(9)}),
            (std::vector<DateRange>{{Session(2), Session(2)}, {Session(9), Session(9)}}));
}

TEST_F(LedgerTest, DelistedByTheSymbolFileOrBecauseTheProviderForgotIt) {
  Mark(Session(1), {Answer("GONE", Session(0), Session(1)), Answer("FILE", Session(0), Session(1))});
  Mark(Session(2), {}, {"GONE", "NEVER"});
  pipeline_.delisted["FILE"] = Session(2);
  EXPECT_EQ(Of("GONE")[Cell::kPresent], 2);
  EXPECT_EQ(Of("GONE")[Cell::kDelisted], 3);
  EXPECT_EQ(Of("FILE")[Cell::kDelisted], 3);
  EXPECT_EQ(Of("NEVER")[Cell::kUnknown], 3);
  EXPECT_EQ(Of("NEVER")[Cell::kMissing], 2) << "the days before it was asked for";
  // It was a mistake of the provider's: the next answer ends the streak.
  EXPECT_EQ(Read().symbols.at("GONE").Streak().runs, 1);
  Mark(Session(3), {Answer("GONE", Session(2), Session(3))});
  EXPECT_EQ(Of("GONE")[Cell::kPresent], 4);
  EXPECT_EQ(Read().symbols.at("GONE").Streak().runs, 0);
}

// A row that passed counts before one that did not, whenever the markers come.
TEST_F(LedgerTest, TheOrderOfMarkersDoesNotShow) {
  auto refused = Answer("A", Session(0), Session(0));
  refused.rejected_days[Session(0)] = "complete_session";
  lake::Marker one{"us", Session(0), {{refused.key, refused}}, {}};
  const auto good = Answer("A", Session(0), Session(2));
  lake::Marker two{"us", Session(2), {{good.key, good}}, {}};
  Coverage forward, backward;
  forward.Fold(pipeline_, one);
  forward.Fold(pipeline_, two);
  backward.Fold(pipeline_, two);
  backward.Fold(pipeline_, one);
  EXPECT_EQ(WriteCoverage(forward), WriteCoverage(backward));
  EXPECT_TRUE(forward.symbols.at("A").rejected.empty());
}

TEST_F(LedgerTest, TheKeptCoverageFollowsTheMarkers) {
  Mark(Session(0), {Answer("A", Session(0), Session(0))});
  EXPECT_EQ(Of("A")[Cell::kPresent], 1);
  const auto kept = store_.Get(CoverageKey(pipeline_)).ValueOrDie().bytes;
  EXPECT_EQ(WriteCoverage(ParseCoverage(kept).ValueOrDie()), kept);
  // More in the same marker, then a shard that is folded into it.
  Mark(Session(0), {Answer("B", Session(0), Session(0))});
  EXPECT_EQ(Of("B")[Cell::kPresent], 1);
  Mark(Session(1), {Answer("B", Session(1), Session(1))}, {}, "B");
  EXPECT_EQ(Of("B")[Cell::kPresent], 2);
  ASSERT_TRUE(lake::FoldMarkerShards(store_, "us/", "us", Session(1)).ok());
  EXPECT_EQ(Of("B")[Cell::kPresent], 2);
  // A damaged cache is made again; a forgotten marker is forgotten.
  for (const char* garbage :
       {"", "{", "{}\n", "{\"rule_version\":1,\"markers\":{}}\n{\"symbol\":\"A\",\"answered\":[[1]]}\n"}) {
    ASSERT_TRUE(store_.Put(CoverageKey(pipeline_), garbage).ok());
    EXPECT_EQ(Of("B")[Cell::kPresent], 2) << garbage;
  }
  ASSERT_TRUE(lake::DeleteMarker(store_, "us/", "us", Session(1)).ok());
  EXPECT_EQ(Of("B")[Cell::kPresent], 1);
  pipeline_.config.rule_version = 2;
  EXPECT_EQ(Of("B")[Cell::kPresent], 1) << "made again under the new rules";
  EXPECT_NE(store_.Get(CoverageKey(pipeline_)).ValueOrDie().bytes.find("\"rule_version\":2"),
            std::string::npos);
}

TEST_F(LedgerTest, ADamagedMarkerIsNamed) {
  ASSERT_TRUE(store_.Put(lake::MarkerKey("us/", "us", Session(0)), "{").ok());
  const auto coverage = ReadCoverage(pipeline_, runtime_);
  EXPECT_EQ(CodeOf(coverage.status()), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace penstock::pipeline
