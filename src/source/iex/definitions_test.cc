#include "source/iex/definitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace penstock::source::iex {
namespace {

using ::testing::HasSubstr;

Definitions Parse(std::string_view text) {
  auto definitions = ParseDefinitions(text);
  EXPECT_TRUE(definitions.ok()) << Describe(definitions.status());
  return definitions.ValueOr(Definitions{});
}

// What is said of the one definition {"k": `definition`}.
std::string WhyWrong(std::string_view definition) {
  const auto definitions = Parse(R"({"k": )" + std::string(definition) + "}");
  EXPECT_TRUE(definitions.series.empty()) << definition;
  return definitions.wrong.empty() ? "" : definitions.wrong[0].why;
}

IexRequest RequestFor(std::string_view definition) {
  const auto definitions = Parse(R"({"k": )" + std::string(definition) + "}");
  EXPECT_EQ(definitions.series.size(), 1U) << definition;
  return definitions.series.empty() ? IexRequest{} : RequestOf(definitions.series[0].query);
}

TEST(IexDefinitions, AWrongKeyIsReportedAndTheOthersStay) {
  const auto definitions = Parse(R"({
  "$schema": "https://example.com/definitions.schema.json",
  "AAPL_month": {"endpoint": "chart", "symbol": "AAPL", "range": "1m", "params": {"format": "csv"}},
  "bad/key": {"symbol": "AAPL"},
  "msft": {"symbol": "MSFT", "description": "as it is"},
  "typo": {"symbol": "MSFT", "rnage": "1m", "params": {"token": "x"}},
  "aapl-month": {"symbol": "AAPL"},
  "twice": {"symbol": "A"}, "twice": {"symbol": "B"},
  "none": 7
})");
  ASSERT_EQ(definitions.series.size(), 2U);
  EXPECT_EQ(definitions.series[0].key, "AAPL_month");
  EXPECT_EQ(definitions.series[1].key, "msft");
  EXPECT_EQ(ToJson(definitions.series[1].query), R"({"symbol":"MSFT","endpoint":"chart","range":"1m"})");
  ASSERT_EQ(definitions.wrong.size(), 6U);
  EXPECT_EQ(definitions.wrong[0].key, "bad/key");
  EXPECT_EQ(definitions.wrong[0].line, 4);
  EXPECT_THAT(definitions.wrong[0].why, HasSubstr("it has a '/'"));
  EXPECT_EQ(definitions.wrong[1].line, 6);
  EXPECT_THAT(definitions.wrong[1].why, HasSubstr("/typo/rnage: no such member (did you mean range?)"));
  EXPECT_THAT(definitions.wrong[1].why,
              HasSubstr("/typo/params/token: a token stands in no file: export IEX_TOKEN"));
  EXPECT_THAT(definitions.wrong[2].why,
              HasSubstr("/aapl-month: its table aapl_month is that of the key AAPL_month already"));
  EXPECT_THAT(definitions.wrong[3].why, HasSubstr("/twice: stands 2 times"));
  EXPECT_EQ(definitions.wrong[4].key, "twice");
  EXPECT_EQ(definitions.wrong[5].line, 9);
}

TEST(IexDefinitions, NoDocumentAtAll) {
  for (const char* text : {"", "[]", "\"a\"", "{\"a\": }", "{", "{} x"}) {
    EXPECT_EQ(CodeOf(ParseDefinitions(text).status()), ErrorCode::kInvalidData) << text;
  }
  EXPECT_THAT(ParseDefinitions("{\n  \"a\": nope}").status().message(),
              HasSubstr("definitions.json: not JSON, line 2"));
  EXPECT_TRUE(Parse("\xef\xbb\xbf{}").series.empty());
}

TEST(IexDefinitions, FaultsSayWhatWasExpected) {
  EXPECT_THAT(WhyWrong("{}"), HasSubstr("/k/symbol: is required"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "../x"})"), HasSubstr("/k/symbol: expected a symbol"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A B"})"), HasSubstr("got \"A B\""));
  EXPECT_THAT(WhyWrong(R"({"symbol": ".."})"), HasSubstr("/k/symbol"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A", "endpoint": "chrt"})"), HasSubstr("did you mean chart?"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A", "range": "7m"})"), HasSubstr("/k/range: expected 1d, 5d"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A", "range": "date/20200230"})"), HasSubstr("of an existing day"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A", "range": 1})"), HasSubstr("/k/range"));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A", "params": {"format": "xml"}})"), HasSubstr("expected \"csv\""));
  EXPECT_THAT(WhyWrong(R"({"symbol": "A", "params": {"a b": 1, "c": [1]}})"),
              ::testing::AllOf(HasSubstr("/k/params/a b"), HasSubstr("/k/params/c")));
  EXPECT_THAT(
      WhyWrong(R"({"endpoint": "batch", "symbols": [], "types": ["quote", 7]})"),
      ::testing::AllOf(HasSubstr("/k/symbols: expected a list of 1 to 100"), HasSubstr("/k/types/1: ")));
  EXPECT_THAT(WhyWrong(R"({"endpoint": "batch", "symbols": ["A"], "types": ["quote"], "symbol": "A"})"),
              HasSubstr("/k/symbol: no such member (did you mean symbols?)"));
  EXPECT_THAT(
      WhyWrong(R"({"endpoint": "batch", "symbols": ["A"], "types": ["quote"], "params": {"range": "1d"}})"),
      HasSubstr("is a member of its own"));
}

