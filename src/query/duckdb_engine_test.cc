#include "query/duckdb_engine.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <parquet/properties.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "query/duckdb_library.h"
#include "query/duckdb_session.h"
#include "query/query_conformance.h"
#include "query/result_writer.h"

namespace penstock::query {
namespace {

SystemClock* RealClock() {
  static SystemClock clock;
  return &clock;
}

INSTANTIATE_TEST_SUITE_P(DuckDb, EngineConformance,
                         testing::Values([](std::vector<ViewSpec> views, std::string database) {
                           DuckDbOptions options;
                           options.default_database = std::move(database);
                           return std::unique_ptr<Engine>(
                               new DuckDbEngine(std::move(views), options, *RealClock()));
                         }));

class DuckDbEngineTest : public testing::Test {
 protected:
  void SetUp() override { FillTinyLake(lake_); }
  DuckDbEngine MakeEngine(DuckDbOptions options = {}) {
    options.default_database = "sp500";
    if (options.temp_directory.empty()) options.temp_directory = lake_.root();
    return DuckDbEngine(lake_.Views("sp500"), options, *RealClock());
  }
  void Overwrite(const std::string& key, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(lake_.root() + "/" + key).parent_path());
    std::ofstream(lake_.root() + "/" + key, std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string Bytes(const std::string& key) {
    std::ifstream in(lake_.root() + "/" + key, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  TinyLake lake_;
};

// "User SQL runs sandboxed: no file, no network, no extension, no setting": each is refused, and nothing is
// written.
TEST_F(DuckDbEngineTest, RefusesHostileStatements) {
  const std::string in_lake = lake_.root() + "/sp500/clean/bars/dt=2017-08-11/bars.parquet";
  const std::string raw = lake_.root() + "/sp500/raw/secret.csv";
  Overwrite("sp500/raw/secret.csv", "secret\n42\n");
  const std::string out = lake_.root() + "/evil";
  const std::vector<std::string> hostile = {
      "select * from read_csv('/etc/passwd')",
      "select * from read_text('/etc/passwd')",
      "select * from read_blob('/etc/passwd')",
      "select * from read_json('/etc/passwd')",
      "select * from '/etc/passwd'",
      "select * from \"/etc/passwd\"",
      "select * from '" + raw + "'",
      "select * from read_parquet('" + in_lake + "')",
      "select * from parquet_metadata('" + in_lake + "')",
      "select * from glob('/etc/*')",
      "select * from sniff_csv('/etc/passwd')",
      "from read_csv('" + lake_.root() + "/sp500/clean/../raw/secret.csv')",
      "with t as (select * from read_csv('" + raw + "')) select * from t",
      "select (select max(content) from read_text('/etc/passwd'))",
      "select * from bars where symbol in (select content from read_text('/etc/passwd'))",
      "with \"/etc/passwd\" as (select 1) select * from (select * from '/etc/hosts')",
      "select * from query('select * from read_text(''/etc/passwd'')')",
      "select * from query_table('/etc/passwd')",
      "select * from json_execute_serialized_sql(json_serialize_sql('select * from "
      "read_text(''/etc/passwd'')'))",
      "select json_serialize_plan('select * from read_text(''/etc/passwd'')')",
      "select * from arrow_scan(1::ubigint, 2::ubigint, 3::ubigint)",
      "select * from 'https://example.com/a.parquet'",
      "select * from read_parquet('s3://bucket/a.parquet')",
      "copy (select 1) to '" + out + ".csv'",
      "copy bars to '" + out + ".parquet' (format parquet)",
      "explain analyze copy (select 1) to '" + out + ".csv'",
      "explain copy (select 1) to '" + out + ".csv'",
      "explain analyze create table evil as select 1",
      "export database '" + out + "'",
      "attach '" + out + ".db' as evil",
      "attach ':memory:' as evil",
      "detach memory",
      "use memory",
      "install httpfs",
      "load httpfs",
      "load '/tmp/evil.duckdb_extension'",
      "set memory_limit = '100GB'",
      "set enable_external_access = true",
      "reset lock_configuration",
      "set variable x = 1",
      "pragma database_list",
      "pragma memory_limit='100GB'",
      "pragma enable_profiling",
      "call enable_logging()",
      "select * from enable_logging(storage = 'file', storage_path = '" + out + "')",
      "select * from enable_profiling()",
      "select * from checkpoint()",
      "select write_log('x')",
      "select sleep_ms(10)",
      "create table evil (a int)",
      "create or replace view sp500.bars as select 1",
      "create macro bars() as table select 1",
      "create secret s (type s3)",
      "insert into bars values (1)",
      "update bars set close = 1",
      "delete from bars",
      "truncate bars",
      "drop view sp500.bars",
      "drop schema sp500 cascade",
      "alter view sp500.bars rename to evil",
      "begin transaction",
      "vacuum",
      "analyze",
      "checkpoint",
      "prepare q as select 1",
      "execute q",
      "merge into bars using bars b on true when matched then delete",
      "with x as (insert into bars values (1) returning *) select * from x",
      "select 1; copy (select 1) to '" + out + ".csv'",
      "select 1 /* ; */; drop view sp500.bars",
      "import database '" + out + "'",
  };
  auto engine = MakeEngine();
  const std::string before = lake_.Listing();
  for (const std::string& sql : hostile) {
    const auto result = RunToCsv(engine, sql);
    ASSERT_FALSE(result.ok()) << sql << "\n" << *result;
    const ErrorCode code = CodeOf(result.status());
    EXPECT_TRUE(code == ErrorCode::kUsage || code == ErrorCode::kNotFound ||
                code == ErrorCode::kPermissionDenied)
        << sql << ": " << NameOf(code) << " " << Describe(result.status());
    EXPECT_EQ(lake_.Listing(), before) << sql;
  }
  EXPECT_GE(hostile.size(), 25u);
}

// The second wall alone: what DuckDB itself refuses should the inspection miss it.
TEST_F(DuckDbEngineTest, DuckDbItselfIsConfinedToTheTablesFolders) {
  auto api = LoadDuckDb(DuckDbCandidates());
  ASSERT_TRUE(api.ok()) << Describe(api.status());
  auto session = DuckDbSession::Open(
      std::make_shared<const DuckDbApi>(*api),
      {{"autoload_known_extensions", "false"}, {"autoinstall_known_extensions", "false"}});
  ASSERT_TRUE(session.ok()) << Describe(session.status());
  Overwrite("sp500/raw/secret.csv", "secret\n42\n");
  const std::string bars = lake_.root() + "/sp500/clean/bars/";
  ASSERT_TRUE((*session)->Confine({bars}).ok());
  const std::string before = lake_.Listing();
  const std::string out = lake_.root() + "/evil";
  for (const std::string& sql : std::vector<std::string>{
           "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'",
           "select * from read_text('/proc/self/environ')",
           "select * from read_csv('" + lake_.root() + "/sp500/raw/secret.csv')",
           "select * from read_text('" + bars + "../../raw/secret.csv')",
           "select * from read_text('" + bars + "dt=2017-08-11/../../../raw/secret.csv')",
           "select * from glob('/etc/*')", "copy (select 1) to '" + out + ".csv'",
           "attach '" + out + ".db' as evil", "export database '" + out + "'", "install httpfs",
           "load httpfs", "load '/tmp/evil.duckdb_extension'",
           "select * from 'https://example.com/a.parquet'", "set memory_limit = '100GB'",
           "set allowed_directories = ['/']", "set enable_external_access = true", "reset lock_configuration",
           "set temp_directory = '" + out + "'"}) {
    EXPECT_FALSE((*session)->Run(sql).ok()) << sql;
    EXPECT_EQ(lake_.Listing(), before) << sql;
  }
  EXPECT_TRUE((*session)->Run("select * from read_parquet('" + bars + "dt=*/*.parquet')").ok());
}

TEST_F(DuckDbEngineTest, AllowsOrdinaryReading) {
  auto engine = MakeEngine();
  for (const char* sql :
       {"select 1",
        "values (1), (2)",
        "from bars",
        "table bars",
        "select * from memory.sp500.bars",
        "SHOW TABLES",
        "show all tables",
        "describe bars",
        "describe select 1 as a",
        "summarize bars",
        "explain select * from bars",
        "EXPLAIN ANALYZE select * from bars",
        "/* first */ explain -- second\n select 1",
        "select * from range(3)",
        "select unnest([1,2])",
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t",
        "select table_name from information_schema.tables",
        "select * from duckdb_columns()",
        "select b.symbol from sp500.bars b join bars_rejected r using (dt)",
        "select ';' as a, $$;$$ as b; -- end",
        "select [1,2,3][1:2], {'a':1}, 'x'::varchar",
        "(select 1) union all (select 2)",
        "pivot (select symbol, dt, close from bars) on symbol in ('AAPL','MSFT') using sum(close)",
        "select * from bars tablesample 50%",
        "select a: 42"}) {
    const auto result = RunToCsv(engine, sql);
    EXPECT_TRUE(result.ok()) << sql << "\n" << Describe(result.status());
  }
}

TEST_F(DuckDbEngineTest, ListsAllTablesThoughItMakesOnlyTheViewsItNeeds) {
  auto engine = MakeEngine();
  const auto csv =
      RunToCsv(engine, "select table_schema, table_name from information_schema.tables order by 1, 2");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "table_schema,table_name\nsp500,bars\nsp500,bars_rejected\n");
}

TEST_F(DuckDbEngineTest, AWithClauseMayHaveTheNameOfATable) {
  auto engine = MakeEngine();
  const auto csv = RunToCsv(engine, "with bars as (select count(*) as n from sp500.bars) select n from bars");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "n\n9\n");
  const auto outer = RunToCsv(
      engine, "select (with bars as (select 1 as n) select n from bars) as a, count(*) as b from bars");
  ASSERT_TRUE(outer.ok()) << Describe(outer.status());
  EXPECT_EQ(*outer, "a,b\n1,9\n");
}

// FTSE-2: SQL by date partition reads only those partitions. The other ones are garbage: reading them would
// fail.
TEST_F(DuckDbEngineTest, ReadsOnlyThePartitionsAsked) {
  Overwrite("sp500/clean/bars/dt=2017-08-10/bars.parquet", "garbage, not Parquet");
  Overwrite("sp500/clean/bars/dt=2017-08-12/bars.parquet", "garbage, not Parquet");
  auto engine = MakeEngine();
  for (const char* where :
       {"dt = '2017-08-11'", "dt = date '2017-08-11'", "dt > '2017-08-10' and dt < '2017-08-12'",
        "dt between cast(date '2017-08-11' - interval '0' day as date) and date '2017-08-11'",
        "dt in ('2017-08-11', '2017-08-09')"}) {
    const auto csv = RunToCsv(
        engine, "select max(close) as c from bars where " + std::string(where) + " and symbol = 'AAPL'");
    ASSERT_TRUE(csv.ok()) << where << "\n" << Describe(csv.status());
    EXPECT_TRUE(csv->find("157.48") != std::string::npos || csv->find("161.06") != std::string::npos)
        << where << *csv;
  }
  // And the test can fail:
  EXPECT_EQ(CodeOf(RunToCsv(engine, "select max(close) from bars").status()), ErrorCode::kCorrupt);
  const auto plan = RunToCsv(engine, "explain analyze select * from bars where dt = '2017-08-11'");
  ASSERT_TRUE(plan.ok()) << Describe(plan.status());
  EXPECT_NE(plan->find("1/4"), std::string::npos) << *plan;
}

// "a corrupt Parquet file in the lake": Corrupt, and the file is named.
TEST_F(DuckDbEngineTest, NamesTheDamagedFile) {
  const std::string key = "sp500/clean/bars/dt=2017-08-10/bars.parquet";
  const std::string whole = Bytes(key);
  ASSERT_GT(whole.size(), 100u);
  std::string footer = whole;
  const auto length = static_cast<unsigned char>(whole[whole.size() - 8]) |
                      static_cast<unsigned char>(whole[whole.size() - 7]) << 8;
  for (size_t i = whole.size() - 8 - length + 20; i < whole.size() - 8 - length + 60; ++i) footer[i] = '\xff';
  std::string pages = whole;
  for (size_t i = 4; i < pages.size() - 8 - length; ++i) pages[i] = static_cast<char>(pages[i] ^ 0x5a);
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"cut", whole.substr(0, whole.size() / 2)},
      {"empty", ""},
      {"text", "garbage, not Parquet at all"},
      {"footer", footer},
      {"pages", pages}};
  auto engine = MakeEngine();
  for (const auto& [name, bytes] : damages) {
    Overwrite(key, bytes);
    const auto result = RunToCsv(engine, "select * from bars");
    EXPECT_EQ(CodeOf(result.status()), ErrorCode::kCorrupt) << name << ": " << Describe(result.status());
    EXPECT_NE(result.status().message().find(key), std::string::npos)
        << name << ": " << Describe(result.status());
  }
}

TEST_F(DuckDbEngineTest, TheFirstFileMayBeTheDamagedOne) {
  Overwrite("sp500/clean/bars/dt=2017-08-09/bars.parquet", "garbage");
  auto engine = MakeEngine();
  const auto result = RunToCsv(engine, "select * from bars where dt = '2017-08-11'");
  EXPECT_EQ(CodeOf(result.status()), ErrorCode::kCorrupt) << Describe(result.status());
  EXPECT_NE(result.status().message().find("dt=2017-08-09"), std::string::npos) << Describe(result.status());
}

TEST_F(DuckDbEngineTest, ATableWithoutFilesIsEmptyWithItsColumns) {
  for (const bool has_files : {false, true}) {  // the catalog knows, or is behind
    auto views = lake_.Views("ftse100");
    for (auto& view : views) view.has_files = has_files;
    DuckDbEngine engine(views, {}, *RealClock());
    const auto csv = RunToCsv(engine, "select symbol, close, dt from ftse100.bars where dt = '2017-08-11'");
    ASSERT_TRUE(csv.ok()) << Describe(csv.status());
    EXPECT_EQ(*csv, "symbol,close,dt\n");
    const auto types = RunToCsv(engine,
                                "select column_name, column_type from (describe ftse100.bars) where "
                                "column_name in ('dt', 'fetched_at')");
    ASSERT_TRUE(types.ok()) << Describe(types.status());
    EXPECT_EQ(*types, "column_name,column_type\nfetched_at,TIMESTAMP WITH TIME ZONE\ndt,DATE\n");
  }
}

TEST_F(DuckDbEngineTest, FilesMayDifferInTheirColumns) {
  lake_.Write("iex/processed/msft/1.parquet",
              "select 1::bigint as volume, true as flag, 1::bigint as open, 'a' as label from range(2)");
  lake_.Write("iex/processed/msft/2.parquet",
              "select 2.5::double as volume, 7::bigint as flag, 'x' as \"OPEN\"");
  lake_.Write("iex/processed/msft/3.parquet", "select 'b' as label, 3::bigint as unheard_of");
  ViewSpec view;
  view.database = "iex";
  view.name = "msft";
  view.glob = lake_.root() + "/iex/processed/msft/*.parquet";
  view.columns = {
      {"open", "VARCHAR"}, {"volume", "DOUBLE"}, {"flag", "VARCHAR"}, {"it's", "DATE"}, {"label", "VARCHAR"}};
  view.columns_differ = true;
  DuckDbEngine engine({view}, {}, *RealClock());
  const auto csv = RunToCsv(engine, "select * from iex.msft order by volume, label");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "open,volume,flag,it's,label\n1,1,true,,a\n1,1,true,,a\nx,2.5,7,,\n,,,,b\n");
  // Filters on a column whose files are of several types, and one that no file has.
  EXPECT_EQ(*RunToCsv(engine, "select count(*) as n from iex.msft where flag = 'true' and volume < 2"),
            "n\n2\n");
  EXPECT_EQ(*RunToCsv(engine, "select count(*) as n from iex.msft where flag = '7'"), "n\n1\n");
  EXPECT_EQ(*RunToCsv(engine, "select count(*) as n from iex.msft where \"it's\" is null and open is null"),
            "n\n1\n");
  EXPECT_EQ(*RunToCsv(engine, "select count(*) as n from iex.msft"), "n\n4\n");
}

