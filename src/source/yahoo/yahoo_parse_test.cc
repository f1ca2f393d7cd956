// Every recorded body of tests/data/yahoo and every malformed one of FTSE-1, through the parser.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "calendar/exchange_calendar.h"
#include "source/inflate.h"
#include "source/opened_body.h"
#include "source/schema.h"
#include "source/yahoo/body.h"
#include "source/yahoo/spelling.h"

namespace penstock::source::yahoo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kData = std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/yahoo/";

std::string ReadFile(const std::string& name) {
  std::ifstream in(kData + name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

ParseContext ContextOf(std::string symbol, std::string currency = "USD", const char* mic = "XNYS") {
  ParseContext context;
  context.symbol = std::move(symbol);
  context.currency = std::move(currency);
  context.raw_key = "raw/test";
  context.fetched_at = *ParseTimestamp("2026-01-05T18:00:00.250Z");
  context.calendar = *calendar::ExchangeCalendar::Find(mic);
  return context;
}

std::optional<double> Number(const ParsedAnswer& answer, const std::string& column, int64_t row) {
  const auto array = std::static_pointer_cast<arrow::DoubleArray>(answer.bars->GetColumnByName(column));
  if (array->IsNull(row)) return std::nullopt;
  return array->Value(row);
}
std::optional<int64_t> Volume(const ParsedAnswer& answer, int64_t row) {
  const auto array = std::static_pointer_cast<arrow::Int64Array>(answer.bars->GetColumnByName("volume"));
  if (array->IsNull(row)) return std::nullopt;
  return array->Value(row);
}
std::string DayOf(const ParsedAnswer& answer, int64_t row) {
  const auto array = std::static_pointer_cast<arrow::Date32Array>(answer.bars->GetColumnByName("date"));
  return FormatDate(FromDaysSinceEpoch(array->Value(row)));
}
std::string Text(const arrow::RecordBatch& batch, const std::string& column, int64_t row) {
  return std::static_pointer_cast<arrow::StringArray>(batch.GetColumnByName(column))->GetString(row);
}
bool Incomplete(const ParsedAnswer& answer, int64_t row) {
  return std::static_pointer_cast<arrow::BooleanArray>(answer.bars->GetColumnByName("incomplete"))
      ->Value(row);
}

void ExpectValid(const ParsedAnswer& answer) {
  EXPECT_TRUE(answer.bars->ValidateFull().ok());
  EXPECT_TRUE(answer.actions->ValidateFull().ok());
  EXPECT_TRUE(answer.bars->schema()->Equals(*ParsedBarsSchema()));
  EXPECT_TRUE(answer.actions->schema()->Equals(*ActionsSchema()));
}

// A chart around these pieces.
std::string Chart(const std::string& columns, const std::string& stamps, const std::string& meta = "",
                  const std::string& more = "") {
  return R"({"chart":{"result":[{"meta":{"currency":"USD","symbol":"ABC","exchangeTimezoneName":"America/New_York")" +
         meta + R"(},"timestamp":[)" + stamps + "]," + more + R"("indicators":{"quote":[)" + columns +
         R"(]}}],"error":null}})";
}
constexpr char kTwoBars[] = R"({"open":[1,2],"high":[3,4],"low":[0.5,1.5],"close":[2,3],"volume":[10,20]})";
constexpr char kTwoDays[] = "1577975400,1578061800";  // 2020-01-02 and -03, 09:30 in New York

ErrorCode CodeOfBody(const std::string& body, const ParseContext& context = ContextOf("ABC")) {
  return CodeOf(ParseBody(body, context).status());
}

TEST(YahooChart, RecordedDailyBarsOfApple) {
  const auto answer =
      ParseBody(ReadFile("chart/historical-via-chart-AAPL-2020-01-01-to-2020-01-03.json"), ContextOf("AAPL"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  ExpectValid(*answer);
  ASSERT_EQ(answer->bars->num_rows(), 1);
  EXPECT_EQ(DayOf(*answer, 0), "2020-01-02");
  EXPECT_EQ(Number(*answer, "open", 0), 74.05999755859375);
  EXPECT_EQ(Number(*answer, "high", 0), 75.1500015258789);
  EXPECT_EQ(Number(*answer, "low", 0), 73.79750061035156);
  EXPECT_EQ(Number(*answer, "close", 0), 75.0875015258789);
  EXPECT_EQ(Volume(*answer, 0), 135480400);
  EXPECT_EQ(Text(*answer->bars, "symbol", 0), "AAPL");
  EXPECT_EQ(Text(*answer->bars, "currency", 0), "USD");
  EXPECT_EQ(Text(*answer->bars, "source", 0), "yahoo");
  EXPECT_FALSE(Incomplete(*answer, 0));
  EXPECT_FALSE(answer->generated);
  const auto fetched =
      std::static_pointer_cast<arrow::TimestampArray>(answer->bars->GetColumnByName("fetched_at"));
  EXPECT_EQ(fetched->Value(0), 1767636000250);  // milliseconds
}

TEST(YahooChart, Ftse1PenceBecomePoundsWhenPoundsAreWanted) {
  const std::string body = ReadFile("chart/historical-via-chart-OCDO.L-2020-01-01-to-2020-01-03.json");
  const auto pounds = ParseBody(body, ContextOf("OCDO.L", "GBP", "XLON"));
  ASSERT_TRUE(pounds.ok());
  EXPECT_EQ(Number(*pounds, "open", 0), 12.795);
  EXPECT_EQ(Number(*pounds, "high", 0), 12.865699462890625);
  EXPECT_EQ(Number(*pounds, "low", 0), 12.58);
  EXPECT_EQ(Number(*pounds, "close", 0), 12.595);
  EXPECT_EQ(Number(*pounds, "adj_close", 0), 12.595);
  EXPECT_EQ(Volume(*pounds, 0), 728520);
  EXPECT_EQ(Text(*pounds->bars, "currency", 0), "GBP");
  EXPECT_THAT(pounds->notes, ElementsAre(HasSubstr("divided by 100")));
  const auto pence = ParseBody(body, ContextOf("OCDO.L", "", "XLON"));
  ASSERT_TRUE(pence.ok());
  EXPECT_EQ(Number(*pence, "close", 0), 1259.5);
  EXPECT_EQ(Text(*pence->bars, "currency", 0), "GBp");
}

TEST(YahooChart, PoundsAndOtherCurrenciesStay) {
  std::string body = Chart(kTwoBars, kTwoDays);
  body.replace(body.find("USD"), 3, "GBP");
  const auto pounds = ParseBody(body, ContextOf("ABC", "GBP"));
  ASSERT_TRUE(pounds.ok());
  EXPECT_EQ(Number(*pounds, "close", 0), 2.0);
  const auto dollars = ParseBody(Chart(kTwoBars, kTwoDays), ContextOf("ABC", "GBP"));
  ASSERT_TRUE(dollars.ok());
  EXPECT_EQ(Number(*dollars, "close", 0), 2.0);
  EXPECT_EQ(Text(*dollars->bars, "currency", 0), "USD");
}

TEST(YahooChart, RecordedSplitBecomesAnAction) {
  const auto split = ParseBody(
      ReadFile("chart/historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.json"), ContextOf("NVDA"));
  ASSERT_TRUE(split.ok()) << Describe(split.status());
  ExpectValid(*split);
  EXPECT_EQ(split->bars->num_rows(), 252);
  bool found = false;
  for (int64_t i = 0; i < split->actions->num_rows(); ++i)
    found = found || Text(*split->actions, "kind", i) == "split";
  EXPECT_TRUE(found) << split->actions->ToString();
}

TEST(YahooChart, ActionsOfAGolden) {
  const auto answer = ParseBody(
      Chart(
          kTwoBars, kTwoDays, R"(,"currencyX":1)",
          R"("events":{"splits":{"1578061800":{"date":1578061800,"numerator":4,"denominator":1,"splitRatio":"4:1"}},)"
          R"("dividends":{"1577975400":{"amount":0.25,"date":1577975400}}},)"),
      ContextOf("ABC"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  ASSERT_EQ(answer->actions->num_rows(), 2);
  EXPECT_EQ(Text(*answer->actions, "kind", 0), "dividend");
  EXPECT_EQ(Text(*answer->actions, "kind", 1), "split");
  const auto number = [&](const char* column, int64_t row) {
    return std::static_pointer_cast<arrow::DoubleArray>(answer->actions->GetColumnByName(column))->Value(row);
  };
  EXPECT_EQ(number("amount", 0), 0.25);
  EXPECT_EQ(number("numerator", 1), 4);
  EXPECT_EQ(number("denominator", 1), 1);
}

TEST(YahooChart, NullsAnywhere) {
  const auto real = ParseBody(ReadFile("chart/inrx-with-null.json"), ContextOf("INR=X", "INR"));
  ASSERT_TRUE(real.ok()) << Describe(real.status());
  int64_t nulls = 0;
  for (const char* column : {"open", "high", "low", "close", "adj_close", "volume"}) {
    nulls += real->bars->GetColumnByName(column)->null_count();
  }
  EXPECT_GT(nulls, 0);
  const auto made = ParseBody(
      Chart(R"({"open":[null,2],"high":[3,null],"low":[0.5,1.5],"close":[null,null],"volume":[10.5,null]})",
            kTwoDays),
      ContextOf("ABC"));
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(Number(*made, "open", 0), std::nullopt);
  EXPECT_EQ(Number(*made, "open", 1), 2.0);
  EXPECT_EQ(Number(*made, "high", 1), std::nullopt);
  EXPECT_EQ(made->bars->GetColumnByName("close")->null_count(), 2);
  EXPECT_EQ(made->bars->GetColumnByName("adj_close")->null_count(), 2);  // missing altogether
  EXPECT_EQ(Volume(*made, 0), 10);                                       // 10.5 to even
  EXPECT_EQ(Volume(*made, 1), std::nullopt);
}

TEST(YahooChart, NoTimestampsIsZeroRows) {
  const auto answer = ParseBody(ReadFile("chart/scheb-noData.json"), ContextOf("CAPIO.ST", "SEK"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  ExpectValid(*answer);
  EXPECT_EQ(answer->bars->num_rows(), 0);
  EXPECT_EQ(answer->actions->num_rows(), 0);
}

TEST(YahooChart, UnequalArraysAreInvalid) {
  EXPECT_EQ(CodeOfBody(ReadFile("chart/chart-notimestamp-quotes-length.fake.json"), ContextOf("AAPL")),
            ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody(Chart(kTwoBars, "1577975400")), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody(Chart(R"({"open":[1],"high":[3,4],"low":[0.5,1.5],"close":[2,3],"volume":[10,20]})",
                             kTwoDays)),
            ErrorCode::kInvalidData);
}

TEST(YahooChart, MinuteBarsAreNotDays) {
  EXPECT_EQ(CodeOfBody(ReadFile("chart/chart-AAPL-2024-10-02-1m.json"), ContextOf("AAPL")),
            ErrorCode::kInvalidData);
}

TEST(YahooChart, EveryRecordedChartParsesOrIsAKnownException) {
  int parsed = 0;
  int64_t rows = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kData + "chart")) {
    const std::string name = entry.path().filename().string();
    const std::string body = ReadFile("chart/" + name);
    const size_t at = body.find("\"symbol\"");
    ASSERT_NE(at, std::string::npos) << name;
    const size_t begin = body.find('"', at + 9) + 1;
    const auto answer = ParseBody(body, ContextOf(body.substr(begin, body.find('"', begin) - begin)));
    const bool exception =
        name.find("1m") != std::string::npos || name.find("intraday") != std::string::npos ||
        name.find("fake") != std::string::npos || name == "scheb-dividendData.json";  // months
    EXPECT_EQ(answer.ok(), !exception)
        << name << ": " << (answer.ok() ? "parsed" : Describe(answer.status()));
    if (!answer.ok()) continue;
    ExpectValid(*answer);
    ++parsed;
    rows += answer->bars->num_rows();
  }
  EXPECT_GE(parsed, 25);
  EXPECT_GT(rows, 500);
}

TEST(YahooChart, DateIsTheLocalOneOfTheExchange) {
  // 23:00 UTC of the day before is midnight in London in summer; 14:00 UTC is the next day in Auckland.
  std::string body = Chart(R"({"open":[1],"high":[1],"low":[1],"close":[1],"volume":[1]})", "1592953200");
  body.replace(body.find("America/New_York"), 16, "Europe/London");
  auto answer = ParseBody(body, ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(DayOf(*answer, 0), "2020-06-24");
  body.replace(body.find("Europe/London"), 13, "America/New_York");
  answer = ParseBody(body, ContextOf("ABC"));
  EXPECT_EQ(DayOf(*answer, 0), "2020-06-23");
  // Before the table of offsets begins, and a zone nobody knows.
  body.replace(body.find("1592953200"), 10, "345479400");
  answer = ParseBody(body, ContextOf("ABC"));
  EXPECT_EQ(DayOf(*answer, 0), "1980-12-12");
  body.replace(body.find("America/New_York"), 16, "Mars/Olympus");
  EXPECT_EQ(CodeOfBody(body), ErrorCode::kInvalidData);
}

TEST(YahooChart, Ftse2HalfFilledBarIsIncomplete) {
  // 2025-03-24, 13:51 UTC; the session runs to 20:00 UTC.
  const auto live = ParseBody(ReadFile("chart/chart-AAPL.json"), ContextOf("AAPL"));
  ASSERT_TRUE(live.ok());
  const std::string open_session =
      R"(,"regularMarketTime":1578070000,"currentTradingPeriod":{"regular":{"end":1578085200}})";
  auto answer = ParseBody(Chart(kTwoBars, kTwoDays, open_session), ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(Incomplete(*answer, 0));
  EXPECT_TRUE(Incomplete(*answer, 1));
  const std::string closed =
      R"(,"regularMarketTime":1578085201,"currentTradingPeriod":{"regular":{"end":1578085200}})";
  answer = ParseBody(Chart(kTwoBars, kTwoDays, closed), ContextOf("ABC"));
  EXPECT_FALSE(Incomplete(*answer, 1));
  // The trading period is already the next session's: the calendar's close counts.
  const std::string next =
      R"(,"regularMarketTime":1578070000,"currentTradingPeriod":{"regular":{"end":1578344400}})";
  answer = ParseBody(Chart(kTwoBars, kTwoDays, next), ContextOf("ABC"));
  EXPECT_TRUE(Incomplete(*answer, 1));
}

TEST(YahooChart, LiveRowIsMergedIntoItsBar) {
  const std::string columns =
      R"({"open":[1,2,2.5],"high":[3,4,5],"low":[0.5,1.5,1.25],"close":[2,null,3.5],"volume":[10,20,15]})";
  const auto answer = ParseBody(Chart(columns, "1577975400,1578061800,1578070000"), ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->bars->num_rows(), 2);
  EXPECT_EQ(Number(*answer, "open", 1), 2.0);
  EXPECT_EQ(Number(*answer, "high", 1), 5.0);
  EXPECT_EQ(Number(*answer, "low", 1), 1.25);
  EXPECT_EQ(Number(*answer, "close", 1), 3.5);
  EXPECT_EQ(Volume(*answer, 1), 20);
  EXPECT_THAT(answer->notes, ElementsAre(HasSubstr("merged")));
  ExpectValid(*answer);
}

TEST(YahooChart, DuplicateTimestampsStayForTheRuleUnique) {
  const auto answer = ParseBody(Chart(kTwoBars, "1577975400,1577975400"), ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->bars->num_rows(), 2);
  EXPECT_THAT(answer->notes, ElementsAre(HasSubstr("more than one row of 2020-01-02")));
}

TEST(YahooChart, RowsAscendHoweverTheyCame) {
  const auto answer = ParseBody(Chart(kTwoBars, "1578061800,1577975400"), ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(DayOf(*answer, 0), "2020-01-02");
  EXPECT_EQ(Number(*answer, "close", 0), 3.0);
  EXPECT_EQ(Volume(*answer, 1), 10);
}

TEST(YahooChart, MarkedAsGenerated) {
  const auto answer = ParseBody(Chart(kTwoBars, kTwoDays, R"(,"generated":true)"), ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->generated);
  EXPECT_EQ(Text(*answer->bars, "source", 0), "yahoo (generated)");
}

TEST(YahooChart, AnotherSymbolIsInvalid) {
  EXPECT_EQ(CodeOfBody(Chart(kTwoBars, kTwoDays), ContextOf("XYZ")), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody(Chart(kTwoBars, kTwoDays), ContextOf("abc")), ErrorCode::kOk);
  std::string body = Chart(kTwoBars, kTwoDays);
  body.replace(body.find("\"ABC\""), 5, "\"BRK-B\"");
  const auto answer = ParseBody(body, ContextOf("BRK.B"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(Text(*answer->bars, "symbol", 0), "BRK.B");  // as the symbol file spells it
}

TEST(YahooErrors, EachHasItsCode) {
  EXPECT_EQ(CodeOfBody(ReadFile("errors/chart-not-found.json")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOfBody(ReadFile("errors/401-invalid-crumb.json")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOfBody(ReadFile("errors/429-edge.txt")), ErrorCode::kThrottled);
  EXPECT_EQ(CodeOfBody(ReadFile("errors/pageWithUnknownError.json")), ErrorCode::kRejectedByProvider);
  EXPECT_EQ(CodeOfBody(ReadFile("errors/quoteSummary-assetProfile-.json")), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody("404 Not Found: No data found, symbol may be delisted"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOfBody(R"({"chart":{"result":null,"error":{"code":"internal-error","description":"x"}}})"),
            ErrorCode::kUnavailable);
}

TEST(YahooErrors, NoDataInRangeIsZeroRows) {
  for (const char* name : {"errors/download-no-data-in-range.txt", "download_csv/BEKE.csv"}) {
    const auto answer = ParseBody(ReadFile(name), ContextOf("BEKE"));
    ASSERT_TRUE(answer.ok()) << name << Describe(answer.status());
    EXPECT_EQ(answer->bars->num_rows(), 0);
  }
  const auto json = ParseBody(
      R"({"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn't exist for startDate = 1, endDate = 2"}}})",
      ContextOf("ABC"));
  ASSERT_TRUE(json.ok()) << Describe(json.status());
  EXPECT_EQ(json->bars->num_rows(), 0);
}

TEST(YahooErrors, WhatIsNoChartIsInvalid) {
  for (const std::string& body : {std::string(),
                                  std::string("  \r\n"),
                                  std::string("<!DOCTYPE html><html></html>"),
                                  std::string("\x01\x02noise"),
                                  std::string("{}"),
                                  std::string("[]"),
                                  std::string("{\"chart\":{}}"),
                                  std::string("{\"chart\":null}"),
                                  std::string("{\"chart\":{\"result\":[],\"error\":null}}"),
                                  std::string("{\"chart\":{\"result\":[{}],\"error\":null}}"),
                                  std::string("{\"chart\":{\"result\":[{\"meta\":{}}]}}"),
                                  std::string("nonsense"),
                                  std::string("\xff\xfe{\"a\":1}"),
                                  Chart(kTwoBars, kTwoDays) + "x",
                                  Chart(kTwoBars, "1577975400,1e999"),
                                  Chart(kTwoBars, "1577975400,null"),
                                  Chart(kTwoBars, "1577975400,9999999999999"),
                                  Chart(R"({"open":["1",2],"close":[1,2]})", kTwoDays),
                                  Chart(R"({"open":[NaN,2],"close":[1,2]})", kTwoDays),
                                  Chart("\"\xff\"", kTwoDays)}) {
    EXPECT_EQ(CodeOfBody(body), ErrorCode::kInvalidData) << body;
  }
}

TEST(YahooErrors, EveryTruncationIsInvalid) {
  const std::string body = ReadFile("chart/historical-via-chart-AAPL-2020-01-01-to-2020-01-03.json");
  for (size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(CodeOfBody(body.substr(0, size), ContextOf("AAPL")), ErrorCode::kInvalidData) << size;
  }
}

TEST(YahooErrors, DeepNestingIsNoHarm) {
  const std::string deep(200'000, '[');
  EXPECT_EQ(CodeOfBody(R"({"chart":{"x":)" + deep), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody(deep), ErrorCode::kInvalidData);
}

TEST(YahooGzip, InflatedWithALimit) {
  const std::string body = ReadFile("chart/historical-via-chart-OCDO.L-2020-01-01-to-2020-01-03.json");
  const std::string packed = *Deflate(body);
  const auto answer = ParseBody(packed, ContextOf("OCDO.L", "GBP", "XLON"));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  EXPECT_EQ(answer->bars->num_rows(), 1);
  EXPECT_EQ(CodeOfBody(packed.substr(0, packed.size() / 2)), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody("\x1f\x8bnoise"), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody(*Deflate(std::string(kMaxBodyBytes + 1, ' '))), ErrorCode::kTooLarge);
  EXPECT_EQ(*Inflate(packed + packed, 1 << 20), body + body);  // members one after the other
}

TEST(YahooCsv, EveryRecordedDownloadParses) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kData + "download_csv")) {
    const std::string name = entry.path().filename().string();
    const auto answer = ParseBody(ReadFile("download_csv/" + name), ContextOf("X"));
    ASSERT_TRUE(answer.ok()) << name << ": " << Describe(answer.status());
    ExpectValid(*answer);
    ++files;
  }
  EXPECT_EQ(files, 16);
}

TEST(YahooCsv, SaysWhatTheChartSays) {
  // Both formats of one day, recorded at other times: prices agree to the digits of the CSV. Adjusted closes
  // do not: dividends came between.
  const std::pair<const char*, const char*> kSame[] = {{"AAPL", "XNYS"}, {"ABBV", "XNYS"},
                                                       {"AMZN", "XNYS"}, {"BABA", "XNYS"},
                                                       {"SPOT", "XNYS"}, {"OCDO.L", "XLON"}};
  for (const auto& [symbol, mic] : kSame) {
    const auto context = ContextOf(symbol, mic == std::string("XLON") ? "GBP" : "USD", mic);
    const auto json =
        ParseBody(ReadFile("chart/chart-" + std::string(symbol) + "-2020-01-01-to-2020-01-03.json"), context);
    const auto csv = ParseBody(ReadFile("download_csv/" + std::string(symbol) + ".csv"), context);
    ASSERT_TRUE(json.ok() && csv.ok()) << symbol;
    ASSERT_EQ(json->bars->num_rows(), 1);
    ASSERT_EQ(csv->bars->num_rows(), 1);
    EXPECT_EQ(DayOf(*csv, 0), DayOf(*json, 0));
    EXPECT_EQ(Text(*csv->bars, "currency", 0), Text(*json->bars, "currency", 0));
    const double split = symbol == std::string("AMZN") ? 20 : 1;  // 2022-06-06, between the recordings
    for (const char* column : {"open", "high", "low", "close"}) {
      EXPECT_NEAR(*Number(*csv, column, 0) / split, *Number(*json, column, 0), 1e-5)
          << symbol << ' ' << column;
    }
    EXPECT_NEAR(static_cast<double>(*Volume(*csv, 0)) * split, static_cast<double>(*Volume(*json, 0)), 1)
        << symbol;
  }
}

TEST(YahooCsv, NullRowsAndHugeVolumes) {
  const auto nulls = ParseBody(ReadFile("download_csv/EURGBP=X-nulls.csv"), ContextOf("EURGBP=X", "GBP"));
  ASSERT_TRUE(nulls.ok());
  EXPECT_EQ(nulls->bars->num_rows(), 25);
  EXPECT_GT(nulls->bars->GetColumnByName("close")->null_count(), 0);
  const auto bitcoin = ParseBody(ReadFile("download_csv/BTC-USD.csv"), ContextOf("BTC-USD"));
  ASSERT_TRUE(bitcoin.ok());
  EXPECT_EQ(Volume(*bitcoin, 2), 28111481032);
  const auto beyond =
      ParseBody("Date,Open,High,Low,Close,Volume\n2020-01-02,1,1,1,1,1e30\n", ContextOf("ABC"));
  ASSERT_TRUE(beyond.ok());
  EXPECT_EQ(Volume(*beyond, 0), std::nullopt);
  EXPECT_THAT(beyond->notes, ElementsAre(HasSubstr("beyond 64 bits")));
}

TEST(YahooCsv, DividendsAndSplits) {
  const auto dividends = ParseBody(ReadFile("download_csv/MSFT-dividends.csv"), ContextOf("MSFT"));
  ASSERT_TRUE(dividends.ok());
  EXPECT_EQ(dividends->bars->num_rows(), 0);
  EXPECT_EQ(dividends->actions->num_rows(), 4);
  const auto splits = ParseBody("Date,Stock Splits\n2021-07-20,4:1\n", ContextOf("NVDA"));
  ASSERT_TRUE(splits.ok());
  EXPECT_EQ(Text(*splits->actions, "kind", 0), "split");
}

TEST(YahooCsv, TheOrderOf2016IsReadByName) {
  const auto answer =
      ParseBody(ReadFile("legacy_csv/historicalQuoteRequest-TSLA_1Y_D.csv"), ContextOf("TSLA"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->bars->num_rows(), 252);
  EXPECT_EQ(DayOf(*answer, 0), "2015-09-11");  // newest first in the file
  EXPECT_EQ(Volume(*answer, 0), 2350800);
  EXPECT_EQ(Number(*answer, "adj_close", 0), 250.240005);
}

TEST(YahooCsv, LineEndsAndMissingLastNewline) {
  const std::string unix_file = "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,1,2,0.5,1.5,1.4,7";
  std::string windows_file;
  for (const char c : unix_file + "\n") windows_file += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const auto one = ParseBody(unix_file, ContextOf("ABC")), other = ParseBody(windows_file, ContextOf("ABC"));
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_TRUE(one->bars->Equals(*other->bars));
  EXPECT_EQ(Volume(*one, 0), 7);
}

TEST(YahooCsv, GeneratedAndCurrencyComments) {
  const auto answer = ParseBody(
      "# generated\n# currency: GBp\nDate,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,100,2,3,1.5,1,5",
      ContextOf("ABC", "GBP"));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->generated);
  EXPECT_EQ(Number(*answer, "open", 0), 1.0);
  EXPECT_EQ(Text(*answer->bars, "source", 0), "yahoo (generated)");
}

TEST(YahooCsv, ACurrencyThatIsNoneIsNotTaken) {
  // Found by the fuzz target: bytes that are no UTF-8 must not reach a text column.
  const auto answer = ParseBody("# currency: GB\xff\nDate,Open,High,Low,Close,Volume\n2020-01-02,1,1,1,1,1",
                                ContextOf("ABC"));
  ASSERT_TRUE(answer.ok());
  ExpectValid(*answer);
  EXPECT_EQ(Text(*answer->bars, "currency", 0), "USD");
}

TEST(YahooCsv, BrokenOnesNameTheLine) {
  const auto malformed =
      ParseBody(ReadFile("malformed/scheb-invalidColumnsHistoricalData.csv"), ContextOf("AAPL"));
  EXPECT_EQ(CodeOf(malformed.status()), ErrorCode::kInvalidData);
  EXPECT_THAT(Describe(malformed.status()), HasSubstr("line 2"));
  const std::string head = "Date,Open,High,Low,Close,Adj Close,Volume\n";
  for (const std::string& rows :
       {std::string("2020-02-30,1,1,1,1,1,1"), std::string("2020-01-02,x,1,1,1,1,1"),
        std::string("2020-01-02,1,1,1,1,1,1,1"), std::string("2020-01-02,1,1,1,1,nan,1"),
        std::string("2020-01-02,1,1,1,1,1e999,1"), std::string("2020-01-02")}) {
    EXPECT_EQ(CodeOfBody(head + rows), ErrorCode::kInvalidData) << rows;
  }
  EXPECT_EQ(CodeOfBody("Date,Open\n2020-01-02,1\n"), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody("Date,Open,Open,High,Low,Close,Volume\n"), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody("Date,Surprise\n"), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOfBody("# generated\n"), ErrorCode::kInvalidData);
}

TEST(YahooCsv, BarOfASessionUnderWay) {
  auto context = ContextOf("ABC");
  context.fetched_at = *ParseTimestamp("2020-01-03T18:00:00Z");
  const std::string csv = "Date,Open,High,Low,Close,Volume\n2020-01-02,1,1,1,1,1\n2020-01-03,1,1,1,1,1\n";
  auto answer = ParseBody(csv, context);
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(Incomplete(*answer, 0));
  EXPECT_TRUE(Incomplete(*answer, 1));
  context.fetched_at = *ParseTimestamp("2020-01-03T21:00:00Z");
  answer = ParseBody(csv, context);
  EXPECT_FALSE(Incomplete(*answer, 1));
}

TEST(YahooSpelling, ShareClassesOnly) {
  EXPECT_EQ(YahooSpelling("BRK.B"), "BRK-B");
  EXPECT_EQ(YahooSpelling("NYSE:LMT"), "LMT");
  EXPECT_EQ(YahooSpelling("OCDO.L"), "OCDO.L");
  EXPECT_EQ(YahooSpelling("^GSPC"), "^GSPC");
  EXPECT_EQ(YahooSpelling(".B"), ".B");
}

}  // namespace
}  // namespace penstock::source::yahoo
