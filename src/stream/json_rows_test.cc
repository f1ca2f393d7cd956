#include "stream/json_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// One column "v" of the type.
class OneColumn {
 public:
  explicit OneColumn(const std::string& type, bool nullable = true, const JsonInput& input = {})
      : columns_{{"v", type, nullable, ""}},
        rows_(SchemaOf(columns_).ValueOrDie()),
        json_(JsonRows::Make(columns_, {}, input).ValueOrDie()) {}

  // The cell as text, or what is wrong.
  std::string Cell(const std::string& value) { return Record("{\"v\":" + value + "}"); }
  std::string Record(const std::string& record) {
    rows_.CutTo(0);
    json_->Read(record);
    if (const auto failure = json_->Rows(&rows_)) {
      EXPECT_EQ(rows_.rows(), 0);
      return failure->code + ": " + failure->message;
    }
    const auto batch = rows_.Finish().ValueOrDie();
    EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
    rows_ = lake::RowColumns(SchemaOf(columns_).ValueOrDie());
    std::string all;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      all += (i == 0 ? "" : " ") + batch->column(0)->GetScalar(i).ValueOrDie()->ToString();
    }
    return all;
  }

 private:
  const std::vector<lake::CatalogColumn> columns_;
  lake::RowColumns rows_;
  std::unique_ptr<JsonRows> json_;
};

constexpr std::string_view kMismatch = "DataFormatConversion.MalformedData: Data does not match the schema.";

TEST(JsonRows, ConvertsNumbers) {
  OneColumn whole("int");
  EXPECT_EQ(whole.Cell("-7"), "-7");
  EXPECT_EQ(whole.Cell("\" 42 \""), "42");
  EXPECT_EQ(whole.Cell("null"), "null");
  for (const char* bad : {"1.5", "2147483648", "\"x\"", "\"\"", "true", "[1]", "{}"}) {
    EXPECT_THAT(whole.Cell(bad), StartsWith(kMismatch)) << bad;
  }
  EXPECT_EQ(OneColumn("tinyint").Cell("-128"), "-128");
  EXPECT_THAT(OneColumn("tinyint").Cell("128"), HasSubstr("For input string: \"128\""));
  EXPECT_EQ(OneColumn("bigint").Cell("-9223372036854775808"), "-9223372036854775808");
  EXPECT_THAT(OneColumn("bigint").Cell("9223372036854775808"), StartsWith(kMismatch));
  OneColumn real("double");
  EXPECT_EQ(real.Cell("1"), "1");
  EXPECT_EQ(real.Cell("\"2.5\""), "2.5");
  EXPECT_EQ(real.Cell("\"oops\""),
            std::string(kMismatch) + " For input string: \"oops\"");  // the service's words
  EXPECT_THAT(real.Cell("\"nan\""), StartsWith(kMismatch));
  EXPECT_THAT(OneColumn("float").Cell("1e39"), StartsWith(kMismatch));
  EXPECT_EQ(OneColumn("boolean").Cell("\"TRUE\""), "true");
  EXPECT_THAT(OneColumn("boolean").Cell("1"), StartsWith(kMismatch));
}

TEST(JsonRows, ConvertsTexts) {
  OneColumn text("string");
  EXPECT_EQ(text.Cell(R"("a\u00e9\n")"), "a\u00e9\n");
  EXPECT_EQ(text.Cell("1.25"), "1.25");
  EXPECT_EQ(text.Cell("true"), "true");
  EXPECT_EQ(text.Cell(R"({"inner" : [1, 2]})"), R"({"inner":[1,2]})");
}

// The forms of the developer guide, "Choose the JSON deserializer", and those that bring an offset.
TEST(JsonRows, ConvertsTimes) {
  OneColumn time("timestamp");
  const std::string at = "2018-02-07 20:02:08.000000Z";
  EXPECT_EQ(time.Cell("1518033728"), at);
  EXPECT_EQ(time.Cell("1518033728000"), at);
  EXPECT_EQ(time.Cell("\"1518033728\""), at);
  EXPECT_EQ(time.Cell("1518033728.5"), "2018-02-07 20:02:08.500000Z");
  EXPECT_EQ(time.Cell("\"2018-02-07T20:02:08Z\""), at);
  EXPECT_EQ(time.Cell("\"2018-2-7 20:2:8\""), at);
  EXPECT_EQ(time.Cell("\"2017-02-07T15:13:01.39256Z\""), "2017-02-07 15:13:01.392560Z");
  EXPECT_EQ(time.Cell("\"2017-02-07 15:13:01.123456789\""), "2017-02-07 15:13:01.123456Z");
  EXPECT_EQ(time.Cell("\"2020-05-14 09:30:00-04:00\""), "2020-05-14 13:30:00.000000Z");
  for (const char* bad : {"\"soon\"", "\"2018-02-30 00:00:00\"", "\"2018-02-07\"", "1e300", "true",
                          "\"2018-02-07 24:00:00\""}) {
    EXPECT_THAT(time.Cell(bad), StartsWith(kMismatch)) << bad;
  }
  EXPECT_EQ(OneColumn("date").Cell("\"2020-5-14\""), "2020-05-14");
  EXPECT_THAT(OneColumn("date").Cell("\"2020-05-32\""), StartsWith(kMismatch));
  EXPECT_THAT(OneColumn("date").Cell("17000"), StartsWith(kMismatch));
}