TEST_F(DuckDbEngineTest, FilesInPartitionsMayDifferInTheirColumns) {
  lake_.Write("ted/merged/notices/year=2018/notices.parquet", "select 1::bigint as n, 'a' as title");
  lake_.Write("ted/merged/notices/year=2019/notices.parquet", "select 2.5::double as n, 7 as more");
  ViewSpec view;
  view.database = "ted";
  view.name = "notices";
  view.glob = lake_.root() + "/ted/merged/notices/year=*/*.parquet";
  view.columns = {{"n", "DOUBLE"}, {"title", "VARCHAR"}, {"in_no_file", "DATE"}};
  view.partition_columns = {{"year", "INTEGER"}};
  view.columns_differ = true;
  DuckDbEngine engine({view}, {}, *RealClock());
  const auto csv = RunToCsv(engine, "select * from ted.notices order by year");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "n,title,in_no_file,year\n1,a,,2018\n2.5,,,2019\n");
  EXPECT_EQ(*RunToCsv(engine, "select n from ted.notices where year = 2019"), "n\n2.5\n");
}

TEST_F(DuckDbEngineTest, TablesOfTheDefaultDatabaseStandBesideTheirOwn) {
  auto views = lake_.Views("sp500");
  views[0].in_default_database = true;
  DuckDbEngine engine(views, {}, *RealClock());
  EXPECT_TRUE(RunToCsv(engine, "select * from bars").ok());
  EXPECT_TRUE(RunToCsv(engine, "select * from sp500.bars").ok());
  EXPECT_EQ(CodeOf(RunToCsv(engine, "select * from bars_rejected").status()), ErrorCode::kNotFound);
}

