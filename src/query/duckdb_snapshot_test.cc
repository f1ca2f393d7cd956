// Tables whose files are told by a snapshot, and tables of JSON.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "query/duckdb_engine.h"
#include "query/query_conformance.h"

namespace penstock::query {
namespace {

class DuckDbSnapshotTest : public testing::Test {
 protected:
  void Write(const std::string& key, std::string_view bytes) {
    const std::filesystem::path path(lake_.root() + "/" + key);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ViewSpec Ticks() {
    ViewSpec view{.database = "market", .name = "ticks"};
    view.glob = lake_.root() + "/ticks/dt=*/*.parquet";
    view.columns = {{"name", "VARCHAR"}, {"high", "DOUBLE"}, {"ts", "TIMESTAMP WITH TIME ZONE"}};
    view.partition_columns = {{"dt", "DATE"}};
    return view;
  }
  std::string Run(const ViewSpec& view, std::string_view sql) {
    DuckDbEngine engine({view,
                         {.database = "market",
                          .name = "other",
                          .glob = lake_.root() + "/other/*.parquet",
                          .columns = {{"a", "BIGINT"}}}},
                        {.default_database = "market"}, clock_);
    const auto csv = RunToCsv(engine, sql);
    return csv.ok() ? *csv : Describe(csv.status());
  }
  void WriteTick(const std::string& key, const std::string& name) {
    lake_.Write(key, "select '" + name +
                         "' as name, 1.5::double as high, timestamptz '2020-05-14 13:30:00+00' as ts");
  }

  std::string Live() const { return lake_.root() + "/live/ticks/dt=2020-05-15/b.parquet"; }

  TinyLake lake_;
  SystemClock clock_;
};

constexpr std::string_view kAll = "select name, high, epoch(ts)::bigint as t, dt from ticks order by name";

TEST_F(DuckDbSnapshotTest, ReadsTheFilesOfTheSnapshotAndTheLiveRows) {
  WriteTick("ticks/dt=2020-05-14/a.parquet", "A");
  WriteTick("ticks/dt=2020-05-14/half.parquet", "not this one");
  WriteTick("live/ticks/dt=2020-05-15/b.parquet", "B");
  auto view = Ticks();
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> {
    return TableFiles{{lake_.root() + "/ticks/dt=2020-05-14/a.parquet", Live()}, lake_.root() + "/live/"};
  };
  EXPECT_EQ(Run(view, kAll), "name,high,t,dt\nA,1.5,1589463000,2020-05-14\nB,1.5,1589463000,2020-05-15\n");
  EXPECT_EQ(Run(view, "select name from ticks where dt = '2020-05-15'"), "name\nB\n");
  EXPECT_EQ(Run(view, "select typeof(dt) as d, typeof(ts) as t, count(*) as n from ticks group by all"),
            "d,t,n\nDATE,TIMESTAMP WITH TIME ZONE,2\n");
}

TEST_F(DuckDbSnapshotTest, LiveRowsAloneAndNothingAtAll) {
  WriteTick("live/ticks/dt=2020-05-15/b.parquet", "B");
  auto view = Ticks();
  TableFiles files;
  files = {{Live()}, lake_.root() + "/live/"};
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> { return files; };
  EXPECT_EQ(Run(view, kAll), "name,high,t,dt\nB,1.5,1589463000,2020-05-15\n");
  files = {};
  EXPECT_EQ(Run(view, kAll), "name,high,t,dt\n");
}

TEST_F(DuckDbSnapshotTest, IsAskedOnceByEachQueryOfTheTableAndHeldWhileItRuns) {
  WriteTick("ticks/dt=2020-05-14/a.parquet", "A");
  int asked = 0;
  std::weak_ptr<void> held;
  auto view = Ticks();
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> {
    ++asked;
    auto hold = std::make_shared<int>(1);
    held = hold;
    return TableFiles{{lake_.root() + "/ticks/dt=2020-05-14/a.parquet"}, "", hold};
  };
  EXPECT_EQ(Run(view, "select * from other"), "a\n");
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(Run(view, "select count(*) as n from ticks a, ticks b"), "n\n1\n");
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(held.expired());
  DuckDbEngine engine({view}, {.default_database = "market"}, clock_);
  auto stream = engine.Execute("select * from ticks");
  ASSERT_TRUE(stream.ok());
  EXPECT_FALSE(held.expired());
  stream->reset();
  EXPECT_TRUE(held.expired());
}

TEST_F(DuckDbSnapshotTest, ItsFailureIsTheQuerys) {
  auto view = Ticks();
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> {
    return MakeError(ErrorCode::kCorrupt, "why");
  };
  EXPECT_EQ(Run(view, kAll), "table market.ticks: why");
}

TEST_F(DuckDbSnapshotTest, LiveRowsOfATableWhoseFilesDiffer) {
  lake_.Write("ticks/dt=2020-05-14/a.parquet", "select 'A' as name, 2::integer as high");
  WriteTick("live/ticks/dt=2020-05-15/b.parquet", "B");
  auto view = Ticks();
  view.columns_differ = true;
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> {
    return TableFiles{{lake_.root() + "/ticks/dt=2020-05-14/a.parquet", Live()}, lake_.root() + "/live/"};
  };
  EXPECT_EQ(Run(view, "select name, high, dt from ticks order by name"),
            "name,high,dt\nA,2,2020-05-14\nB,1.5,2020-05-15\n");
}

TEST_F(DuckDbSnapshotTest, ObjectsOfJsonWithAndWithoutNewlines) {
  auto view = Ticks();
  view.glob = lake_.root() + "/ticks/dt=*/*";
  view.format = "json";
  EXPECT_EQ(Run(view, kAll), "name,high,t,dt\n") << "no file yet";
  Write("ticks/dt=2020-05-14/a",
        "{\"name\":\"A\",\"high\":1,\"ts\":\"2020-05-14T13:30:00Z\"}{\"high\":2.5,\"name\":\"B\"}");
  Write("ticks/dt=2020-05-15/b", "{\"name\":\"C\",\"more\":[1]}\n{\"name\":\"D\"}\n");
  EXPECT_EQ(Run(view, kAll),
            "name,high,t,dt\nA,1,1589463000,2020-05-14\nB,2.5,,2020-05-14\nC,,,2020-05-15\nD,,,2020-05-15\n");
  Write("live/ticks/dt=2020-05-15/e", "{\"name\":\"E\"}");
  view.snapshot = [&](std::stop_token) -> Result<TableFiles> {
    return TableFiles{{lake_.root() + "/ticks/dt=2020-05-15/b", lake_.root() + "/live/ticks/dt=2020-05-15/e"},
                      lake_.root() + "/live/"};
  };
  EXPECT_EQ(Run(view, "select name, dt from ticks order by name"),
            "name,dt\nC,2020-05-15\nD,2020-05-15\nE,2020-05-15\n");
}

}  // namespace
}  // namespace penstock::query
