#include "query/query_conformance.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "query/duckdb_engine.h"
#include "query/result_writer.h"

namespace penstock::query {
namespace {

std::vector<std::pair<std::string, std::string>> BarColumns() {
  return {{"symbol", "VARCHAR"},
          {"date", "DATE"},
          {"open", "DOUBLE"},
          {"high", "DOUBLE"},
          {"low", "DOUBLE"},
          {"close", "DOUBLE"},
          {"adj_close", "DOUBLE"},
          {"volume", "BIGINT"},
          {"currency", "VARCHAR"},
          {"source", "VARCHAR"},
          {"fetched_at", "TIMESTAMP WITH TIME ZONE"}};
}

}  // namespace

TinyLake::TinyLake() {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-lake-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  root_ = pattern;
}

TinyLake::~TinyLake() {
  std::error_code error;
  std::filesystem::remove_all(root_, error);
}

void TinyLake::Write(const std::string& key, const std::string& select) {
  const std::filesystem::path path = std::filesystem::path(root_) / key;
  std::filesystem::create_directories(path.parent_path());
  SystemClock clock;
  DuckDbEngine engine({}, {}, clock);
  auto stream = engine.Execute(select);
  ASSERT_TRUE(stream.ok()) << Describe(stream.status());
  const auto written = WriteResultFile(**stream, {.format = ResultFormat::kParquet}, path.string());
  ASSERT_TRUE(written.ok()) << Describe(written.status());
}

void TinyLake::WriteBars(const std::string& database, const std::string& day, const std::string& values,
                         const std::string& source) {
  Write(database + "/clean/bars/dt=" + day + "/bars.parquet",
        "select symbol, date '" + day +
            "' as date, open::double as open, high::double as high, low::double as low, close::double as "
            "close, "
            "close::double as adj_close, volume::bigint as volume, 'USD' as currency, '" +
            source +
            "' as source, "
            "timestamptz '2017-08-12 01:02:03+00' as fetched_at from (values " +
            values + ") t(symbol, open, high, low, close, volume) order by symbol");
}

void TinyLake::WriteRejected(const std::string& database, const std::string& day, const std::string& symbol,
                             const std::string& rule) {
  Write(database + "/rejected/bars/dt=" + day + "/bars.parquet",
        "select '" + symbol + "' as symbol, date '" + day +
            "' as date, null::double as open, null::double as high, null::double as low, "
            "null::double as close, null::double as adj_close, null::bigint as volume, 'USD' as currency, "
            "'yahoo' as source, "
            "timestamptz '2017-08-12 01:02:03+00' as fetched_at, '" +
            rule + "' as rule, 'it is empty' as reason, 'raw/x.json' as raw_key");
}

std::vector<ViewSpec> TinyLake::Views(const std::string& database) const {
  ViewSpec bars{.database = database,
                .name = "bars",
                .glob = root_ + "/" + database + "/clean/bars/dt=*/*.parquet",
                .columns = BarColumns(),
                .partition_columns = {{"dt", "DATE"}}};
  ViewSpec rejected = bars;
  rejected.name = "bars_rejected";
  rejected.glob = root_ + "/" + database + "/rejected/bars/dt=*/*.parquet";
  for (const char* column : {"rule", "reason", "raw_key"}) rejected.columns.emplace_back(column, "VARCHAR");
  return {bars, rejected};
}

std::string TinyLake::Listing() const {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    lines.push_back(entry.path().string() + " " +
                    (entry.is_regular_file() ? std::to_string(entry.file_size()) : "folder"));
  }
  std::sort(lines.begin(), lines.end());
  std::string listing;
  for (const auto& line : lines) listing += line + "\n";
  return listing;
}

void FillTinyLake(TinyLake& lake) {
  lake.WriteBars("sp500", "2017-08-09",
                 "('AAPL',159.26,161.27,159.11,161.06,26131530),('MSFT',72.25,72.51,72.05,72.47,22213400),('"
                 "TSLA',361.00,370.00,358.95,363.53,7089900)");
  lake.WriteBars("sp500", "2017-08-10",
                 "('AAPL',159.9,160,154.63,155.32,40804273),('MSFT',71.9,72.19,71.35,71.41,24734200),('TSLA',"
                 "361.6,366.65,354.66,355.4,7092900)");
  lake.WriteBars("sp500", "2017-08-11",
                 "('AAPL',156.6,158.57,156.07,157.48,26257096),('MSFT',71.61,72.7,71.28,72.5,21204940),('"
                 "TSLA',356.97,361.26,353.62,357.87,4372100)");
  lake.WriteRejected("sp500", "2017-08-10", "DHR", "not_null");
}