constexpr const char* kForever =
    "select count(*) from range(1000000000) a, range(1000000000) b where a.range + b.range = -1";
constexpr const char* kForeverRows = "select range from range(1000000000000000)";

TEST_F(DuckDbEngineTest, EndsAtItsTimeLimit) {
  for (const char* sql : {kForever, kForeverRows}) {
    DuckDbOptions options;
    options.timeout_ms = 200;
    auto engine = MakeEngine(options);
    const auto started = std::chrono::steady_clock::now();
    auto run = [&]() -> Status {
      ASSIGN_OR_RETURN(const auto stream, engine.Execute(sql));
      for (;;) {
        ASSIGN_OR_RETURN(const auto batch, stream->Next());
        if (batch == nullptr) return Status::OK();
      }
    };
    EXPECT_EQ(CodeOf(run()), ErrorCode::kTimeout) << sql;
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20)) << sql;
  }
}

// Ctrl-C: a stop from another thread ends a query that runs.
TEST_F(DuckDbEngineTest, IsCancelledFromAnotherThread) {
  auto engine = MakeEngine();
  for (const char* sql : {kForever, kForeverRows}) {
    std::stop_source stop;
    QueryOptions options;
    options.stop = stop.get_token();
    std::atomic<bool> begun{false};
    std::jthread other([&] {
      while (!begun) std::this_thread::yield();
      stop.request_stop();
    });
    begun = true;
    auto run = [&]() -> Status {
      ASSIGN_OR_RETURN(const auto stream, engine.Execute(sql, options));
      for (;;) {
        ASSIGN_OR_RETURN(const auto batch, stream->Next());
        if (batch == nullptr) return Status::OK();
      }
    };
    EXPECT_EQ(CodeOf(run()), ErrorCode::kCancelled) << sql;
  }
}