TEST(IexDefinitions, WhatTheyAskFor) {
  EXPECT_EQ(RequestFor(R"({"symbol": "AAPL"})").path, "/stock/AAPL/chart/1m");
  EXPECT_EQ(RequestFor(R"({"symbol": "BRK.B", "range": "date/20200514"})").path,
            "/stock/BRK.B/chart/date/20200514");
  EXPECT_EQ(RequestFor(R"({"symbol": "^SPX"})").path, "/stock/%5ESPX/chart/1m");
  for (const char* range : {"1d", "5d", "5dm", "1m", "3m", "6m", "ytd", "1y", "2y", "5y", "max"}) {
    EXPECT_EQ(RequestFor(R"({"symbol": "A", "range": ")" + std::string(range) + "\"}").path,
              "/stock/A/chart/" + std::string(range));
  }
  const auto csv =
      RequestFor(R"({"symbol": "A", "params": {"format": "csv", "chartLast": 5, "includeToday": true}})");
  EXPECT_TRUE(csv.csv);
  EXPECT_EQ(net::FormatQuery(csv.query), "format=csv&chartLast=5&includeToday=true");
  const auto batch = RequestFor(
      R"({"endpoint": "batch", "symbols": ["AAPL", "MSFT"], "types": ["quote", "chart"], "range": "5d"})");
  EXPECT_EQ(batch.path, "/stock/market/batch");
  EXPECT_EQ(net::FormatQuery(batch.query), "symbols=AAPL%2CMSFT&types=quote%2Cchart&range=5d");
}

TEST(SeriesKeys, TheirTablesHaveNamesOfSql) {
  EXPECT_EQ(TableNameOf("AAPL-1m.csv"), "aapl_1m_csv");
  EXPECT_EQ(TableNameOf("5dm"), "t_5dm");
  for (const char* key : {"", ".hidden", "-x", "a/b", "a b", "a\n", "..", "\xc3\xa4"}) {
    EXPECT_EQ(CodeOf(CheckSeriesKey(key)), ErrorCode::kConfiguration) << key;
  }
  EXPECT_TRUE(CheckSeriesKey(std::string(100, 'a')).ok());
  EXPECT_FALSE(CheckSeriesKey(std::string(101, 'a')).ok());
}

std::set<std::string> NamesOf(const json::value& properties) {
  std::set<std::string> names;
  for (const auto& property : properties.get_object()) names.insert(property.key());
  return names;
}

TEST(IexDefinitions, TheSchemaForEditorsHasExactlyTheMembersThatAreRead) {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/iex/definitions.schema.json");
  const auto schema = ParseJson(std::string{std::istreambuf_iterator<char>(file), {}});
  ASSERT_TRUE(schema.ok()) << schema.status();
  const auto& definitions = schema->at("$defs");
  // What a fault of an unknown member lists.
  const auto known = [](const std::string& definition) {
    const std::string why = WhyWrong(definition);
    std::set<std::string> names;
    std::string list = why.substr(why.rfind("known: ") + 7);
    for (size_t at = 0; at != std::string::npos;) {
      const size_t comma = list.find(", ", at);
      names.insert(list.substr(at, comma == std::string::npos ? comma : comma - at));
      at = comma == std::string::npos ? comma : comma + 2;
    }
    return names;
  };
  EXPECT_EQ(NamesOf(definitions.at("chart").at("properties")),
            known(R"({"symbol": "A", "no_such_thing": 1})"));
  EXPECT_EQ(NamesOf(definitions.at("batch").at("properties")),
            known(R"({"endpoint": "batch", "symbols": ["A"], "types": ["quote"], "no_such_thing": 1})"));
  for (const json::value& range : definitions.at("range").at("anyOf").at(0).at("enum").get_array()) {
    EXPECT_EQ(FaultsOf({{"symbol", "A"}, {"range", range}}), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace penstock::source::iex
