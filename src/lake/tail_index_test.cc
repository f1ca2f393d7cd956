#include "lake/tail_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fault.h"
#include "base/random.h"
#include "lake/test_bars.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Date kDay = MakeDate(2017, 8, 11);
constexpr const char* kIndex = "index/bars.tails";

struct TailIndexTest : testing::Test {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 12))};
  store::MemoryStore store{clock};
  HiveTableFormat format{store};
  std::unique_ptr<SeriesTable> table = SeriesTable::Make(store, format, DailyBarsTable()).ValueOrDie();
  TailIndex index{*table};

  SeriesOutcome Put(const std::string& symbol, int day, double close) {
    const auto outcome = table->Upsert(
        {symbol, {BarBatch({{.symbol = symbol, .date = kDay + std::chrono::days(day), .close = close}})}, {}},
        {.tails = true});
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    return outcome;
  }
  void PutThree() {
    Put("A", 0, 1);
    Put("B", 0, 2);
    Put("C", 0, 3);
  }
  // Directly from the files; what the index says has to be this.
  std::vector<std::string> Truth() { return Text(ReadLatestRows(*table).ValueOrDie()); }
  static std::vector<std::string> Text(const LatestRows& latest) {
    std::vector<std::string> rows;
    const auto view = BatchView::Make(latest.rows).ValueOrDie();
    for (int64_t row = 0; row < view->rows(); ++row) {
      const int columns[] = {0, 1, 5};
      rows.push_back(DescribeKey({view.get(), row}, columns));
    }
    EXPECT_EQ(rows.size(), latest.files.size());
    return rows;
  }
  void ExpectAnswer(size_t from_index, size_t from_files) {
    const auto answer = index.Read().ValueOrDie();
    EXPECT_EQ(Text(answer.latest), Truth());
    EXPECT_EQ(answer.from_index, from_index);
    EXPECT_EQ(answer.from_files, from_files);
  }
};

// US-5.
TEST_F(TailIndexTest, TheLastRowsOfAllFiles) {
  EXPECT_THAT(Truth(), IsEmpty());
  PutThree();
  Put("A", 1, 4);
  EXPECT_THAT(Truth(), ElementsAre("A/2017-08-12/4", "B/2017-08-11/2", "C/2017-08-11/3"));
  // A tail that is too short for the footer is no obstacle.
  LatestOptions options;
  options.tail_bytes = 64;
  EXPECT_EQ(Text(ReadLatestRows(*table, options).ValueOrDie()), Truth());
}

TEST_F(TailIndexTest, ADamagedFileIsNamedAndTheOthersAreThere) {
  PutThree();
  ASSERT_TRUE(store.Put("clean/bars/B.parquet", "PAR1 nothing PAR1").ok());
  ASSERT_TRUE(store.Put("clean/bars/note.txt", "not a series").ok());
  const auto latest = ReadLatestRows(*table).ValueOrDie();
  EXPECT_THAT(Text(latest), ElementsAre("A/2017-08-11/1", "C/2017-08-11/3"));
  ASSERT_EQ(latest.failures.size(), 1U);
  EXPECT_EQ(latest.failures[0].key, "clean/bars/B.parquet");
  EXPECT_EQ(CodeOf(latest.failures[0].status), ErrorCode::kCorrupt);
  ASSERT_TRUE(index.Refresh().ok());
  EXPECT_EQ(index.Read()->latest.failures.size(), 1U);
  ExpectAnswer(2, 0);
}

// Files of one large row group, as other tools write them: zstd, pages of many rows, nulls at the end.
TEST_F(TailIndexTest, FilesOfOneRowGroup) {
  std::vector<TestBar> bars;
  for (int i = 0; i < 2000; ++i)
    bars.push_back({.date = kDay + std::chrono::days(i), .close = i, .adj_close = std::nullopt});
  bars[1000].adj_close = 5;
  const auto whole = arrow::Table::FromRecordBatches({BarBatch(bars)}).ValueOrDie();
  ASSERT_TRUE(store.Put("clean/bars/AAPL.parquet", WriteParquet(*whole).ValueOrDie()).ok());
  const auto latest = ReadLatestRows(*table, {.tail_bytes = 1 << 20}).ValueOrDie();
  EXPECT_TRUE(latest.rows->Equals(*whole->Slice(1999)->CombineChunksToBatch().ValueOrDie()));
  EXPECT_TRUE(ReadLatestRows(*table).ValueOrDie().rows->Equals(*latest.rows));
}

TEST_F(TailIndexTest, WithoutAnIndexTheFilesAnswerAndRefreshMakesOne) {
  PutThree();
  ExpectAnswer(0, 3);
  EXPECT_FALSE(store.Head(kIndex).ok()) << "reading writes nothing";
  ASSERT_TRUE(index.Refresh().ok());
  ExpectAnswer(3, 0);
  const auto etag = store.Head(kIndex)->etag;
  ASSERT_TRUE(index.Refresh().ok());
  EXPECT_EQ(store.Head(kIndex)->etag, etag) << "nothing new, nothing written";
}

TEST_F(TailIndexTest, ABatchOfWritesMaintainsIt) {
  PutThree();
  ASSERT_TRUE(index.Refresh().ok());
  std::vector<SeriesTail> tails;
  for (const auto& outcome : {Put("A", 1, 4), Put("D", 0, 5), Put("A", 2, 6), Put("0", 0, 7)})
    tails.push_back(outcome.tail.value());
  ASSERT_TRUE(index.Apply(tails).ok());
  ExpectAnswer(5, 0);
  EXPECT_THAT(Truth(), ElementsAre("0/2017-08-11/7", "A/2017-08-13/6", "B/2017-08-11/2", "C/2017-08-11/3",
                                   "D/2017-08-11/5"));
  // A series whose rows were all rejected has no file any more.
  const auto gone =
      table->Upsert({"B", {}, {BarBatch({{.symbol = "B", .close = 2}}, true)}}, {.tails = true});
  ASSERT_TRUE(gone.status.ok()) << gone.status;
  ASSERT_TRUE(gone.tail.has_value());
  ASSERT_TRUE(index.Apply(std::span(&*gone.tail, 1)).ok());
  ExpectAnswer(4, 0);
  EXPECT_FALSE(index.Read()->has_stale);
}