TEST_F(DuckDbEngineTest, IsCancelledBetweenTwoBatches) {
  auto engine = MakeEngine();
  std::stop_source stop;
  QueryOptions options;
  options.stop = stop.get_token();
  auto stream = engine.Execute(kForeverRows, options);
  ASSERT_TRUE(stream.ok()) << Describe(stream.status());
  ASSERT_TRUE((*stream)->Next().ok());
  stop.request_stop();
  EXPECT_EQ(CodeOf((*stream)->Next().status()), ErrorCode::kCancelled);
  EXPECT_EQ(CodeOf((*stream)->Next().status()), ErrorCode::kCancelled);
}

TEST_F(DuckDbEngineTest, AStreamMayBeLeftHalfRead) {
  auto engine = MakeEngine();
  auto stream = engine.Execute(kForeverRows);
  ASSERT_TRUE(stream.ok());
  ASSERT_TRUE((*stream)->Next().ok());
}

TEST_F(DuckDbEngineTest, KeepsToItsMemory) {
  DuckDbOptions options;
  options.memory_limit_mb = 64;
  options.spill_limit_mb = 1;
  options.threads = 2;
  auto engine = MakeEngine(options);
  const std::string before = lake_.Listing();
  for (const char* sql : {"select list(range) from range(100000000)",
                          "select count(*) from (select * from (select range::varchar || "
                          "'-padding-padding-padding-padding' as s from range(6000000) "
                          "order by s desc) limit 3000000) where s > 'a' or s < 'b'"}) {
    const auto result = RunToCsv(engine, sql);
    EXPECT_EQ(CodeOf(result.status()), ErrorCode::kResourceExhausted) << sql << Describe(result.status());
  }
  EXPECT_EQ(lake_.Listing(), before) << "the spill folder stays";
}