TEST(JsonRows, ConvertsDecimals) {
  OneColumn price("decimal(10,2)");
  EXPECT_EQ(price.Cell("205.1"), "205.10");
  EXPECT_EQ(price.Cell("-205"), "-205.00");
  EXPECT_EQ(price.Cell("\" 1.005 \""), "1.01");  // half up, whatever the double is
  EXPECT_EQ(price.Cell("1.005"), "1.01");
  EXPECT_EQ(price.Cell("-0.005"), "-0.01");
  EXPECT_EQ(price.Cell("0.0049999999999999999999"), "0.00");
  EXPECT_EQ(price.Cell("1e-900000000"), "0.00");
  EXPECT_EQ(price.Cell("2.5E3"), "2500.00");
  EXPECT_EQ(price.Cell("99999999.99"), "99999999.99");
  for (const char* bad : {"99999999.995", "100000000", "1e900", "\"1e9000000000\"", "\"\"", "\".\"",
                          "\"1,5\"", "true", "[1]", "{}", "\"0x10\"", "\"--1\"", "\"1e\"", "\"1e+-2\""}) {
    EXPECT_THAT(price.Cell(bad), HasSubstr("DataFormatConversion.")) << bad;
  }
  // More digits than a double has.
  OneColumn wide("decimal(38,10)");
  EXPECT_EQ(wide.Cell("1234567890123456789012345678.0123456789"), "1234567890123456789012345678.0123456789");
  EXPECT_EQ(wide.Cell("-9223372036854775809"), "-9223372036854775809.0000000000");
  EXPECT_EQ(OneColumn("decimal(38,0)").Cell("99999999999999999999999999999999999999"),
            "99999999999999999999999999999999999999");
  EXPECT_EQ(OneColumn("array<decimal(20,0)>").Cell("[12345678901234567890, \"12345678901234567891\"]"),
            "list<element: decimal128(20, 0)>[12345678901234567890, 12345678901234567891]");
}

TEST(JsonRows, ConvertsSizedTexts) {
  EXPECT_EQ(OneColumn("varchar(3)").Cell("\"äöü\""), "äöü");
  EXPECT_EQ(OneColumn("char(3)").Cell("\"ab\""), "ab");
  EXPECT_EQ(OneColumn("varchar(3)").Cell("123"), "123");
  EXPECT_THAT(OneColumn("varchar(3)").Cell("\"abcd\""), StartsWith(kMismatch));  // nothing is cut off
}

constexpr const char* kBar = "struct<name:string,high:decimal(6,2),legs:array<struct<px:double,qty:int>>>";

