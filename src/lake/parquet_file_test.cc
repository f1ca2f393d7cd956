#include "lake/parquet_file.h"

#include <arrow/table.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "lake/test_bars.h"

namespace penstock::lake {
namespace {

std::shared_ptr<arrow::Table> Bars(int count) {
  std::vector<TestBar> bars;
  for (int i = 0; i < count; ++i) {
    TestBar bar;
    bar.symbol = "S" + std::to_string(1000 + i);
    bar.close = 10.01 + i;
    if (i % 7 == 0) bar.adj_close = std::nullopt;
    bars.push_back(bar);
  }
  return arrow::Table::FromRecordBatches({BarBatch(bars)}).ValueOrDie();
}

ParquetOptions Options() {
  return {.sorted_by = {"symbol", "date"}, .metadata = {{"penstock.table", "bars"}}};
}

TEST(ParquetFile, RoundTripKeepsRowsTypesAndMetadata) {
  const auto table = Bars(500);
  const auto bytes = WriteParquet(*table, Options()).ValueOrDie();
  EXPECT_LT(bytes.size(), 20'000U);
  const auto read = ReadParquet(bytes, "clean/x").ValueOrDie();
  EXPECT_TRUE(read->Equals(*table)) << read->schema()->ToString();
  EXPECT_TRUE(read->schema()->Equals(*table->schema(), false));
  EXPECT_EQ(MetadataOf(*read->schema(), "penstock.table"), "bars");
  EXPECT_EQ(MetadataOf(*read->schema(), "sorted_by"), "symbol,date");
  EXPECT_NE(bytes.find("penstock"), bytes.npos);
}

TEST(ParquetFile, SameRowsSameBytes) {
  EXPECT_EQ(WriteParquet(*Bars(500), Options()).ValueOrDie(),
            WriteParquet(*Bars(500), Options()).ValueOrDie());
}

TEST(ParquetFile, ManyRowGroupsAndNoRows) {
  auto options = Options();
  options.rows_a_group = 100;
  const auto table = Bars(257);
  EXPECT_TRUE(ReadParquet(WriteParquet(*table, options).ValueOrDie()).ValueOrDie()->Equals(*table));
  const auto empty = Bars(0);
  EXPECT_EQ(ReadParquet(WriteParquet(*empty, options).ValueOrDie()).ValueOrDie()->num_rows(), 0);
}

TEST(ParquetFile, RowsOutOfOrderAreOurBug) {
  const auto table =
      arrow::Table::FromRecordBatches({BarBatch({{.symbol = "B"}, {.symbol = "A"}})}).ValueOrDie();
  EXPECT_EQ(CodeOf(WriteParquet(*table, Options()).status()), ErrorCode::kInternal);
}

// Part 1: "a corrupt Parquet file in the lake". Cut anywhere: Corrupt. A byte changed in a page: Corrupt, by
// its checksum; a byte changed elsewhere: Corrupt or the file is still readable, never a crash.
TEST(ParquetFile, DamageIsCorrupt) {
  const auto table = Bars(300);
  const auto bytes = WriteParquet(*table, Options()).ValueOrDie();
  for (size_t size = 0; size < bytes.size(); size += 61) {
    EXPECT_EQ(CodeOf(ReadParquet(bytes.substr(0, size), "k").status()), ErrorCode::kCorrupt) << size;
  }
  Random random(7);
  int corrupt = 0;
  for (int i = 0; i < 300; ++i) {
    std::string other = bytes;
    other[static_cast<size_t>(random.Uniform(0, static_cast<int64_t>(bytes.size()) - 1))] ^=
        static_cast<char>(random.Uniform(1, 255));
    const auto read = ReadParquet(other, "clean/bars/dt=2017-08-11/bars.parquet");
    if (read.ok()) continue;
    ++corrupt;
    EXPECT_EQ(CodeOf(read.status()), ErrorCode::kCorrupt);
    EXPECT_NE(read.status().message().find("clean/bars/dt=2017-08-11/bars.parquet"), std::string::npos);
    EXPECT_FALSE(AdviceOf(read.status()).empty());
  }
  EXPECT_GT(corrupt, 150);
  EXPECT_EQ(CodeOf(ReadParquet("PAR1 no, not this one PAR1").status()), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace penstock::lake