TEST_F(DuckDbEngineTest, ShowsItsLimitsAsSettings) {
  DuckDbOptions options;
  options.memory_limit_mb = 64;
  options.spill_limit_mb = 1;
  options.threads = 2;
  auto engine = MakeEngine(options);
  const auto csv = RunToCsv(engine,
                            "select name, value from duckdb_settings() where name in ('memory_limit', "
                            "'max_temp_directory_size', 'threads', "
                            "'enable_external_access', 'lock_configuration', 'autoload_known_extensions', "
                            "'TimeZone') order by name");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv,
            "name,value\nTimeZone,UTC\nautoload_known_extensions,false\nenable_external_access,false\nlock_"
            "configuration,true\n"
            "max_temp_directory_size,1.0 MiB\nmemory_limit,64.0 MiB\nthreads,2\n");
}

TEST_F(DuckDbEngineTest, SpillsAndCleansUp) {
  DuckDbOptions options;
  options.memory_limit_mb = 128;
  options.threads = 2;
  auto engine = MakeEngine(options);
  const std::string before = lake_.Listing();
  const auto csv = RunToCsv(engine,
                            "select count(*) as n, max(s) as m from (select s, row_number() over (order by s "
                            "desc) as r from (select range::varchar || "
                            "'-padding-padding-padding-padding' as s from range(3000000)))");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "n,m\n3000000,999999-padding-padding-padding-padding\n");
  EXPECT_EQ(lake_.Listing(), before);
}

