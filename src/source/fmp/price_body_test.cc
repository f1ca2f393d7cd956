// Every recorded price history of tests/data/fmp and every malformed one, through the parser (US-1).
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "calendar/exchange_calendar.h"
#include "source/fmp/body.h"
#include "source/fmp/spelling.h"
#include "source/inflate.h"
#include "source/schema.h"

namespace penstock::source::fmp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Recorded(const std::string& name) {
  return ReadFile(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/fmp/stable/" + name);
}

ParseContext ContextOf(std::string symbol, std::string_view fetched_at = "2024-03-01T12:00:00Z") {
  ParseContext context;
  context.symbol = std::move(symbol);
  context.currency = "USD";
  context.raw_key = "raw/test";
  context.fetched_at = *ParseTimestamp(fetched_at);
  context.calendar = *calendar::ExchangeCalendar::Find("XNYS");
  return context;
}

// "2024-02-22 183.48 184.96 182.46 184.37 adj 52292208", a dash for null; an asterisk behind an incomplete
// bar.
std::vector<std::string> RowsOf(const ParsedAnswer& answer) {
  std::vector<std::string> rows;
  const arrow::RecordBatch& bars = *answer.bars;
  EXPECT_TRUE(bars.ValidateFull().ok());
  EXPECT_TRUE(bars.schema()->Equals(*ParsedBarsSchema()));
  EXPECT_TRUE(answer.actions->schema()->Equals(*ActionsSchema()));
  for (int64_t i = 0; i < bars.num_rows(); ++i) {
    std::string row;
    for (const char* name : {"date", "open", "high", "low", "close", "adj_close", "volume"}) {
      const auto cell = *bars.GetColumnByName(name)->GetScalar(i);
      row += (row.empty() ? "" : " ") + (cell->is_valid ? cell->ToString() : "-");
    }
    if ((*bars.GetColumnByName("incomplete")->GetScalar(i))->ToString() == "true") row += "*";
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::string> RowsOfBody(std::string_view body, const ParseContext& context = ContextOf("ABC")) {
  const auto answer = ParseBody(body, context);
  EXPECT_TRUE(answer.ok()) << Describe(answer.status()) << "\n" << body;
  return answer.ok() ? RowsOf(*answer) : std::vector<std::string>{"failed"};
}

ErrorCode CodeOfBody(std::string_view body, const ParseContext& context = ContextOf("ABC")) {
  const auto answer = ParseBody(body, context);
  EXPECT_THAT(answer.status().message(), HasSubstr("raw/test")) << body;
  return CodeOf(answer.status());
}

constexpr char kBar[] = R"({"date":"2024-02-22","open":1,"high":3,"low":0.5,"close":2,"volume":10})";

TEST(FmpPrices, Us1RecordedFullHistoryAscends) {
  const auto answer =
      ParseBody(Recorded("historical-price-eod_full__symbol=AAPL_from=2024-02-22_to=2024-02-28.json"),
                ContextOf("AAPL"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_THAT(RowsOf(*answer), ElementsAre("2024-02-22 183.48 184.96 182.46 184.37 - 52292208",
                                           "2024-02-23 185.01 185.04 182.23 182.52 - 45119700",
                                           "2024-02-26 182.24 182.76 180.65 181.16 - 40867421",
                                           "2024-02-27 181.1 183.92 179.56 182.63 - 54318900",
                                           "2024-02-28 182.51 183.12 180.13 181.42 - 48953939"));
  EXPECT_EQ((*answer->bars->GetColumnByName("source")->GetScalar(0))->ToString(), "fmp");
  EXPECT_EQ((*answer->bars->GetColumnByName("currency")->GetScalar(0))->ToString(), "USD");
  EXPECT_THAT(answer->notes, IsEmpty());
  EXPECT_FALSE(answer->generated);
}

TEST(FmpPrices, Us1LightHasOnlyAClose) {
  EXPECT_THAT(RowsOfBody(R"([{"symbol":"ABC","date":"2024-02-23","price":2.5,"volume":7},
                             {"symbol":"ABC","date":"2024-02-22","price":2,"volume":5}])"),
              ElementsAre("2024-02-22 - - - 2 - 5", "2024-02-23 - - - 2.5 - 7"));
}

TEST(FmpPrices, Us1LegacyHasAdjustedCloses) {
  // Made up in the shape of the v3 documentation.
  EXPECT_THAT(RowsOfBody(R"({"symbol":"ABC","historical":[
      {"date":"2024-02-23","open":2,"high":3,"low":1,"close":2,"adjClose":1.9,"volume":7.0,"unadjustedVolume":7,
       "change":0,"changePercent":0,"vwap":2,"label":"February 23, 24","changeOverTime":0},
      {"date":"2024-02-22","open":1,"high":3,"low":0.5,"close":2,"volume":10}]})"),
              ElementsAre("2024-02-22 1 3 0.5 2 - 10", "2024-02-23 2 3 1 2 1.9 7"));
}

TEST(FmpPrices, Us1OurListAmongSeveral) {
  const std::string several =
      std::string(R"({"historicalStockList":[{"symbol":"XYZ","historical":[{"date":"x"}]},
      {"symbol":"ABC","historical":[)") +
      kBar + "]}]}";
  EXPECT_THAT(RowsOfBody(several), ElementsAre("2024-02-22 1 3 0.5 2 - 10"));
  EXPECT_EQ(CodeOfBody(several, ContextOf("NONE")), ErrorCode::kInvalidData);
}

TEST(FmpPrices, NothingIsNoRows) {
  for (const char* nothing : {"[]", "{}", " [ ] \n", "{\"symbol\":\"ABC\",\"historical\":[]}",
                              "{\"symbol\":\"ABC\",\"historical\":null}"}) {
    EXPECT_THAT(RowsOfBody(nothing), IsEmpty()) << nothing;
  }
  EXPECT_TRUE(SaysNothing(" [ ]\n"));
  EXPECT_TRUE(SaysNothing("{}"));
  EXPECT_FALSE(SaysNothing("[{}]"));
  EXPECT_FALSE(SaysNothing("[}"));
  EXPECT_FALSE(SaysNothing(""));
}

TEST(FmpPrices, NumbersAsTextAndNone) {
  EXPECT_THAT(
      RowsOfBody(R"([{"date":"2024-02-22","open":"1.5","high":null,"low":"","close":"NaN","volume":"1e3"}])"),
      ElementsAre("2024-02-22 1.5 - - - - 1000"));
  EXPECT_THAT(
      RowsOfBody(R"([{"date":"2024-02-22 00:00:00","open":1,"high":1,"low":1,"close":1,"volume":12.6}])"),
      ElementsAre("2024-02-22 1 1 1 1 - 13"));
  const auto huge = ParseBody(R"([{"date":"2024-02-22","close":1,"volume":1e300}])", ContextOf("ABC"));
  ASSERT_TRUE(huge.ok());
  EXPECT_THAT(RowsOf(*huge), ElementsAre("2024-02-22 - - - 1 - -"));
  EXPECT_THAT(huge->notes, ElementsAre(HasSubstr("beyond 64 bits")));
}

TEST(FmpPrices, DuplicateDatesStayForTheRuleAndAreNoted) {
  const auto twice = ParseBody(std::string("[") + kBar + "," + kBar + "]", ContextOf("ABC"));
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(twice->bars->num_rows(), 2);
  EXPECT_THAT(twice->notes, ElementsAre(HasSubstr("more than one row of 2024-02-22")));
}

TEST(FmpPrices, TheBarOfASessionUnderWayIsIncomplete) {
  const std::string body = R"([{"date":"2024-02-23","close":2},{"date":"2024-02-22","close":1}])";
  EXPECT_THAT(RowsOfBody(body, ContextOf("ABC", "2024-02-23T20:59:00Z")),
              ElementsAre("2024-02-22 - - - 1 - -", "2024-02-23 - - - 2 - -*"));
  EXPECT_THAT(RowsOfBody(body, ContextOf("ABC", "2024-02-23T21:00:00Z")),
              ElementsAre("2024-02-22 - - - 1 - -", "2024-02-23 - - - 2 - -"));
}

TEST(FmpPrices, LondonIsInPence) {
  ParseContext context = ContextOf("OCDO.L");
  context.currency = "GBP";
  EXPECT_THAT(RowsOfBody(R"([{"symbol":"OCDO.L","date":"2024-02-22","close":280.9}])", context),
              ElementsAre("2024-02-22 - - - 2.809 - -"));
}

TEST(FmpPrices, GeneratedRowsSaySo) {
  const auto answer = ParseBody(R"([{"date":"2024-02-22","close":1,"generated":true}])", ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->generated);
  EXPECT_EQ((*answer->bars->GetColumnByName("source")->GetScalar(0))->ToString(), "fmp (generated)");
}

TEST(FmpPrices, GzipAndByteOrderMark) {
  const std::string body = std::string("[") + kBar + "]";
  EXPECT_THAT(RowsOfBody(*Deflate(body)), ElementsAre("2024-02-22 1 3 0.5 2 - 10"));
  EXPECT_THAT(RowsOfBody("\xef\xbb\xbf" + body), ElementsAre("2024-02-22 1 3 0.5 2 - 10"));
}

TEST(FmpPrices, AnotherSymbolIsRefused) {
  const std::string rows = R"([{"symbol":"META","date":"2024-02-22","close":1}])";
  EXPECT_EQ(CodeOfBody(rows, ContextOf("FB")), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody(R"({"symbol":"META","historical":[]})", ContextOf("FB")), ErrorCode::kInvalidData);
  EXPECT_THAT(RowsOfBody(R"([{"symbol":"BRK-B","date":"2024-02-22","close":1}])", ContextOf("BRK.B")),
              ElementsAre("2024-02-22 - - - 1 - -"));
}

TEST(FmpPrices, MalformedBodies) {
  const std::string bar(kBar);
  for (const std::string& body : {std::string(),
                                  std::string("  \n"),
                                  std::string("<html></html>"),
                                  "[" + bar,
                                  "[" + bar + "]]",
                                  "[" + bar + "] x",
                                  "[" + bar.substr(0, 40),
                                  std::string("[1]"),
                                  std::string("[[]]"),
                                  std::string("null"),
                                  std::string("\"text\""),
                                  std::string("{\"a\":1}"),
                                  std::string("no json"),
                                  std::string(R"([{"open":1}])"),
                                  std::string(R"([{"date":null}])"),
                                  std::string(R"([{"date":"2024-02-30"}])"),
                                  std::string(R"([{"date":20240222}])"),
                                  std::string(R"([{"date":"2024-02-22","close":NaN}])"),
                                  std::string(R"([{"date":"2024-02-22","close":Infinity}])"),
                                  std::string(R"([{"date":"2024-02-22","close":1e999}])"),
                                  std::string(R"([{"date":"2024-02-22","close":"1.5x"}])"),
                                  std::string(R"([{"date":"2024-02-22","close":{}}])"),
                                  std::string(R"([{"date":"2024-02-22","close":true}])"),
                                  std::string(R"({"symbol":"ABC","historical":{}})") + "x",
                                  std::string("\x1f\x8b\x08\x00zzzz", 8)}) {
    EXPECT_EQ(CodeOfBody(body), ErrorCode::kInvalidData) << body;
  }
  const std::string recorded =
      Recorded("historical-price-eod_full__symbol=AAPL_from=2024-02-22_to=2024-02-28.json");
  for (size_t size = 1; size < recorded.size() - 1; size += 7) {
    EXPECT_EQ(CodeOfBody(recorded.substr(0, size), ContextOf("AAPL")), ErrorCode::kInvalidData) << size;
  }
}

// Short sentences of FMP, as its users quote them.
TEST(FmpPrices, ErrorTexts) {
  const auto error = [](const std::string& said) { return "{\"Error Message\": \"" + said + "\"}"; };
  EXPECT_EQ(CodeOfBody(error("Limit Reach . Please upgrade your plan or visit our documentation")),
            ErrorCode::kThrottled);
  const auto key =
      ParseBody(error("Invalid API KEY. Please retry or visit our documentation"), ContextOf("ABC"));
  EXPECT_EQ(CodeOf(key.status()), ErrorCode::kUnauthenticated);
  EXPECT_THAT(AdviceOf(key.status()), HasSubstr("FMP_API_KEY"));
  const auto legacy =
      ParseBody(error("Legacy Endpoint : Due to Legacy endpoints being no longer supported - This "
                      "endpoint is only available for legacy users who have valid subscriptions"),
                ContextOf("ABC"));
  EXPECT_EQ(CodeOf(legacy.status()), ErrorCode::kRejectedByProvider);
  EXPECT_THAT(AdviceOf(legacy.status()), HasSubstr("source.shape"));
  EXPECT_EQ(CodeOfBody(
                error("Exclusive Endpoint : This endpoint is not available under your current subscription")),
            ErrorCode::kRejectedByProvider);
  EXPECT_EQ(
      CodeOfBody("Premium Query Parameter: 'Special Endpoint : This value set for 'symbol' is not available"),
      ErrorCode::kRejectedByProvider);
  EXPECT_EQ(CodeOfBody("{\"error\":\"something else\"}"), ErrorCode::kRejectedByProvider);
  EXPECT_EQ(ErrorTextOf("[]"), "");
  EXPECT_EQ(ErrorTextOf(""), "");
  EXPECT_EQ(ErrorTextOf("{\"Error Message\": 5}"), "");
  EXPECT_EQ(ErrorTextOf(std::string(R"({"symbol":"ABC","historical":[)") + kBar + "]}"), "");
}

TEST(FmpSpelling, ClassesPreferredSharesWarrantsAndIndices) {
  const std::pair<const char*, const char*> cases[] = {
      {"AAPL", "AAPL"},     {"BRK.B", "BRK-B"},     {"BF-B", "BF-B"},       {"RDS/A", "RDS-A"},
      {"^GSPC", "^GSPC"},   {"ABR$D", "ABR-PD"},    {"BC$", "BC-P"},        {"ACHR.W", "ACHR-WT"},
      {"WEL.U", "WEL-UN"},  {"CELG.R", "CELG-RI"},  {"NYSE:LMT", "LMT"},    {"OCDO.L", "OCDO.L"},
      {"BMW.DE", "BMW.DE"}, {"BTCUSD", "BTCUSD"},   {"SHOP.TO", "SHOP.TO"}, {".B", ".B"},
      {"MKC-V", "MKC-V"},   {"NYSE:BRK.A", "BRK-A"}};
  for (const auto& [symbol, spelled] : cases) EXPECT_EQ(FmpSpelling(symbol), spelled) << symbol;
  EXPECT_TRUE(SameSymbol("BRK.B", "brk-b"));
  EXPECT_FALSE(SameSymbol("BRK.B", "BRK.A"));
}

}  // namespace
}  // namespace penstock::source::fmp
