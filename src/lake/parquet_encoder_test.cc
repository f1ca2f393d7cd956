#include "lake/parquet_encoder.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstring>

#include "lake/parquet_file.h"
#include "lake/test_rows.h"

namespace penstock::lake {
namespace {

std::string Encoded(const arrow::RecordBatch& rows, const ParquetOptions& options = {}) {
  return ParquetEncoder(rows.schema(), options).Encode(rows).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Read(const std::string& bytes) {
  return ReadParquet(bytes).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
}

std::unique_ptr<parquet::ParquetFileReader> Open(const std::string& bytes) {
  return parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
}

// Read by Parquet's own reader, which verifies the checksums.
TEST(ParquetEncoder, EveryTypeComesBackFromPagesAndRowGroupsOfAnySize) {
  Random random(1);
  for (const bool nullable : {true, false}) {
    const auto schema = EveryType(nullable);
    for (const int rows : {0, 1, 7, 8, 9, 63, 300, 1'000}) {
      const auto all = RandomRows(schema, rows, random);
      for (const int64_t rows_a_group : {int64_t{64}, int64_t{128 * 1024}}) {
        for (const int level : {0, 1, 3}) {
          ParquetOptions options;
          options.rows_a_group = rows_a_group;
          options.zstd_level = level;
          EXPECT_TRUE(SameRows(*Read(Encoded(*all, options)), *all)) << rows << " " << rows_a_group;
        }
      }
      if (rows > 20) {
        const auto slice = all->Slice(5, rows - 9);
        EXPECT_TRUE(SameRows(*Read(Encoded(*slice)), *slice));
      }
    }
  }
}

TEST(ParquetEncoder, RepeatingColumnsAreStoredAsDifferences) {
  Random random(2);
  arrow::FieldVector fields;
  ParquetOptions options;
  const auto every = EveryType(true);
  for (const auto& field : every->fields()) {
    if (field->type()->id() == arrow::Type::BOOL || arrow::is_floating(field->type()->id())) continue;
    fields.push_back(field);
    options.repeating.push_back(field->name());
  }
  const auto all = RandomRows(arrow::schema(fields), 400, random);
  const std::string bytes = Encoded(*all, options);
  EXPECT_TRUE(SameRows(*Read(bytes), *all));
  const auto metadata = Open(bytes)->metadata();
  const auto group = metadata->RowGroup(0);
  for (int i = 0; i < group->num_columns(); ++i) {
    EXPECT_EQ(group->ColumnChunk(i)->compression(), parquet::Compression::UNCOMPRESSED);
    EXPECT_NE(group->ColumnChunk(i)->encodings()[0], parquet::Encoding::PLAIN);
  }
}

TEST(ParquetEncoder, LargeColumnsAreZstdAndSmallOnesPlain) {
  const auto rows_of = [](int count) {
    arrow::Int64Builder builder;
    for (int i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(i / 10).ok());
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), count,
                                    {builder.Finish().ValueOrDie()});
  };
  const auto codec_of = [&](int count, int level) {
    ParquetOptions options;
    options.zstd_level = level;
    return Open(Encoded(*rows_of(count), options))->metadata()->RowGroup(0)->ColumnChunk(0)->compression();
  };
  EXPECT_EQ(codec_of(10, 1), parquet::Compression::UNCOMPRESSED);
  EXPECT_EQ(codec_of(1'000, 1), parquet::Compression::ZSTD);
  EXPECT_EQ(codec_of(1'000, 0), parquet::Compression::UNCOMPRESSED);
  EXPECT_LT(Encoded(*rows_of(100'000)).size(), 100'000U);
}

// The statistics and the page index against the rows: pages end after 20,000 rows.
TEST(ParquetEncoder, StatisticsAndPageIndexSayWhatIsInEachPage) {
  constexpr int kRows = 50'000, kPage = 20'000;
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  arrow::DoubleBuilder nothing;
  for (int i = 0; i < kRows; ++i) {
    const bool null = i % 3 == 0 || i / kPage == 1;  // the second page has nulls only
    EXPECT_TRUE(numbers.Append(i / 100).ok());
    EXPECT_TRUE((null ? texts.AppendNull() : texts.Append("t" + std::to_string(100'000 - i))).ok());
    EXPECT_TRUE(nothing.AppendNull().ok());
  }
  const auto rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("number", arrow::int64(), false), arrow::field("text", arrow::utf8()),
                     arrow::field("nothing", arrow::float64())}),
      kRows, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), nothing.Finish().ValueOrDie()});
  const std::string bytes = Encoded(*rows, {.sorted_by = {"number"}, .metadata = {{"k", "v"}}});
  EXPECT_TRUE(SameRows(*Read(bytes), *rows));

  const auto file = Open(bytes);
  const auto metadata = file->metadata();
  EXPECT_EQ(metadata->created_by(), "penstock");
  EXPECT_EQ(metadata->key_value_metadata()->Get("k").ValueOrDie(), "v");
  EXPECT_EQ(metadata->key_value_metadata()->Get("sorted_by").ValueOrDie(), "number");
  const auto group = metadata->RowGroup(0);
  ASSERT_EQ(group->sorting_columns().size(), 1U);
  EXPECT_EQ(group->sorting_columns()[0].column_idx, 0);

  const auto number = [](const std::string& plain) {
    int64_t value = 0;
    std::memcpy(&value, plain.data(), sizeof value);
    return value;
  };
  EXPECT_EQ(number(group->ColumnChunk(0)->statistics()->EncodeMin()), 0);
  EXPECT_EQ(number(group->ColumnChunk(0)->statistics()->EncodeMax()), (kRows - 1) / 100);
  EXPECT_EQ(group->ColumnChunk(1)->statistics()->EncodeMin(), "t50001");
  EXPECT_EQ(group->ColumnChunk(1)->statistics()->EncodeMax(), "t99999");
  EXPECT_EQ(group->ColumnChunk(2)->statistics()->null_count(), kRows);
  EXPECT_FALSE(group->ColumnChunk(2)->statistics()->HasMinMax());

  const auto index = file->GetPageIndexReader()->RowGroup(0);
  ASSERT_NE(index, nullptr);
  const auto of_numbers = index->GetColumnIndex(0);
  ASSERT_EQ(of_numbers->null_pages(), std::vector<bool>({false, false, false}));
  EXPECT_EQ(of_numbers->boundary_order(), parquet::BoundaryOrder::Ascending);
  const auto offsets = index->GetOffsetIndex(0)->page_locations();
  ASSERT_EQ(offsets.size(), 3U);
  for (int page = 0; page < 3; ++page) {
    EXPECT_EQ(number(of_numbers->encoded_min_values()[static_cast<size_t>(page)]), page * kPage / 100);
    EXPECT_EQ(number(of_numbers->encoded_max_values()[static_cast<size_t>(page)]),
              (std::min((page + 1) * kPage, kRows) - 1) / 100);
    EXPECT_EQ(offsets[static_cast<size_t>(page)].first_row_index, page * kPage);
  }
  const auto of_texts = index->GetColumnIndex(1);
  EXPECT_EQ(of_texts->null_pages(), std::vector<bool>({false, true, false}));
  EXPECT_EQ(of_texts->null_counts()[1], kPage);
  EXPECT_EQ(of_texts->encoded_max_values()[2], "t60000");
  EXPECT_EQ(index->GetColumnIndex(2)->null_pages(), std::vector<bool>({true, true, true}));
}

TEST(ParquetEncoder, ColumnsWithoutTypeAndSecondsAreStoredAsParquetCan) {
  arrow::TimestampBuilder seconds(arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"),
                                  arrow::default_memory_pool());
  EXPECT_TRUE(seconds.AppendValues({0, -5, 1'502'500'000}).ok());
  const auto rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("nothing", arrow::null()), arrow::field("at", seconds.type())}), 3,
      {arrow::MakeArrayOfNull(arrow::null(), 3).ValueOrDie(), seconds.Finish().ValueOrDie()});
  const auto read = Read(Encoded(*rows));
  EXPECT_EQ(read->column(0)->null_count(), 3);
  EXPECT_EQ(read->schema()->field(1)->type()->ToString(), "timestamp[ms, tz=UTC]");
  EXPECT_EQ(std::static_pointer_cast<arrow::TimestampArray>(read->column(1))->Value(1), -5'000);
}

TEST(ParquetEncoder, WhatDoesNotFitTheSchemaIsOurBug) {
  Random random(3);
  const ParquetEncoder encoder(EveryType(false), {});
  EXPECT_EQ(CodeOf(encoder.Encode(*RandomRows(EveryType(true), 9, random)).status()), ErrorCode::kInternal);
  const auto list = arrow::schema({arrow::field("list", arrow::list(arrow::int32()))});
  EXPECT_EQ(
      CodeOf(ParquetEncoder(list, {}).Encode(*arrow::RecordBatch::MakeEmpty(list).ValueOrDie()).status()),
      ErrorCode::kInternal);
  const auto one = RandomRows(EveryType(false), 1, random);
  EXPECT_EQ(CodeOf(ParquetEncoder(one->schema(), {.sorted_by = {"none"}}).Encode(*one).status()),
            ErrorCode::kInternal);
}

}  // namespace
}  // namespace penstock::lake