// Lists, maps and structs of one another; what OpenX makes of values of another shape was measured.
TEST(JsonRows, ConvertsNestedValues) {
  OneColumn list("array<string>");
  EXPECT_EQ(list.Cell("[\"a\",null,1,[2,3]]"), "list<element: string>[a, null, 1, [2,3]]");
  EXPECT_EQ(list.Cell("[]"), "list<element: string>[]");
  EXPECT_EQ(list.Cell("\"solo\""), "list<element: string>[solo]");
  EXPECT_EQ(list.Record(R"({"v":["a"]}{"v":null}{"v":["b","c"]})"),
            "list<element: string>[a] null list<element: string>[b, c]");

  OneColumn map("map<string,int>");
  EXPECT_EQ(map.Cell(R"({"FB":1,"Sq":null,"fb":"2"})"),
            "map<string, int32>[{key:string = fb, value:int32 = 2}, {key:string = sq, value:int32 = null}]")
      << "each key once";
  EXPECT_EQ(map.Cell("{}"), "map<string, int32>[]");
  EXPECT_EQ(OneColumn("map<int,date>").Cell(R"({"7":"2020-5-14"})"),
            "map<int32, date32[day]>[{key:int32 = 7, value:date32[day] = 2020-05-14}]");
  for (const char* bad : {"[1]", "1", R"({"a":"x"})", R"({"a":{}})"}) {
    EXPECT_THAT(map.Cell(bad), StartsWith(kMismatch)) << bad;
  }

  OneColumn bar(kBar);
  const auto cell = [](std::string_view members) { return "{name:string = " + std::string(members) + "}"; };
  const std::string none =
      cell("null, high:decimal128(6, 2) = null, legs:list<element: struct<px: double, qty: int32>> = null");
  EXPECT_EQ(bar.Cell("{}"), none);
  EXPECT_EQ(bar.Cell("[]"), none);
  EXPECT_EQ(bar.Cell("null"), "null");
  const std::string full =
      bar.Cell(R"({"NAME":"FB","other":{"x":[1]},"high":205.1,"Legs":[{"PX":1.5,"qty":2},null,{}]})");
  EXPECT_THAT(full, HasSubstr("name:string = FB, high:decimal128(6, 2) = 205.10"));
  EXPECT_THAT(full,
              HasSubstr("{px:double = 1.5, qty:int32 = 2}, null, {px:double = null, qty:int32 = null}"));
  EXPECT_EQ(bar.Cell(R"(["FB",205.1,{"px":1.5,"qty":2},"too many"])"),
            bar.Cell(R"({"name":"FB","high":205.1,"legs":{"px":1.5,"qty":2}})"));
  EXPECT_EQ(bar.Cell("42"),
            "DataFormatConversion.MalformedData: Data does not match the schema. Data is not JSONObject  but "
            "java.lang.Long with value 42");
  EXPECT_EQ(bar.Cell(R"({"name":"FB","legs":[{"px":1},{"px":2,"qty":"oops"}]})"),
            std::string(kMismatch) + " For input string: \"oops\"");
  // What failed in the middle of a value leaves nothing behind.
  EXPECT_EQ(bar.Record(R"({"v":{"name":"FB","legs":[{"px":1}]}}{"v":{"legs":[{"px":2},{"px":"x"}]}})"),
            std::string(kMismatch) + " For input string: \"x\"");
  EXPECT_EQ(bar.Cell("{}"), none);
}

TEST(JsonRows, KeysFollowTheDeserializer) {
  EXPECT_EQ(OneColumn("string").Cell(R"({"Outer":{"Inner":[{"K":1}]}})"), R"({"outer":{"inner":[{"k":1}]}})");
  JsonInput exact;
  exact.case_insensitive = false;
  EXPECT_EQ(OneColumn("string", true, exact).Cell(R"({"Outer":1})"), R"({"Outer":1})");
  EXPECT_EQ(OneColumn("int", true, exact).Record(R"({"V":1})"), "null");
  EXPECT_EQ(OneColumn("map<string,int>", true, exact).Cell(R"({"A":1,"a":2})"),
            "map<string, int32>[{key:string = A, value:int32 = 1}, {key:string = a, value:int32 = 2}]");

  JsonInput dots;
  dots.dots_to_underscores = true;
  dots.column_to_key = {{"v", "Some.Value"}, {"ts", "timestamp"}};
  OneColumn named("struct<a_b:int,ts:string>", true, dots);
  EXPECT_EQ(named.Record(R"({"some.value":{"A.B":1,"timestamp":"now","ts":"no"}})"),
            "{a_b:int32 = 1, ts:string = now}");
  EXPECT_EQ(named.Record(R"({"Some.Value":{"a_b":1,"a.b":2}})"),
            named.Record(R"({"Some.Value":{"a.b":2,"a_b":1}})"));
  EXPECT_EQ(named.Record(R"({"v":{"a_b":1}})"), "null");
}

