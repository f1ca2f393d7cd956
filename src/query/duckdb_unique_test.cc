// Tables whose rows are told apart by some of their columns: a row that was delivered again is there once.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "query/duckdb_engine.h"
#include "query/query_conformance.h"

namespace penstock::query {
namespace {

class DuckDbUniqueTest : public testing::Test {
 protected:
  // Rows of (name, high) at one time.
  void WriteTicks(const std::string& key, const std::string& values) {
    lake_.Write(key,
                "select name, high::double as high, 't' as ts from (values " + values + ") v(name, high)");
  }
  ViewSpec Ticks() {
    ViewSpec view{.database = "market", .name = "ticks"};
    view.glob = lake_.root() + "/ticks/dt=*/*.parquet";
    view.columns = {{"name", "VARCHAR"}, {"high", "DOUBLE"}, {"ts", "VARCHAR"}};
    view.partition_columns = {{"dt", "DATE"}};
    view.unique = {"name", "ts"};
    return view;
  }
  std::string Run(const ViewSpec& view, std::string_view sql) {
    DuckDbEngine engine({view}, {.default_database = "market"}, clock_);
    const auto csv = RunToCsv(engine, sql);
    return csv.ok() ? *csv : Describe(csv.status());
  }

  TinyLake lake_;
  SystemClock clock_;
};

constexpr std::string_view kAll = "select name, high, dt from ticks order by name";

TEST_F(DuckDbUniqueTest, TheRowThatWasDeliveredLastIsTheOne) {
  EXPECT_EQ(Run(Ticks(), kAll), "name,high,dt\n") << "no file yet";
  WriteTicks("ticks/dt=2020-05-14/a.parquet", "('A', 1), ('B', 1), ('B', 2), ('C', 1)");
  EXPECT_EQ(Run(Ticks(), kAll), "name,high,dt\nA,1,2020-05-14\nB,2,2020-05-14\nC,1,2020-05-14\n");
  WriteTicks("ticks/dt=2020-05-14/b.parquet", "('A', 3)");
  WriteTicks("ticks/dt=2020-05-15/a.parquet", "('C', 4)");
  EXPECT_EQ(Run(Ticks(), kAll), "name,high,dt\nA,3,2020-05-14\nB,2,2020-05-14\nC,4,2020-05-15\n");
  EXPECT_EQ(Run(Ticks(), "select count(*) as n from ticks"), "n\n3\n");
  EXPECT_EQ(Run(Ticks(), "select * from ticks where name = 'A'"), "name,high,ts,dt\nA,3,t,2020-05-14\n");
}

TEST_F(DuckDbUniqueTest, RowsThatAreInNoFileYetComeBehindAllFiles) {
  WriteTicks("ticks/dt=2020-05-14/z.parquet", "('A', 1), ('B', 1)");
  WriteTicks("live/dt=2020-05-13/a.parquet", "('A', 5), ('A', 6)");
  auto view = Ticks();
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> {
    return TableFiles{
        {lake_.root() + "/ticks/dt=2020-05-14/z.parquet", lake_.root() + "/live/dt=2020-05-13/a.parquet"},
        lake_.root() + "/live/",
        nullptr};
  };
  EXPECT_EQ(Run(view, kAll), "name,high,dt\nA,6,2020-05-13\nB,1,2020-05-14\n");
}

TEST_F(DuckDbUniqueTest, TablesOfJsonToo) {
  const auto write = [&](const std::string& name, std::string_view bytes) {
    std::filesystem::create_directories(lake_.root() + "/ticks/dt=2020-05-14");
    std::ofstream(lake_.root() + "/ticks/dt=2020-05-14/" + name) << bytes;
  };
  auto view = Ticks();
  view.glob = lake_.root() + "/ticks/dt=*/*";
  view.format = "json";
  write("a", R"({"name":"A","high":1,"ts":"t"}{"name":"B","high":1,"ts":"t"})");
  write("b", R"({"name":"A","high":2,"ts":"t"})");
  EXPECT_EQ(Run(view, kAll), "name,high,dt\nA,2,2020-05-14\nB,1,2020-05-14\n");
}

}  // namespace
}  // namespace penstock::query