TEST_F(DuckDbEngineTest, SurvivesDeepStatements) {
  auto engine = MakeEngine();
  std::string parentheses = "select ";
  for (int i = 0; i < 5000; ++i) parentheses += '(';
  parentheses += '1';
  for (int i = 0; i < 5000; ++i) parentheses += ')';
  std::string sum = "select 1";
  for (int i = 0; i < 200; ++i) sum += "+1";
  std::string chain = "select 1";
  for (int i = 0; i < 100'000; ++i) chain += "+1";
  EXPECT_TRUE(RunToCsv(engine, sum).ok()) << Describe(RunToCsv(engine, sum).status());
  const auto p = RunToCsv(engine, parentheses);
  EXPECT_TRUE(p.ok() || CodeOf(p.status()) == ErrorCode::kUsage);
  EXPECT_EQ(CodeOf(RunToCsv(engine, chain).status()), ErrorCode::kUsage);
}

TEST_F(DuckDbEngineTest, PointsAtTheMistake) {
  auto engine = MakeEngine();
  const auto syntax = RunToCsv(engine, "select 1,\n  from where");
  EXPECT_EQ(CodeOf(syntax.status()), ErrorCode::kUsage);
  EXPECT_NE(syntax.status().message().find("LINE 2:   from where\n"), std::string::npos)
      << syntax.status().message();
  const auto table = RunToCsv(engine, "select *\nfrom sp500.bar");
  EXPECT_EQ(CodeOf(table.status()), ErrorCode::kNotFound);
  EXPECT_NE(table.status().message().find("LINE 2: from sp500.bar\n             ^"), std::string::npos)
      << table.status().message();
  EXPECT_NE(AdviceOf(table.status()).find("sp500.bars"), std::string::npos);
  const auto column = RunToCsv(engine, "select clsoe from bars");
  EXPECT_EQ(CodeOf(column.status()), ErrorCode::kUsage);
  EXPECT_NE(column.status().message().find("\"close\""), std::string::npos) << column.status().message();
}

TEST_F(DuckDbEngineTest, RunsBesideItselfInThreads) {
  auto engine = MakeEngine();
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto csv = RunToCsv(engine, "select count(*) as n from bars");
        if (csv.ok() && *csv == "n\n9\n") ++right;
      });
    }
  }
  EXPECT_EQ(right, 4);
}