TEST_F(TailIndexTest, AFileThatIsNewerThanTheIndex) {
  PutThree();
  ASSERT_TRUE(index.Refresh().ok());
  Put("B", 1, 9);
  ExpectAnswer(2, 1);
  ASSERT_TRUE(index.Refresh().ok());
  ExpectAnswer(3, 0);
}

TEST_F(TailIndexTest, AFileThatIsGoneOrCameByHand) {
  PutThree();
  ASSERT_TRUE(index.Refresh().ok());
  ASSERT_TRUE(store.Delete("clean/bars/B.parquet").ok());
  ExpectAnswer(2, 0);
  ASSERT_TRUE(store.Put("clean/bars/AA.parquet", store.Get("clean/bars/A.parquet")->bytes).ok());
  // The same bytes put again are another version.
  ASSERT_TRUE(store.Put("clean/bars/C.parquet", store.Get("clean/bars/C.parquet")->bytes).ok());
  ExpectAnswer(1, 2);
  EXPECT_TRUE(index.Read()->has_stale);
  ASSERT_TRUE(index.Refresh().ok());
  ExpectAnswer(3, 0);
  EXPECT_FALSE(index.Read()->has_stale);
}

TEST_F(TailIndexTest, ADamagedIndexIsNotUsed) {
  PutThree();
  ASSERT_TRUE(index.Refresh().ok());
  const auto good = store.Get(kIndex)->bytes;
  std::vector<std::string> bad{"",
                               "PSTAILS1",
                               "garbage",
                               std::string(good.size(), 'x'),
                               good + "x",
                               good.substr(0, good.size() / 2),
                               good.substr(0, good.size() - 1)};
  Random random(7);
  for (int i = 0; i < 50; ++i) {
    bad.push_back(good);
    auto& byte = bad.back()[static_cast<size_t>(random.Uniform(0, static_cast<int64_t>(good.size()) - 1))];
    byte = static_cast<char>(byte ^ (1 << random.Uniform(0, 7)));
  }
  for (const auto& bytes : bad) {
    ASSERT_TRUE(store.Put(kIndex, bytes).ok());
    ExpectAnswer(0, 3);
    EXPECT_FALSE(index.Read()->index_usable);
    const auto tail = Put("A", 0, static_cast<double>(random.Uniform(5, 1'000'000'000))).tail;
    ASSERT_TRUE(index.Apply(std::span(&*tail, 1)).ok()) << "what cannot be maintained is left to Refresh";
  }
  ASSERT_TRUE(index.Refresh().ok());
  ExpectAnswer(3, 0);
}

TEST_F(TailIndexTest, TheIndexOfAnotherTableIsNotUsed) {
  PutThree();
  ASSERT_TRUE(index.Refresh().ok());
  auto spec = DailyBarsTable();
  spec.schema = spec.schema->RemoveField(8).ValueOrDie();
  const auto other = SeriesTable::Make(store, format, spec).ValueOrDie();
  EXPECT_FALSE(TailIndex(*other).Read()->index_usable);
}

// kill -9 between a file and the index, or before and after the index.
TEST_F(TailIndexTest, AProcessThatDiesBetweenAFileAndTheIndex) {
  PutThree();
  ASSERT_TRUE(index.Refresh().ok());
  const auto tail = Put("A", 1, 4).tail.value();  // and dies: the index never hears of it
  ExpectAnswer(2, 1);
  for (const char* point : {"lake.index.before=error", "lake.index.after=error"}) {
    ASSERT_TRUE(ArmFaults(point).ok());
    EXPECT_FALSE(index.Apply(std::span(&tail, 1)).ok());
    ASSERT_TRUE(ArmFaults("").ok());
    EXPECT_EQ(Text(index.Read()->latest), Truth());
  }
  ExpectAnswer(3, 0);
  // Two batches, entered in the wrong order: the older tail does not hide the newer file.
  const auto first = Put("A", 2, 5).tail.value();
  const auto second = Put("A", 3, 6).tail.value();
  ASSERT_TRUE(index.Apply(std::span(&second, 1)).ok());
  ASSERT_TRUE(index.Apply(std::span(&first, 1)).ok());
  ExpectAnswer(2, 1);
}

// Any writes, with the index told of some of them: the answer is always that of the files.
TEST_F(TailIndexTest, WhateverTheIndexMissedTheAnswerIsThatOfTheFiles) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const auto symbol = std::string(1, static_cast<char>('A' + random.Uniform(0, 9)));
    const auto outcome = Put(symbol, static_cast<int>(random.Uniform(0, 30)), static_cast<double>(i + 1));
    switch (random.Uniform(0, 4)) {
      case 0: ASSERT_TRUE(index.Refresh().ok()); break;
      case 1:
      case 2:
        if (outcome.tail) {
          ASSERT_TRUE(index.Apply(std::span(&*outcome.tail, 1)).ok());
        }
        break;
      case 3: ASSERT_TRUE(store.Delete("clean/bars/" + symbol + ".parquet").ok()); break;
      default: break;
    }
    ASSERT_EQ(Text(index.Read()->latest), Truth()) << i;
  }
}

}  // namespace
}  // namespace penstock::lake
