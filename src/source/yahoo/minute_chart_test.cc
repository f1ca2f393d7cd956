// Recorded answers of minute bars, and what may stand in one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "source/yahoo/yahoo_minutes.h"

namespace penstock::source::yahoo {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

std::string ReadFile(const std::string& name) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/yahoo/" + name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

MinuteSpec SpecOf(std::string symbol, const char* day, const char* mic = "XNYS") {
  const auto* calendar = *calendar::ExchangeCalendar::Find(mic);
  return {std::move(symbol), *calendar->RequireSession(*ParseDate(day))};
}

TimePoint At(const char* text) { return *ParseTimestamp(text); }

Result<MinuteAnswer> Read(const std::string& body, const MinuteSpec& spec,
                          const char* fetched_at = "2026-01-05T18:00:00Z") {
  return ReadMinuteChart(body, spec, At(fetched_at), "raw/test");
}

// A chart of ABC with these times; highs are 2, 3, …, and lows 1 below.
std::string Chart(const std::vector<int64_t>& stamps, size_t null_at = SIZE_MAX,
                  const std::string& granularity = "1m") {
  std::string times, highs, lows;
  for (size_t i = 0; i < stamps.size(); ++i) {
    const char* comma = i == 0 ? "" : ",";
    times += comma + std::to_string(stamps[i]);
    highs += comma + (i == null_at ? "null" : std::to_string(i + 2));
    lows += comma + std::to_string(i + 1);
  }
  return R"({"chart":{"result":[{"meta":{"currency":"USD","symbol":"ABC","dataGranularity":")" + granularity +
         R"("},"timestamp":[)" + times + R"(],"indicators":{"quote":[{"high":[)" + highs + R"(],"low":[)" +
         lows + R"(]}]}}],"error":null}})";
}
constexpr int64_t kOpen = 1589463000;  // 2020-05-14 09:30 in New York

TEST(MinuteChart, Stream4RecordedSessionIsReadMinuteByMinute) {
  const auto answer = Read(ReadFile("chart/chart-AAPL-2024-10-02-1m.json"), SpecOf("AAPL", "2024-10-02"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  // 390 minutes of which one has no trade, and the quote of the next day's close.
  EXPECT_EQ(answer->bars.size(), 389u);
  EXPECT_EQ(answer->empty, 1);
  EXPECT_EQ(answer->outside, 1);
  EXPECT_EQ(answer->unfinished + answer->repeated, 0);
  EXPECT_FALSE(answer->generated);
  EXPECT_EQ(FormatTimestamp(answer->bars.front().start), "2024-10-02T13:30:00.000Z");
  EXPECT_EQ(answer->bars.front().high, 226.11000061035156);
  EXPECT_EQ(answer->bars.front().low, 225.4199981689453);
  EXPECT_EQ(FormatTimestamp(answer->bars.back().start), "2024-10-02T19:59:00.000Z");
}

TEST(MinuteChart, RecordedSessionWithoutGapsIsWhole) {
  const auto answer = Read(ReadFile("chart/mock-AAPL-intraday.json"), SpecOf("AAPL", "2018-05-29"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  ASSERT_EQ(answer->bars.size(), 390u);
  for (size_t i = 0; i < answer->bars.size(); ++i)
    ASSERT_EQ(answer->bars[i].start, At("2018-05-29T13:30:00Z") + minutes(i));
}

TEST(MinuteChart, MinutesWithoutATradeAreCounted) {
  // A currency: 199 minutes from midnight in London, 61 of them null. As if it traded around the clock.
  MinuteSpec spec = SpecOf("USDGBP=X", "2018-05-30", "XLON");
  spec.session.open = At("2018-05-29T23:00:00Z");
  const auto answer = Read(ReadFile("chart/mock-USDGBP=X-intraday.json"), spec);
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_EQ(answer->bars.size(), 138u);
  EXPECT_EQ(answer->empty, 61);
}

TEST(MinuteChart, OnlyTheSessionCounts) {
  // A minute before the open, the first, the last, the close.
  const auto answer =
      Read(Chart({kOpen - 60, kOpen, kOpen + 389 * 60, kOpen + 390 * 60}), SpecOf("ABC", "2020-05-14"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  ASSERT_EQ(answer->bars.size(), 2u);
  EXPECT_EQ(answer->bars[0].high, 3);
  EXPECT_EQ(answer->bars[1].low, 3);
  EXPECT_EQ(answer->outside, 2);
}

TEST(MinuteChart, HalfDayEndsAtItsOwnClose) {
  // The day after Thanksgiving: to 13:00 in New York.
  const MinuteSpec spec = SpecOf("ABC", "2020-11-27");
  const int64_t open = 1606487400;
  const auto answer = Read(Chart({open, open + 209 * 60, open + 210 * 60, open + 300 * 60}), spec);
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_EQ(answer->bars.size(), 2u);
  EXPECT_EQ(answer->outside, 2);
}

TEST(MinuteChart, SessionsFollowDaylightSaving) {
  // The Friday before the clocks change and the Monday behind it: 09:30 is an hour earlier in UTC.
  EXPECT_EQ(SpecOf("ABC", "2020-03-06").session.open, At("2020-03-06T14:30:00Z"));
  EXPECT_EQ(SpecOf("ABC", "2020-03-09").session.open, At("2020-03-09T13:30:00Z"));
  const auto answer =
      Read(Chart({1583760600, 1583760600 + 389 * 60, 1583760600 + 390 * 60}), SpecOf("ABC", "2020-03-09"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->bars.size(), 2u);
}

TEST(MinuteChart, MinuteUnderWayAndQuotesAreUnfinished) {
  const std::string body = Chart({kOpen, kOpen + 60, kOpen + 60 + 37, kOpen + 120});
  const auto answer = Read(body, SpecOf("ABC", "2020-05-14"), "2020-05-14T13:32:30Z");
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_EQ(answer->bars.size(), 2u);
  EXPECT_EQ(answer->unfinished, 2);
}

TEST(MinuteChart, MinuteThatComesAgainCountsOnce) {
  const auto answer = Read(Chart({kOpen + 60, kOpen, kOpen + 60}), SpecOf("ABC", "2020-05-14"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  ASSERT_EQ(answer->bars.size(), 2u);
  EXPECT_EQ(answer->bars[0].high, 3);
  EXPECT_EQ(answer->bars[1].high, 4);
  EXPECT_EQ(answer->repeated, 1);
}

TEST(MinuteChart, NullsAreNoBars) {
  const auto answer = Read(Chart({kOpen, kOpen + 60}, 1), SpecOf("ABC", "2020-05-14"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_EQ(answer->bars.size(), 1u);
  EXPECT_EQ(answer->empty, 1);
}

TEST(MinuteChart, EmptyRangeHasNoBars) {
  const auto answer = Read(
      R"({"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn't exist for startDate = 1589463000, endDate = 1589486400"}}})",
      SpecOf("ABC", "2020-05-14"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_TRUE(answer->bars.empty());
}

TEST(MinuteChart, WhatIsNoMinutesIsRefused) {
  const MinuteSpec spec = SpecOf("ABC", "2020-05-14");
  const auto code = [&](const std::string& body) { return CodeOf(Read(body, spec).status()); };
  EXPECT_EQ(code(Chart({kOpen}, SIZE_MAX, "1d")), ErrorCode::kInvalidData);
  EXPECT_EQ(code(ReadFile("chart/chart-AAPL-2024-10-02-1m.json")), ErrorCode::kInvalidData);  // of another
  EXPECT_EQ(code(ReadFile("errors/chart-not-found.json")), ErrorCode::kNotFound);
  EXPECT_EQ(code(""), ErrorCode::kInvalidData);
  EXPECT_EQ(code("Date,Open\n"), ErrorCode::kInvalidData);
}

TEST(MinuteChart, DaysThatTheSiteHasNoMoreAreSaidSo) {
  const auto answer = Read(
      R"({"chart":{"result":null,"error":{"code":"Unprocessable Entity","description":"1m data not available for startTime=1589463000 and endTime=1589486400. The requested range must be within the last 30 days."}}})",
      SpecOf("ABC", "2020-05-14"));
  EXPECT_EQ(CodeOf(answer.status()), ErrorCode::kRejectedByProvider);
  EXPECT_THAT(AdviceOf(answer.status()), HasSubstr("30 days"));
}

}  // namespace
}  // namespace penstock::source::yahoo