TEST(DuckDbLibraryTest, TellsWhereItLooked) {
  const auto none = LoadDuckDb({"/nowhere/libduckdb.so"});
  EXPECT_EQ(CodeOf(none.status()), ErrorCode::kConfiguration);
  EXPECT_NE(none.status().message().find("/nowhere/libduckdb.so"), std::string::npos);
  EXPECT_NE(AdviceOf(none.status()).find("PENSTOCK_DUCKDB"), std::string::npos);
}

TEST(DuckDbLibraryTest, RefusesAnotherLibraryOrVersion) {
  EXPECT_EQ(CodeOf(LoadDuckDb({"/proc/self/exe"}).status()), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(LoadDuckDb({"/proc/self/maps"}).status()), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(CheckDuckDbVersion("v1.5.4", "x")), ErrorCode::kConfiguration);
  EXPECT_TRUE(CheckDuckDbVersion("v1.5.5", "x").ok());
}

// The same build as the header's (the version alone could be another one's).
TEST(DuckDbLibraryTest, IsTheBuildThatWasTested) {
  DuckDbEngine engine({}, {}, *RealClock());
  const auto csv = RunToCsv(engine, "select source_id from pragma_version()");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "source_id\n" + std::string(kDuckDbSourceId) + "\n");
}

// zstd, snappy and TLS are in libparquet and libarrow as well, and this process has both: DuckDB's own must
// be used.
TEST(DuckDbLibraryTest, WorksBesideLibparquet) {
  ASSERT_GT(parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, 0);
  TinyLake lake;
  lake.Write("t.parquet", "select range as a, repeat('x', 100) as b from range(200000)");
  ViewSpec view{.name = "t", .glob = lake.root() + "/t.parquet", .columns = {{"a", "BIGINT"}}};
  DuckDbEngine engine({view}, {}, *RealClock());
  const auto csv = RunToCsv(engine, "select count(*) as n, sum(a) as s, min(length(b)) as l from t");
  ASSERT_TRUE(csv.ok()) << Describe(csv.status());
  EXPECT_EQ(*csv, "n,s,l\n200000,19999900000,100\n");
}

}  // namespace
}  // namespace penstock::query
