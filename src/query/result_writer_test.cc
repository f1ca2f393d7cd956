#include "query/result_writer.h"

#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "query/cell_text.h"
#include "query/display_width.h"
#include "query/duckdb_engine.h"
#include "query/query_conformance.h"

namespace penstock::query {
namespace {

// Golden files: testdata/NAME. PENSTOCK_UPDATE_GOLDEN=1 writes them anew.
void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(PENSTOCK_SOURCE_DIR) + "/src/query/testdata/" + name;
  if (std::getenv("PENSTOCK_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream in(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text, expected) << path;
}

class ResultWriterTest : public testing::Test {
 protected:
  Result<std::string> Render(const std::string& sql, WriteOptions options, int64_t max_rows = 0) {
    DuckDbEngine engine({}, {}, clock_);
    QueryOptions query;
    query.max_rows = max_rows;
    ASSIGN_OR_RETURN(const auto stream, engine.Execute(sql, query));
    std::string text;
    ASSIGN_OR_RETURN(const auto summary, WriteResult(*stream, options, [&](std::string_view bytes) {
                       text += bytes;
                       return Status::OK();
                     }));
    EXPECT_EQ(summary.bytes, static_cast<int64_t>(text.size()));
    return text;
  }
  std::string Must(const std::string& sql, WriteOptions options, int64_t max_rows = 0) {
    const auto text = Render(sql, options, max_rows);
    EXPECT_TRUE(text.ok()) << sql << "\n" << Describe(text.status());
    return text.ok() ? *text : "";
  }
  SystemClock clock_;
};

constexpr const char* kTypes = R"(
select true as boolean, 1::tinyint as tiny, -2::smallint as small, 3::integer as int, 9007199254740993::bigint as big,
  170141183460469231731687303715884105727::hugeint as huge, 18446744073709551615::ubigint as ubig,
  0.1::double as dbl, 1e300::double as large, 0.1::float as flt, 'nan'::double as nan, '-inf'::double as minus_inf, 100.0::double as round,
  12.50::decimal(10,2) as dec, 0.000000001::decimal(38,9) as small_dec,
  date '2017-08-11' as date, date '0044-03-15 (BC)' as ides, 'infinity'::date as never,
  time '09:30:00' as open, time '09:30:00.5' as half, timestamp '2017-08-11 16:00:00' as ts, timestamp '1969-12-31 23:59:59.000001' as before,
  timestamptz '2017-08-11 16:00:00-04' as tz, timestamp_ns '2017-08-11 16:00:00.123456789' as ns, timestamp_s '2017-08-11 16:00:00' as s,
  interval '14 months 3 days 4 hours' as span, '\xDE\xAD'::blob as bytes, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid as uuid,
  'b'::enum('a', 'b') as enum, 'text, "quoted"' as text, '' as empty, null as nothing,
  [1, null, 3] as list, [[1.5], []] as nested, {'a': 1, 'b': 'x', 'c': date '2017-08-11'} as struct, map {'k': 1, 'l': null} as map,
  [1, 2]::integer[2] as array, union_value(num := 5) as variant, '{"a": [1]}'::json as json, '0101'::bit as bits
)";

// All DuckDB types, through every text format.
TEST_F(ResultWriterTest, WritesEveryType) {
  ExpectGolden("types.csv", Must(kTypes, {.format = ResultFormat::kCsv}));
  ExpectGolden("types.ndjson", Must(kTypes, {.format = ResultFormat::kNdjson}));
  const auto parsed = ParseJson(Must(kTypes, {.format = ResultFormat::kJson}));
  ASSERT_TRUE(parsed.ok()) << Describe(parsed.status());
  EXPECT_EQ(parsed->as_array().at(0).as_object().at("list").as_array().size(), 3u);
}

TEST_F(ResultWriterTest, WritesRowsOfNullsOfEveryType) {
  const std::string sql =
      std::string("select a.* from (values (1)) v(i) left join (select 2 as i, t.* from (") + kTypes +
      ") t) a on v.i = a.i";
  const std::string csv = Must(sql, {.format = ResultFormat::kCsv});
  const std::string row = csv.substr(csv.find("\r\n") + 2);
  EXPECT_EQ(row.find_first_not_of(",\r\n"), std::string::npos) << row;
}

constexpr const char* kRows = R"(
select * from (values ('AAPL', 157.48, 26257096, 'Apple Inc.'), ('日経', -0.5, null, 'wide | pipe'), (null, 1e-7, 1, 'two
lines'), ('e' || chr(27) || '[31m', 0, 2, 'é́ and 🚀')) t(symbol, close, volume, name)
)";

TEST_F(ResultWriterTest, GoldenFormats) {
  ExpectGolden("rows.table.txt", Must(kRows, {.format = ResultFormat::kTable}));
  ExpectGolden("rows.narrow.txt",
               Must(kRows, {.format = ResultFormat::kTable, .width = 30, .shown_rows = 2}));
  ExpectGolden("rows.tiny.txt", Must(kRows, {.format = ResultFormat::kTable, .width = 12}));
  ExpectGolden("rows.csv", Must(kRows, {.format = ResultFormat::kCsv}));
  ExpectGolden("rows.json", Must(kRows, {.format = ResultFormat::kJson}));
  ExpectGolden("rows.ndjson", Must(kRows, {.format = ResultFormat::kNdjson}));
  ExpectGolden("rows.md", Must(kRows, {.format = ResultFormat::kMarkdown}));
}

TEST_F(ResultWriterTest, EmptyResults) {
  const std::string sql = "select 1 as a, 'x' as b where false";
  EXPECT_EQ(Must(sql, {.format = ResultFormat::kCsv}), "a,b\r\n");
  EXPECT_EQ(Must(sql, {.format = ResultFormat::kJson}), "[]\n");
  EXPECT_EQ(Must(sql, {.format = ResultFormat::kNdjson}), "");
  EXPECT_EQ(Must(sql, {.format = ResultFormat::kMarkdown}), "| a | b |\n| ---: | --- |\n");
  EXPECT_EQ(Must(sql, {.format = ResultFormat::kTable}), "a  b\n─  ─\n(no rows)\n");
}

TEST_F(ResultWriterTest, CountsTheRowsNotShown) {
  const std::string table = Must("select range as n from range(100000)", {.shown_rows = 3});
  EXPECT_EQ(table, "n\n─\n0\n1\n2\n… 99997 more rows\n");
  EXPECT_NE(Must("select range as n from range(100)", {}, 5).find("row limit"), std::string::npos);
}

TEST_F(ResultWriterTest, LongTablesAreStreamedAndCutNoNumber) {
  const std::string table = Must("select range as n, 'x' as t from range(25000)", {});
  EXPECT_NE(table.find("\n9999  x\n10000  x\n"), std::string::npos);
}

TEST_F(ResultWriterTest, NamesThatOccurTwiceStayApart) {
  EXPECT_EQ(Must("select 1 as a, 2 as a, 3 as a_2", {.format = ResultFormat::kNdjson}),
            "{\"a\":1,\"a_3\":2,\"a_2\":3}\n");
}

TEST_F(ResultWriterTest, ParquetIsReadBackTheSame) {
  TinyLake lake;
  const std::string path = lake.root() + "/out.parquet";
  DuckDbEngine engine({}, {}, clock_);
  auto stream = engine.Execute(
      "select range as n, range / 3 as d, date '2017-08-11' + range::integer as dt, ['a', null] as l, {'x': "
      "1} as s, "
      "sum(range) over (order by range) as h, 'b'::enum('a','b') as e, timestamptz '2017-08-11 16:00:00+00' "
      "as ts from range(100000)");
  ASSERT_TRUE(stream.ok()) << Describe(stream.status());
  const auto written = WriteResultFile(**stream, {.format = ResultFormat::kParquet}, path);
  ASSERT_TRUE(written.ok()) << Describe(written.status());
  EXPECT_EQ(written->rows, 100000);
  EXPECT_EQ(written->bytes, static_cast<int64_t>(std::filesystem::file_size(path)));
  EXPECT_EQ(lake.Listing(), path + " " + std::to_string(written->bytes) + "\n") << "no temporary file stays";

  ViewSpec view{.name = "t", .glob = path};
  DuckDbEngine reader({view}, {}, clock_);
  const auto csv = RunToCsv(reader,
                            "select count(*) as c, sum(n) as n, max(dt) as dt, max(h) as h, min(l[1]) as l, "
                            "min(s.x) as x, min(e) as e, max(ts) as ts from t");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "c,n,dt,h,l,x,e,ts\n100000,4999950000,2291-05-26,4999950000,a,1,b,2017-08-11 16:00:00+00\n");
}

TEST_F(ResultWriterTest, ParquetRefusesTypesThatItHasNot) {
  EXPECT_EQ(CodeOf(Render("select interval '1 day' as span", {.format = ResultFormat::kParquet}).status()),
            ErrorCode::kUsage);
}

TEST_F(ResultWriterTest, AFileAppearsWholeOrNotAtAll) {
  TinyLake lake;
  const std::string path = lake.root() + "/out.csv";
  std::ofstream(path) << "old";
  const std::string before = lake.Listing();
  DuckDbEngine engine({}, {}, clock_);
  auto stream = engine.Execute(
      "select case when range = 5000000 then error('here') else range end as n from range(10000000)");
  ASSERT_TRUE(stream.ok()) << Describe(stream.status());
  EXPECT_EQ(CodeOf(WriteResultFile(**stream, {.format = ResultFormat::kCsv}, path).status()),
            ErrorCode::kUsage);
  EXPECT_EQ(lake.Listing(), before);
  auto again = engine.Execute("select 1");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(CodeOf(WriteResultFile(**again, {.format = ResultFormat::kCsv}, lake.root() + "/nowhere/out.csv")
                       .status()),
            ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(WriteResultFile(**again, {.format = ResultFormat::kCsv}, lake.root()).status()),
            ErrorCode::kUsage);
}

TEST_F(ResultWriterTest, TheSinksFailureEndsTheWriting) {
  DuckDbEngine engine({}, {}, clock_);
  for (const auto format : {ResultFormat::kTable, ResultFormat::kCsv, ResultFormat::kJson,
                            ResultFormat::kNdjson, ResultFormat::kMarkdown, ResultFormat::kParquet}) {
    auto stream = engine.Execute("select range from range(1000000000)");
    ASSERT_TRUE(stream.ok());
    const auto written = WriteResult(**stream, {.format = format},
                                     [](std::string_view) { return MakeError(ErrorCode::kNoSpace, "full"); });
    EXPECT_EQ(CodeOf(written.status()), ErrorCode::kNoSpace) << NameOf(format);
  }
}

TEST(ResultFormatTest, IsNamed) {
  for (const char* name : {"table", "csv", "json", "ndjson", "markdown", "parquet"})
    EXPECT_EQ(NameOf(*ParseResultFormat(name)), name);
  EXPECT_EQ(*ParseResultFormat("MD"), ResultFormat::kMarkdown);
  EXPECT_EQ(CodeOf(ParseResultFormat("xml").status()), ErrorCode::kUsage);
  EXPECT_EQ(FormatOfFile("a/b.Parquet", ResultFormat::kTable), ResultFormat::kParquet);
  EXPECT_EQ(FormatOfFile(".csv", ResultFormat::kTable), ResultFormat::kTable);
}

TEST(DisplayWidthTest, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("日経"), 4u);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);
  EXPECT_EQ(DisplayWidth("🚀"), 2u);
  EXPECT_EQ(DisplayWidth("\xff"), 1u);
  EXPECT_EQ(FitToWidth("日経225", 4), "日…");
  EXPECT_EQ(FitToWidth("abc", 3), "abc");
  EXPECT_EQ(WithoutControls("a\x1b[31m\tb\x7f\xff\xe2\x80\xae"), "a\\x1b[31m\\tb\\x7f\\xff\\u202e");
}

}  // namespace
}  // namespace penstock::query
