#include "lake/parquet_append.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "lake/parquet_file.h"
#include "lake/parquet_tail.h"
#include "lake/test_rows.h"

namespace penstock::lake {
namespace {

std::vector<RowRef> RowsOf(const BatchView& view) {
  std::vector<RowRef> rows;
  for (int64_t row = 0; row < view.rows(); ++row) rows.push_back({&view, row});
  return rows;
}

ParquetFooter FooterOf(const std::string& bytes) {
  return ParquetFooter::Parse(bytes, static_cast<int64_t>(bytes.size())).ValueOrDie();
}

// Every type, nulls, NaN, zeros of both signs, texts too long for statistics; read by Parquet's own reader
// with checksums, and the last row by ours.
TEST(ParquetAppend, EveryTypeComesBackAsItWas) {
  Random random(1);
  for (const bool nullable : {true, false}) {
    const auto schema = EveryType(nullable);
    for (int round = 0; round < 60; ++round) {
      const auto all = RandomRows(schema, 1 + static_cast<int>(random.Uniform(0, 40)), random);
      int64_t at = random.Uniform(0, all->num_rows() - 1);
      std::string file =
          WriteParquet(*arrow::Table::FromRecordBatches({all->Slice(0, at)}).ValueOrDie()).ValueOrDie();
      while (at < all->num_rows()) {
        const int64_t count = random.Uniform(1, std::min<int64_t>(20, all->num_rows() - at));
        const auto view = BatchView::Make(all->Slice(at, count)).ValueOrDie();
        const auto footer = FooterOf(file);
        ASSERT_TRUE(HoldsColumns(footer, *schema));
        const auto kept = file.substr(0, static_cast<size_t>(footer.begin()));
        auto grown = AppendRowGroup(file, footer, RowsOf(*view));
        ASSERT_TRUE(grown.ok()) << grown.status();
        ASSERT_TRUE(grown->starts_with(kept));
        file = *std::move(grown);
        at += count;
      }
      const auto read = ReadParquet(file);
      ASSERT_TRUE(read.ok()) << read.status();
      ASSERT_TRUE(SameRows(*(*read)->CombineChunksToBatch().ValueOrDie(), *all)) << round;
      const auto footer = FooterOf(file);
      EXPECT_EQ(footer.rows(), all->num_rows());
      RowColumns last(schema);
      TailReader reader;
      ASSERT_TRUE(reader.ReadLastRow(file, static_cast<int64_t>(file.size()), footer, last).ValueOrDie());
      ASSERT_TRUE(SameRows(*last.Finish().ValueOrDie(), *all->Slice(all->num_rows() - 1)));
    }
  }
}

TEST(ParquetAppend, ANullWhereTheFileHasNoneIsRefused) {
  Random random(2);
  const auto strict = EveryType(false);
  const auto file =
      WriteParquet(*arrow::Table::FromRecordBatches({RandomRows(strict, 3, random)}).ValueOrDie())
          .ValueOrDie();
  RowColumns columns(EveryType(true));
  for (int i = 0; i < strict->num_fields(); ++i) columns.AddNull(i);
  const auto view = BatchView::Make(columns.Finish().ValueOrDie()).ValueOrDie();
  EXPECT_EQ(CodeOf(AppendRowGroup(file, FooterOf(file), RowsOf(*view)).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(AppendRowGroup(file, FooterOf(file), {}).status()), ErrorCode::kUsage);
}

TEST(ParquetFooter, OtherColumnsAreToldApart) {
  Random random(3);
  const auto schema = EveryType(true);
  const auto file =
      WriteParquet(*arrow::Table::FromRecordBatches({RandomRows(schema, 3, random)}).ValueOrDie())
          .ValueOrDie();
  const auto footer = FooterOf(file);
  EXPECT_TRUE(HoldsColumns(footer, *EveryType(false))) << "what may be null is left open";
  for (int i = 0; i < schema->num_fields(); ++i) {
    for (int j = 0; j < schema->num_fields(); ++j) {
      const auto other =
          schema->SetField(i, schema->field(i)->WithType(schema->field(j)->type())).ValueOrDie();
      EXPECT_EQ(HoldsColumns(footer, *other), i == j) << other->field(i)->ToString() << " for " << i;
    }
    EXPECT_FALSE(HoldsColumns(footer, *schema->RemoveField(i).ValueOrDie()));
    EXPECT_FALSE(
        HoldsColumns(footer, *schema->SetField(i, schema->field(i)->WithName("other")).ValueOrDie()));
  }
}

// The end of a file alone is enough, and is asked for when it is too short.
TEST(ParquetFooter, ReadsTheTailAlone) {
  Random random(4);
  const auto file =
      WriteParquet(*arrow::Table::FromRecordBatches({RandomRows(EveryType(true), 50, random)}).ValueOrDie())
          .ValueOrDie();
  const auto size = static_cast<int64_t>(file.size());
  const auto begin = static_cast<size_t>(FooterOf(file).begin());
  EXPECT_TRUE(ParquetFooter::Parse(std::string_view(file).substr(begin), size).ok());
  EXPECT_EQ(CodeOf(ParquetFooter::Parse(std::string_view(file).substr(begin + 1), size).status()),
            ErrorCode::kTooLarge);
  EXPECT_EQ(CodeOf(ParquetFooter::Parse("PAR1", size).status()), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf(ParquetFooter::Parse(file.substr(0, file.size() - 1), size).status()),
            ErrorCode::kCorrupt);
}

// Damage anywhere is an error or a value, never a crash; a damaged page of the last row is never a value.
TEST(ParquetTail, DamageIsNoCrash) {
  Random random(5);
  const auto schema = EveryType(true);
  const auto all = RandomRows(schema, 30, random);
  const auto file = WriteParquet(*arrow::Table::FromRecordBatches({all}).ValueOrDie()).ValueOrDie();
  for (int i = 0; i < 4000; ++i) {
    std::string bad = file;
    const int flips = static_cast<int>(random.Uniform(1, 4));
    for (int flip = 0; flip < flips; ++flip) {
      auto& byte = bad[static_cast<size_t>(random.Uniform(0, static_cast<int64_t>(bad.size()) - 1))];
      byte = static_cast<char>(random.Uniform(0, 255));
    }
    if (i % 5 == 0) bad.resize(static_cast<size_t>(random.Uniform(0, static_cast<int64_t>(bad.size()))));
    const auto size = static_cast<int64_t>(bad.size());
    const auto footer = ParquetFooter::Parse(bad, size);
    if (!footer.ok() || !HoldsColumns(*footer, *schema)) continue;
    RowColumns rows(schema);
    TailReader reader;
    const auto read = reader.ReadLastRow(bad, size, *footer, rows);
    ASSERT_EQ(rows.rows(), read.ok() && *read ? 1 : 0);
    if (read.ok() && *read) {
      ASSERT_TRUE(rows.Finish().ok());
    }
  }
}

}  // namespace
}  // namespace penstock::lake