Result<std::string> RunToCsv(Engine& engine, std::string_view sql, const QueryOptions& options) {
  ASSIGN_OR_RETURN(const auto stream, engine.Execute(sql, options));
  std::string csv;
  RETURN_IF_ERROR(WriteResult(*stream, {.format = ResultFormat::kCsv}, [&](std::string_view bytes) {
                    csv += bytes;
                    return Status::OK();
                  }).status());
  std::erase(csv, '\r');
  return csv;
}

void EngineConformance::SetUp() {
  FillTinyLake(lake_);
  engine_ = GetParam()(lake_.Views("sp500"), "sp500");
}

// Every engine: the partition column is a DATE that compares with a string (DESIGN, Names).
TEST_P(EngineConformance, ReadsATableByDatePartition) {
  const auto csv =
      RunToCsv(*engine_, "select symbol, close, dt from sp500.bars where dt = '2017-08-11' order by symbol");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "symbol,close,dt\nAAPL,157.48,2017-08-11\nMSFT,72.5,2017-08-11\nTSLA,357.87,2017-08-11\n");
}

TEST_P(EngineConformance, FindsTablesOfTheDefaultDatabaseByName) {
  const auto csv =
      RunToCsv(*engine_, "with b as (select * from bars) select count(*) as n, min(dt) as first_dt from b");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "n,first_dt\n9,2017-08-09\n");
}

TEST_P(EngineConformance, BindsTypedParameters) {
  QueryOptions options;
  options.parameters = {{"day", ParameterType::kDate, "2017-08-10"},
                        {"who", ParameterType::kText, "AAPL"},
                        {"least", ParameterType::kNumber, "1.5"},
                        {"top", ParameterType::kInteger, "1"}};
  const auto csv = RunToCsv(
      *engine_,
      "select symbol, ':day' as t from bars where dt = :day and symbol = :who and close > :least limit :top",
      options);
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "symbol,t\nAAPL,:day\n");
  EXPECT_EQ(CodeOf(RunToCsv(*engine_, "select :day").status()), ErrorCode::kUsage);
}

// A value stays a value, whatever it says.
TEST_P(EngineConformance, AParameterCannotBecomeSql) {
  QueryOptions options;
  options.parameters = {{"who", ParameterType::kText, "x' or '1'='1"}};
  const auto csv = RunToCsv(*engine_, "select count(*) as n from bars where symbol = :who", options);
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "n\n0\n");
}

TEST_P(EngineConformance, ClassifiesWrongSql) {
  for (const char* sql : {"selec 1", "select * form bars", "select nosuch from bars", "select nosuch(1)",
                          "select 'a", "", "-- nothing", "select 1; select 2"}) {
    EXPECT_EQ(CodeOf(RunToCsv(*engine_, sql).status()), ErrorCode::kUsage) << sql;
  }
  const auto unknown = RunToCsv(*engine_, "select * from bras");
  EXPECT_EQ(CodeOf(unknown.status()), ErrorCode::kNotFound);
  EXPECT_NE(AdviceOf(unknown.status()).find("sp500.bars"), std::string::npos) << AdviceOf(unknown.status());
}

TEST_P(EngineConformance, StopsBeforeItBeginsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  QueryOptions options;
  options.stop = stop.get_token();
  EXPECT_EQ(CodeOf(RunToCsv(*engine_, "select 1", options).status()), ErrorCode::kCancelled);
}

TEST_P(EngineConformance, CutsAtTheRowLimitAndSaysSo) {
  QueryOptions options;
  options.max_rows = 4;
  auto stream = engine_->Execute("select * from bars", options);
  ASSERT_TRUE(stream.ok()) << Describe(stream.status());
  int64_t rows = 0;
  for (;;) {
    const auto batch = (*stream)->Next();
    ASSERT_TRUE(batch.ok()) << Describe(batch.status());
    if (*batch == nullptr) break;
    rows += (*batch)->num_rows();
  }
  EXPECT_EQ(rows, 4);
  EXPECT_TRUE((*stream)->truncated());
  const auto again = (*stream)->Next();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, nullptr);

  options.max_rows = 9;  // exactly all
  stream = engine_->Execute("select * from bars", options);
  ASSERT_TRUE(stream.ok());
  while (*(*stream)->Next() != nullptr) {
  }
  EXPECT_FALSE((*stream)->truncated());
}

TEST_P(EngineConformance, KeepsTheColumnsOfAnEmptyResult) {
  const auto csv = RunToCsv(*engine_, "select symbol, dt from bars where dt = '1999-01-01'");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "symbol,dt\n");
}

TEST_P(EngineConformance, DescribesTables) {
  const auto csv = RunToCsv(*engine_, "describe sp500.bars_rejected");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_NE(csv->find("rule"), std::string::npos);
  EXPECT_NE(csv->find("dt"), std::string::npos);
}

}  // namespace penstock::query