// The service's own refusals, as they were measured.
TEST(JsonRows, HiveReadsMoreStrictly) {
  JsonInput hive;
  hive.hive = true;
  hive.timestamp_formats = {"dd/MMM/yyyy:HH:mm:ss Z", "millis"};
  const auto refused = [](std::string_view why) { return std::string(kMismatch) + " " + std::string(why); };
  EXPECT_EQ(OneColumn("int", true, hive).Record(R"({"V":7})"), "7");
  EXPECT_EQ(OneColumn("int", true, hive).Cell("\"7\""),
            refused("Current token (VALUE_STRING) not numeric, can not use numeric value accessors"));
  EXPECT_EQ(OneColumn("array<string>", true, hive).Cell("[1,null]"), "list<element: string>[1, null]");
  EXPECT_EQ(OneColumn("array<string>", true, hive).Cell("\"solo\""),
            refused("java.io.IOException: Start of Array expected"));
  EXPECT_EQ(OneColumn("struct<a:int>", true, hive).Cell("[1]"),
            refused("java.io.IOException: Start of Object expected"));
  EXPECT_EQ(OneColumn("map<string,int>", true, hive).Cell(R"({"A":1})"),
            "map<string, int32>[{key:string = A, value:int32 = 1}]");
  EXPECT_EQ(OneColumn("string", true, hive).Cell("[1]"),
            "DataFormatConversion.MalformedData: One or more fields have incorrect format. Exception when "
            "validating "
            "field (root)");
  EXPECT_EQ(OneColumn("decimal(20,3)", true, hive).Cell("12345678901234567.125"), "12345678901234567.125");

  const std::string at = "2020-05-14 13:30:00.000000Z";
  OneColumn time("timestamp", true, hive);
  EXPECT_EQ(time.Cell("\"14/May/2020:09:30:00 -0400\""), at);
  EXPECT_EQ(time.Cell("1589463000000"), at);
  EXPECT_EQ(time.Cell("\"2020-05-14 13:30:00\""), at);
  EXPECT_THAT(time.Cell("\"2020-05-14T13:30:00Z\""), StartsWith(kMismatch));
  JsonInput plain;
  plain.hive = true;
  EXPECT_THAT(OneColumn("timestamp", true, plain).Cell("1589463000000"), StartsWith(kMismatch));
  EXPECT_EQ(OneColumn("timestamp", true, plain).Cell("\"2020-05-14 13:30:00\""), at);
  plain.timestamp_formats = {"yyyy-ww"};
  EXPECT_FALSE(JsonRows::Make({{"v", "timestamp", true, ""}}, {}, plain).ok());
}

// "{"a":1}{"b":1} is the correct input, [{"a":1},{"a":2}] is not": the developer guide.
TEST(JsonRows, ARecordMayHaveSeveralObjects) {
  OneColumn whole("int");
  EXPECT_EQ(whole.Record(R"({"v":1}{"v":2})"), "1 2");
  EXPECT_EQ(whole.Record("{\"v\":1}\n{\"v\":2}\n{}\n"), "1 2 null");
  EXPECT_EQ(whole.Record(" {\"v\":1}\r\n"), "1");
  EXPECT_THAT(whole.Record(R"([{"v":1},{"v":2}])"), StartsWith(kMismatch));
  EXPECT_THAT(whole.Record(R"({"v":1}{"v":"x"})"), StartsWith(kMismatch));
  EXPECT_THAT(whole.Record(R"({"v":1}{"v":)"),
              StartsWith("DataFormatConversion.ParseError: Encountered malformed JSON."));
  EXPECT_THAT(whole.Record(R"({"v":1} x)"), StartsWith("DataFormatConversion.ParseError"));
  EXPECT_THAT(whole.Record(R"({"v":1,})"), StartsWith("DataFormatConversion.ParseError"));
  EXPECT_THAT(whole.Record("{\"v\":1,\"w\":\"\xff\"}"), StartsWith("DataFormatConversion.ParseError"));
  EXPECT_EQ(whole.Record(" \n"),
            "DataFormatConversion.MalformedData: The record was empty or contained only whitespace.");
  EXPECT_EQ(whole.Record(""),
            "DataFormatConversion.MalformedData: The record was empty or contained only whitespace.");
  EXPECT_THAT(whole.Record("7"), HasSubstr("The input JSON contained a primitive at the top level."));
}

TEST(JsonRows, FindsFieldsByName) {
  OneColumn whole("int");
  EXPECT_EQ(whole.Record(R"({"x":[{"v":3}],"V":5})"), "5");
  EXPECT_EQ(whole.Record(R"({"v":1,"v":2})"), "2");
  EXPECT_EQ(whole.Record("{}"), "null");
  EXPECT_THAT(OneColumn("int", false).Record("{}"), StartsWith(kMismatch));
  EXPECT_THAT(JsonRows::Make({{"v", "array<integral>", true, ""}}, {}).status().message(),
              HasSubstr("the column v has a type that records are not converted to: "));
}

TEST(JsonRows, ReadsKeys) {
  const auto json = JsonRows::Make({}, {{"a", ".a.b[1]"}, {"c", ".\"c d\""}}).ValueOrDie();
  PartitionValues values;
  json->Read(R"({"c d":true,"a":{"b":[1,2.50]}})");
  ASSERT_FALSE(json->Keys(&values).has_value());
  EXPECT_EQ(values, (PartitionValues{{"a", "2.5"}, {"c", "true"}}));
  json->Read(R"({"c d":true,"a":{"b":[1]}})");
  EXPECT_EQ(json->Keys(&values)->message, "partitionKeys values must not be null or empty");
}

}  // namespace
}  // namespace penstock::stream
