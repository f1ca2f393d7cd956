#include "stream/json_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/json_cell.h"

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// One column "v" of the type.
class OneColumn {
 public:
  explicit OneColumn(const std::string& type, bool nullable = true)
      : columns_{{"v", type, nullable, ""}},
        rows_(SchemaOf(columns_).ValueOrDie()),
        json_(JsonRows::Make(columns_, {}).ValueOrDie()) {}

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
  EXPECT_FALSE(JsonRows::Make({{"v", "array<int>", true, ""}}, {}).ok());
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
