#include "source/api/records.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "source/inflate.h"

namespace penstock::source {
namespace {

using ::testing::HasSubstr;

std::string BytesOf(const std::string& file) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/" + file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

RecordOptions At(std::string_view path) {
  RecordOptions options;
  options.records = RecordPath::Parse(path).ValueOrDie();
  return options;
}

std::shared_ptr<arrow::RecordBatch> Read(std::string_view bytes, std::string_view extension = "json",
                                         const RecordOptions& options = {}) {
  auto batch = ReadRecords(bytes, extension, options);
  EXPECT_TRUE(batch.ok()) << Describe(batch.status()) << "\n" << bytes.substr(0, 200);
  if (!batch.ok()) return arrow::RecordBatch::MakeEmpty(arrow::schema({})).ValueOrDie();
  EXPECT_TRUE((*batch)->ValidateFull().ok()) << (*batch)->ValidateFull();
  return *batch;
}

// "date: string, open: double" in order.
std::string SchemaOf(const arrow::RecordBatch& batch) {
  std::string out;
  for (const auto& field : batch.schema()->fields()) {
    out += (out.empty() ? "" : ", ") + field->name() + ": " + field->type()->ToString();
  }
  return out;
}

std::string Cell(const arrow::RecordBatch& batch, const std::string& column, int64_t row) {
  const auto array = batch.GetColumnByName(column);
  if (array == nullptr) return "no such column";
  if (array->IsNull(row)) return "null";
  const auto scalar = array->GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString();
}

std::string FaultOf(std::string_view bytes, std::string_view extension = "json",
                    const RecordOptions& options = {}) {
  const auto batch = ReadRecords(bytes, extension, options);
  EXPECT_EQ(CodeOf(batch.status()), ErrorCode::kInvalidData) << bytes.substr(0, 200);
  return batch.status().message();
}

TEST(Records, ReadsRecordedChartsWithTheTypesThatStandThere) {
  const auto month = Read(BytesOf("data/iex/stock_MSFT_chart_1m.json"));
  EXPECT_EQ(month->num_rows(), 23);
  EXPECT_EQ(
      SchemaOf(*month),
      "date: string, open: double, close: double, high: double, low: double, volume: int64, uOpen: double, "
      "uClose: double, uHigh: double, uLow: double, uVolume: int64, change: double, changePercent: double, "
      "label: string, changeOverTime: double");
  EXPECT_EQ(Cell(*month, "date", 0), "2019-07-10");
  EXPECT_EQ(Cell(*month, "volume", 0), "24204362");
  EXPECT_EQ(Cell(*month, "change", 0), "0");  // an integer among doubles
  EXPECT_EQ(Cell(*month, "changeOverTime", 1), "0.00399");

  const auto minutes = Read(BytesOf("data/iex/stock_MSFT_chart_1d.json"));
  EXPECT_EQ(minutes->num_rows(), 390);
  EXPECT_EQ(Cell(*minutes, "minute", 389), "15:59");
  const auto day = Read(BytesOf("data/iex/stock_AAPL_chart_date_20190220.json"));
  EXPECT_EQ(day->num_rows(), 390);
  EXPECT_EQ(Cell(*day, "date", 0), "20190220");  // text as it stood
}

TEST(Records, AnObjectIsOneRowAndAScalarTheColumnValue) {
  const auto quote = Read(BytesOf("data/iex/stock_MSFT_quote.json"));
  EXPECT_EQ(quote->num_rows(), 1);
  EXPECT_EQ(Cell(*quote, "companyName", 0), "Microsoft Corp.");
  const auto price = Read(BytesOf("tests/data/iex/price_msft.json"));
  EXPECT_EQ(SchemaOf(*price), "value: double");
  EXPECT_EQ(Cell(*price, "value", 0), "119.36");
  EXPECT_EQ(SchemaOf(*Read(" 12\n")), "value: int64");
  EXPECT_EQ(Cell(*Read("\"a\\u00e9\""), "value", 0), "a\u00e9");
  EXPECT_EQ(SchemaOf(*Read("[1, 2.5]")), "value: double");
  EXPECT_EQ(Read("null")->num_rows(), 0);
  EXPECT_EQ(Read("[]")->num_rows(), 0);
  const auto empty = Read("[{}, {\"a\": 1}]");
  EXPECT_EQ(empty->num_rows(), 2);
  EXPECT_EQ(Cell(*empty, "a", 0), "null");
}

TEST(Records, NestedValuesAreTheirJsonText) {
  const auto ohlc = Read(BytesOf("tests/data/iex/ohlc_msft.json"));
  EXPECT_EQ(Cell(*ohlc, "open", 0), R"({"price":120,"time":1554384600420})");
  const auto spaced = Read("[{\"a\": { \"b\" : [ 1.10, \"x y\" ] }}]");
  EXPECT_EQ(Cell(*spaced, "a", 0), R"({"b":[1.10,"x y"]})");
  EXPECT_THAT(FaultOf(R"([{"a": {"b": nope}}])"), HasSubstr("not JSON"));
}

TEST(Records, ObjectsKeyedBySymbol) {
  const std::string batch = BytesOf("tests/data/iex/DERIVED_market_batch_MSFT.json");
  const auto charts = Read(batch, "json", At("/{symbol}/chart"));
  EXPECT_EQ(charts->num_rows(), 23);
  EXPECT_EQ(charts->schema()->field(0)->name(), "symbol");
  EXPECT_EQ(Cell(*charts, "symbol", 22), "MSFT");
  // The quote says its symbol, too.
  const auto both = Read(batch, "json", At("/{symbol}/{type}"));
  EXPECT_EQ(both->num_rows(), 24);
  EXPECT_EQ(both->GetColumnByName("symbol_2"), nullptr);
  EXPECT_EQ(Cell(*both, "type", 0), "chart");
  EXPECT_EQ(Cell(*both, "type", 23), "quote");
  const auto ohlc =
      Read(BytesOf("tests/data/iex/iextrading4j_stock_OhlcMarketResponse.json"), "json", At("{symbol}"));
  EXPECT_EQ(Cell(*ohlc, "symbol", 0), "AAPL");
  const auto other = Read(R"({"A":{"symbol":"B"},"C":{"symbol":"C"},"D":null})", "json", At("/{symbol}"));
  EXPECT_EQ(SchemaOf(*other), "symbol: string, symbol_2: string");
  EXPECT_EQ(Cell(*other, "symbol_2", 0), "B");
  EXPECT_EQ(Cell(*other, "symbol_2", 1), "null");
  EXPECT_EQ(other->num_rows(), 2);
}

TEST(Records, ThePathLeadsToTheRecords) {
  constexpr std::string_view kBody =
      R"({"meta":{"n":2},"data":{"items":[{"a":1},{"a":2}],"x/y":[3]},"next":null})";
  for (const char* path : {"/data/items", "data.items", "$.data.items"})
    EXPECT_EQ(Read(kBody, "json", At(path))->num_rows(), 2) << path;
  EXPECT_EQ(Cell(*Read(kBody, "json", At("/data/x~1y")), "value", 0), "3");
  EXPECT_EQ(Cell(*Read(kBody, "json", At("/data/items/1")), "a", 0), "2");
  EXPECT_EQ(Read(kBody, "json", At("/data/items/7"))->num_rows(), 0);
  EXPECT_EQ(Read(kBody, "json", At("/next"))->num_rows(), 0);
  EXPECT_EQ(Read(R"([{"rows":[{"a":1}]},{"rows":[{"a":2},{"a":3}]},{}])", "json", At("/*/rows"))->num_rows(),
            3);
  EXPECT_THAT(FaultOf(kBody, "json", At("/date/items")), HasSubstr("there is no \"date\""));
  EXPECT_THAT(FaultOf(kBody, "json", At("/meta/n/x")), HasSubstr("a single value"));
  EXPECT_THAT(FaultOf(kBody, "json", At("/data/items/first")), HasSubstr("a list where"));
  for (const char* path : {"a..b", "/a//b", "/a~2", "{}", "/{a}/{a}"}) {
    EXPECT_EQ(CodeOf(RecordPath::Parse(path).status()), ErrorCode::kConfiguration) << path;
  }
}

TEST(Records, MixedColumns) {
  const auto batch = Read(R"([
    {"id": 1,   "wide": 1,   "text": 1.10, "flag": true, "none": null, "late": null, "big": 1},
    {"id": 2.5, "wide": 2,   "text": "x",  "flag": 1,    "none": null, "late": 7,    "big": 18446744073709551616},
    {"wide": 9007199254740993, "text": {"a": 1}, "more": false}])");
  EXPECT_EQ(SchemaOf(*batch),
            "id: double, wide: int64, text: string, flag: string, none: null, late: int64, big: string, "
            "more: bool");
  EXPECT_EQ(Cell(*batch, "text", 0), "1.10");  // as it stood, not as a number would be written
  EXPECT_EQ(Cell(*batch, "text", 2), R"({"a":1})");
  EXPECT_EQ(Cell(*batch, "flag", 0), "true");
  EXPECT_EQ(Cell(*batch, "flag", 2), "null");
  EXPECT_EQ(Cell(*batch, "late", 1), "7");
  EXPECT_EQ(Cell(*batch, "late", 2), "null");
  EXPECT_EQ(Cell(*batch, "big", 1), "18446744073709551616");
  EXPECT_EQ(Cell(*batch, "more", 0), "null");
  // A double cannot hold it, so nothing is rounded.
  const auto exact = Read(R"([{"a": 0.5}, {"a": 9007199254740993}])");
  EXPECT_EQ(Cell(*exact, "a", 1), "9007199254740993");
  EXPECT_EQ(SchemaOf(*exact), "a: string");
}

TEST(Records, BrokenJsonIsInvalidData) {
  for (const char* text :
       {"", "  ", "[{\"a\": 1}", "{\"a\": 1}}", "[1,]", "[{\"a\" 1}]", "Unknown symbol", "[{\"a\": 01}]",
        "[\"\\ud800\", x]", "[nul]", "[NaN]", "{\"a\":1} {\"a\":2}", "<html></html>", "[{\"a\":\"\xff\"}]"}) {
    FaultOf(text);
  }
  EXPECT_THAT(FaultOf(R"([{"a":1},{"a":1,"a":2}])"), HasSubstr("\"a\" stands twice in row 2"));
  const std::string whole = BytesOf("data/iex/stock_MSFT_chart_1m.json");
  for (size_t size = 1; size < whole.size(); size += 97) FaultOf(std::string_view(whole).substr(0, size));
}

TEST(Records, CsvByRfc4180) {
  const auto batch = Read(
      "\xef\xbb\xbf"
      "date,open,name,ok,,open\r\n"
      "2019-07-10,1.5,\"a \"\"b\"\", c\",true,,1\r\n"
      "2019-07-11,2,\"two\nlines\",False,x,\r\n"
      "\r\n"
      "2019-07-12,,\"\",,,3",
      "csv");
  EXPECT_EQ(SchemaOf(*batch),
            "date: string, open: double, name: string, ok: bool, column_5: string, open_2: int64");
  EXPECT_EQ(batch->num_rows(), 3);
  EXPECT_EQ(Cell(*batch, "name", 0), "a \"b\", c");
  EXPECT_EQ(Cell(*batch, "name", 1), "two\nlines");
  EXPECT_EQ(Cell(*batch, "name", 2), "null");
  EXPECT_EQ(Cell(*batch, "ok", 1), "false");
  EXPECT_EQ(Cell(*batch, "open_2", 2), "3");
  EXPECT_EQ(Read("a,b\n", "csv")->num_rows(), 0);
  EXPECT_EQ(SchemaOf(*Read("a,b\n", "csv")), "a: null, b: null");
  RecordOptions options;
  options.delimiter = ';';
  options.nulls = {"null", "N/A"};
  EXPECT_EQ(SchemaOf(*Read("a;b\n1,5;null\n2;7\n", "csv", options)), "a: string, b: int64");
}

TEST(Records, CsvNumbersThatAreNamesStayText) {
  const auto batch =
      Read("zip,big,exp,neg,inf,mixed\n01234,123456789012345678901,1e3,-0.5,inf,1\n2,1,.5,-1,1,x\n", "csv");
  EXPECT_EQ(SchemaOf(*batch),
            "zip: string, big: string, exp: double, neg: double, inf: string, mixed: string");
  EXPECT_EQ(Cell(*batch, "zip", 0), "01234");
  EXPECT_EQ(Cell(*batch, "mixed", 0), "1");
}

TEST(Records, BrokenCsvNamesTheLine) {
  EXPECT_THAT(FaultOf("a,b\n1,2\n3\n", "csv"), HasSubstr("line 3: 1 cells, the header has 2"));
  EXPECT_THAT(FaultOf("a,b\n\"1\n\",2\n1,2,3", "csv"), HasSubstr("line 4: 3 cells"));
  EXPECT_THAT(FaultOf("a,b\n1,\"2\n", "csv"), HasSubstr("line 2: a quoted cell has no end"));
  EXPECT_THAT(FaultOf("a,b\n\"1\"x,2\n", "csv"), HasSubstr("behind a quoted cell"));
  EXPECT_THAT(FaultOf("a\n\xff\n", "csv"), HasSubstr("UTF-8"));
}

TEST(Records, JsonAndCsvOfTheSameRecordsReadTheSame) {
  const auto json = Read(
      R"([{"d":"2019-07-10","o":1.5,"v":7,"ok":true,"n":null},{"d":"2019-07-11","o":2,"v":8,"ok":false,"n":null}])");
  const auto csv = Read("d,o,v,ok,n\n2019-07-10,1.5,7,true,\n2019-07-11,2,8,false,\n", "csv");
  EXPECT_TRUE(json->Equals(*csv)) << json->ToString() << csv->ToString();
}

TEST(Records, DeclaredColumns) {
  RecordOptions options;
  for (const auto& [name, type] : std::map<std::string, std::string>{{"date", "date"},
                                                                     {"minute", "string"},
                                                                     {"volume", "double"},
                                                                     {"at", "timestamp"},
                                                                     {"s", "seconds"},
                                                                     {"ms", "milliseconds"},
                                                                     {"id", "string"}}) {
    options.columns[name] = ParseColumnType(type).ValueOrDie();
  }
  const auto batch = Read(
      R"([{"date":"20190220","volume":7,"at":"2019-02-20 09:30:00","s":1554384600.25,"ms":1554384600420,"id":7},
                              {"date":"2019-02-21","volume":null,"at":"2019-02-20T09:30:00+01:00","s":0,"ms":"","id":"x"}])",
      "json", options);
  EXPECT_EQ(SchemaOf(*batch),
            "date: date32[day], volume: double, at: timestamp[us, tz=UTC], s: timestamp[us, tz=UTC], "
            "ms: timestamp[us, tz=UTC], id: string");
  EXPECT_EQ(Cell(*batch, "date", 0), "2019-02-20");
  EXPECT_EQ(Cell(*batch, "at", 0), "2019-02-20 09:30:00.000000Z");
  EXPECT_EQ(Cell(*batch, "at", 1), "2019-02-20 08:30:00.000000Z");
  EXPECT_EQ(Cell(*batch, "s", 0), "2019-04-04 13:30:00.250000Z");
  EXPECT_EQ(Cell(*batch, "ms", 0), "2019-04-04 13:30:00.420000Z");
  EXPECT_EQ(Cell(*batch, "ms", 1), "null");
  EXPECT_EQ(Cell(*batch, "id", 0), "7");
  EXPECT_THAT(FaultOf(R"([{"date":"2019-02-20"},{"date":"2019-02-30"}])", "json", options),
              HasSubstr("row 2: date: expected a date"));
  EXPECT_EQ(Cell(*Read("date,id\n2019-02-20,007\n", "csv", options), "id", 0), "007");
  EXPECT_EQ(CodeOf(ParseColumnType("dat").status()), ErrorCode::kConfiguration);
}

TEST(Records, GzipIsUndone) {
  const std::string zipped = Deflate(R"([{"a":1}])").ValueOrDie();
  EXPECT_EQ(Read(zipped)->num_rows(), 1);
}

TEST(Records, WhatIsTooLargeIsRefused) {
  std::string wide = "[{";
  for (int i = 0; i < 10'001; ++i) wide += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
  wide += "}]";
  EXPECT_EQ(CodeOf(ReadRecords(wide, "json", {}).status()), ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace penstock::source
