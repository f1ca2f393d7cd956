#include "lake/table_check.h"

#include <arrow/table.h>
#include <gtest/gtest.h>

#include "lake/partitioned_table.h"
#include "lake/series_table.h"
#include "lake/test_bars.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

struct TableCheckTest : testing::Test {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 12))};
  store::MemoryStore store{clock};
  HiveTableFormat format{store};

  void Put(const std::string& key, const std::vector<TestBar>& bars) {
    const auto table = arrow::Table::FromRecordBatches({BarBatch(bars)}).ValueOrDie();
    ASSERT_TRUE(store.Put(key, WriteParquet(*table).ValueOrDie()).ok());
  }
  TableReport Check() { return CheckTable(store, DailyBarsTable(), "").ValueOrDie(); }
};

TEST_F(TableCheckTest, ASoundTable) {
  const auto table = PartitionedTable::Make(store, format, DailyBarsTable()).ValueOrDie();
  const auto first = MakeDate(2017, 8, 10);
  const auto last = MakeDate(2017, 8, 11);
  ASSERT_TRUE(table
                  ->Upsert({BarBatch({{.symbol = "A", .date = first},
                                      {.symbol = "B", .date = last, .fetched_at = 1'502'600'000'000}})},
                           {BarBatch({{.symbol = "C"}, {.date = std::nullopt}}, true)})
                  .ok());
  const auto report = Check();
  EXPECT_TRUE(report.problems.empty()) << report.problems[0].what;
  EXPECT_EQ(report.files, 2U);
  EXPECT_EQ(report.rows, 2);
  EXPECT_EQ(report.rejected_files, 2U);
  EXPECT_EQ(report.rejected_rows, 2);
  EXPECT_EQ(report.first, first);
  EXPECT_EQ(report.last, last);
  EXPECT_EQ(report.newest, TimePoint(std::chrono::milliseconds(1'502'600'000'000)));
}

TEST_F(TableCheckTest, EachKindOfDamageIsNamed) {
  EXPECT_EQ(Check().files, 0U);
  Put("clean/bars/dt=2017-08-11/bars.parquet", {{.symbol = "B"}, {.symbol = "A"}});
  Put("clean/bars/dt=2017-08-12/bars.parquet", {{}});
  Put("clean/bars/dt=2017-08-13/bars.parquet",
      {{.date = MakeDate(2017, 8, 13)}, {.date = MakeDate(2017, 8, 13)}});
  Put("clean/bars/dt=2017-08-14/other.parquet", {{}});
  ASSERT_TRUE(store.Put("clean/bars/dt=2017-08-15/bars.parquet", "PAR1").ok());
  Put("rejected/bars/dt=2017-08-15/bars.parquet", {{}});
  Put("clean/bars/dt=2017-08-16/bars.parquet", {{.date = MakeDate(2017, 8, 16)}});
  const auto report = Check();
  std::vector<std::string> keys;
  for (const auto& problem : report.problems) keys.push_back(problem.key);
  EXPECT_EQ(keys, (std::vector<std::string>{
                      "clean/bars/dt=2017-08-11/bars.parquet", "clean/bars/dt=2017-08-12/bars.parquet",
                      "clean/bars/dt=2017-08-13/bars.parquet", "clean/bars/dt=2017-08-14/other.parquet",
                      "clean/bars/dt=2017-08-15/bars.parquet", "rejected/bars/dt=2017-08-15/bars.parquet"}));
  EXPECT_EQ(report.files, 6U);
}

TEST_F(TableCheckTest, ATableOfSeries) {
  const auto table = SeriesTable::Make(store, format, DailyBarsTable()).ValueOrDie();
  const auto first = MakeDate(2017, 8, 10);
  for (const char* symbol : {"A", "^B"}) {
    ASSERT_TRUE(table
                    ->Upsert({symbol,
                              {BarBatch({{.symbol = symbol, .date = first}, {.symbol = symbol}})},
                              {BarBatch({{.symbol = symbol, .date = std::nullopt}}, true)}})
                    .status.ok());
  }
  auto report = CheckSeriesTable(store, DailyBarsTable(), "").ValueOrDie();
  EXPECT_TRUE(report.problems.empty()) << report.problems[0].what;
  EXPECT_EQ(report.files, 2U);
  EXPECT_EQ(report.rows, 4);
  EXPECT_EQ(report.rejected_rows, 2);
  EXPECT_EQ(report.first, first);
  EXPECT_EQ(report.last, MakeDate(2017, 8, 11));

  Put("clean/bars/A.parquet", {{.symbol = "A"}, {.symbol = "A", .date = first}});
  Put("clean/bars/C.parquet", {{.symbol = "D"}});
  Put("clean/bars/E.parquet", {{.symbol = "E"}, {.symbol = "E"}});
  Put("clean/bars/dt=2017-08-11/bars.parquet", {{}});
  ASSERT_TRUE(store.Put("rejected/bars/A.parquet", "PAR1").ok());
  report = CheckSeriesTable(store, DailyBarsTable(), "").ValueOrDie();
  std::vector<std::string> keys;
  for (const auto& problem : report.problems) keys.push_back(problem.key);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"clean/bars/A.parquet", "clean/bars/C.parquet", "clean/bars/E.parquet",
                                      "clean/bars/dt=2017-08-11/bars.parquet", "rejected/bars/A.parquet"}));
}

}  // namespace
}  // namespace penstock::lake
