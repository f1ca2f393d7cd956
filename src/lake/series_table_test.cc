#include "lake/series_table.h"

#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "base/fault.h"
#include "base/random.h"
#include "lake/parquet_footer.h"
#include "lake/test_bars.h"
#include "store/faulty_store.h"
#include "store/folder_store.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kClean = "clean/bars/AAPL.parquet";
const Date kDay = MakeDate(2017, 8, 11);

Date Day(int i) { return kDay + std::chrono::days(i); }

struct Lake {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 12))};
  store::MemoryStore memory{clock};
  store::ObjectStore& store;
  HiveTableFormat format{store};
  std::unique_ptr<SeriesTable> table = SeriesTable::Make(store, format, DailyBarsTable()).ValueOrDie();

  Lake() : store(memory) {}
  explicit Lake(store::ObjectStore& other) : store(other) {}

  SeriesOutcome Upsert(const std::vector<TestBar>& accepted, const std::vector<TestBar>& rejected = {},
                       std::string symbol = "AAPL") {
    return table->Upsert({std::move(symbol), {BarBatch(accepted)}, {BarBatch(rejected, true)}});
  }
};

// "11:10.5" a row: day of the month and close.
std::vector<std::string> Rows(const Result<StoredFile>& stored) {
  std::vector<std::string> rows;
  if (!stored.ok()) return {stored.status().ToString()};
  for (int64_t i = 0; stored->rows != nullptr && i < stored->rows->rows(); ++i) {
    const RowRef row{stored->rows.get(), i};
    const int columns[] = {0, 1, 5, 10};
    rows.push_back(DescribeKey(row, columns));
  }
  return rows;
}

std::vector<std::string> Closes(const Result<StoredFile>& stored) {
  std::vector<std::string> rows;
  if (!stored.ok()) return {stored.status().ToString()};
  for (int64_t i = 0; stored->rows != nullptr && i < stored->rows->rows(); ++i)
    rows.push_back(std::to_string(std::lround(stored->rows->column(5).Number(i))));
  return rows;
}

// All rows of the table, whatever the bytes.
std::map<std::string, std::vector<std::string>> Contents(const Lake& lake) {
  std::map<std::string, std::vector<std::string>> contents;
  for (const auto& object : store::ListAll(lake.store, "").ValueOrDie()) {
    const bool clean = object.key.starts_with("clean/");
    const auto symbol =
        SeriesLayout::SymbolOfKey(clean ? "clean/bars/" : "rejected/bars/", object.key).ValueOrDie();
    contents[object.key] = Rows(clean ? lake.table->ReadClean(symbol) : lake.table->ReadRejected(symbol));
  }
  return contents;
}

size_t Groups(Lake& lake) {
  const auto bytes = lake.store.Get(kClean)->bytes;
  return ParquetFooter::Parse(bytes, static_cast<int64_t>(bytes.size())).ValueOrDie().group_count();
}

TEST(SeriesTable, ASeriesHasAFileOfItsOwnSortedByDate) {
  Lake lake;
  const auto done = lake.Upsert({{.date = Day(1), .close = 2}, {.date = Day(0), .close = 1}});
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_TRUE(done.changed);
  EXPECT_THAT(Closes(lake.table->ReadClean("AAPL")), ElementsAre("1", "2"));
  ASSERT_TRUE(lake.Upsert({{.symbol = "^GSPC"}}, {}, "^GSPC").status.ok());
  ASSERT_TRUE(lake.Upsert({}, {{.symbol = "RDS/A"}}, "RDS/A").status.ok());
  std::vector<std::string> keys;
  for (const auto& object : store::ListAll(lake.store, "").ValueOrDie()) keys.push_back(object.key);
  EXPECT_THAT(keys, ElementsAre("clean/bars/%5EGSPC.parquet", kClean, "rejected/bars/RDS%2FA.parquet"));
  EXPECT_THAT(lake.table->Symbols().ValueOrDie(), ElementsAre("^GSPC", "AAPL"));
}

// US-2: the daily update leaves what is there where it is.
TEST(SeriesTable, ALaterDayIsAppendedWithoutTouchingTheBytesBefore) {
  Lake lake;
  std::vector<TestBar> bars;
  for (int i = 0; i < 300; ++i) bars.push_back({.date = Day(i), .close = i});
  ASSERT_TRUE(lake.Upsert(bars).status.ok());
  const auto before = lake.store.Get(kClean)->bytes;
  const auto footer = ParquetFooter::Parse(before, static_cast<int64_t>(before.size())).ValueOrDie();
  const auto done = lake.Upsert({{.date = Day(300), .close = 300}});
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_TRUE(done.appended);
  const auto after = lake.store.Get(kClean)->bytes;
  const auto kept = static_cast<size_t>(footer.begin());
  EXPECT_EQ(after.substr(0, kept), before.substr(0, kept));
  bars.push_back({.date = Day(300), .close = 300});
  Lake whole;
  ASSERT_TRUE(whole.Upsert(bars).status.ok());
  EXPECT_EQ(Contents(lake), Contents(whole));
  EXPECT_EQ(Groups(whole), 2U) << "the last row stands alone";
  // Several days at once.
  const auto more = lake.Upsert({{.date = Day(301)}, {.date = Day(302)}, {.date = Day(303)}});
  EXPECT_TRUE(more.appended);
  EXPECT_EQ(lake.table->ReadClean("AAPL")->rows->rows(), 304);
}

TEST(SeriesTable, AfterManyAppendsTheFileIsWrittenAnew) {
  Lake lake;
  size_t most = 0;
  bool rewritten = false;
  for (int i = 0; i < 40; ++i) {
    const auto done = lake.Upsert({{.date = Day(i), .close = i}});
    ASSERT_TRUE(done.status.ok()) << done.status;
    rewritten = rewritten || (i > 1 && !done.appended);
    most = std::max(most, Groups(lake));
  }
  EXPECT_TRUE(rewritten);
  EXPECT_LE(most, 32U);
  EXPECT_GE(most, 16U);
  EXPECT_EQ(lake.table->ReadClean("AAPL")->rows->rows(), 40);
}

TEST(SeriesTable, TheSameAgainWritesNothing) {
  Lake lake;
  std::vector<TestBar> bars;
  for (int i = 0; i < 30; ++i) bars.push_back({.date = Day(i), .close = i});
  ASSERT_TRUE(lake.Upsert(bars, {{.date = Day(31)}}).status.ok());
  ASSERT_TRUE(lake.Upsert({{.date = Day(30)}}).status.ok());
  const auto etag = lake.memory.Head(kClean)->etag;
  for (const auto& again : {std::vector<TestBar>{{.date = Day(30)}}, bars, {bars[29]}, {bars[3], bars[7]}}) {
    const auto done = lake.Upsert(again);
    ASSERT_TRUE(done.status.ok()) << done.status;
    EXPECT_FALSE(done.changed);
  }
  EXPECT_FALSE(lake.Upsert({}, {{.date = Day(31)}}).changed);
  EXPECT_FALSE(lake.Upsert({}).changed);
  EXPECT_EQ(lake.memory.Head(kClean)->etag, etag);
}

// Without a file of rejected rows: the short cut over the tail.
TEST(SeriesTable, TheLastRowAgainWritesNothingButAnotherVersionOfItDoes) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.date = Day(0)}}).status.ok());
  ASSERT_TRUE(lake.Upsert({{.date = Day(1)}}).status.ok());
  EXPECT_FALSE(lake.Upsert({{.date = Day(1)}}).changed);
  EXPECT_TRUE(lake.Upsert({{.date = Day(1), .close = 12}}).changed);
  EXPECT_TRUE(lake.Upsert({{.date = Day(1), .close = 10, .fetched_at = 1'502'600'000'000}}).changed);
  EXPECT_FALSE(lake.Upsert({{.date = Day(1), .close = 12}}).changed) << "an older version";
  EXPECT_THAT(Closes(lake.table->ReadClean("AAPL")), ElementsAre("11", "10"));
}

TEST(SeriesTable, ACorrectionOfAnOldRowAndItsVerdict) {
  Lake lake;
  ASSERT_TRUE(
      lake.Upsert({{.date = Day(0), .fetched_at = 100}, {.date = Day(2), .fetched_at = 100}}).status.ok());
  ASSERT_TRUE(lake.Upsert({{.date = Day(1), .close = 9, .fetched_at = 100}}).status.ok());
  EXPECT_THAT(Closes(lake.table->ReadClean("AAPL")), ElementsAre("11", "9", "11"));
  ASSERT_TRUE(lake.Upsert({}, {{.date = Day(1), .close = 8, .fetched_at = 200}}).status.ok());
  EXPECT_THAT(Closes(lake.table->ReadClean("AAPL")), ElementsAre("11", "9", "11"));
  EXPECT_THAT(Closes(lake.table->ReadRejected("AAPL")), ElementsAre("8"));
  // A later row, while there are rejected ones.
  ASSERT_TRUE(lake.Upsert({{.date = Day(3), .fetched_at = 100}}).status.ok());
  ASSERT_TRUE(lake.Upsert({{.date = Day(1), .close = 7, .fetched_at = 300}}).status.ok());
  EXPECT_THAT(Closes(lake.table->ReadClean("AAPL")), ElementsAre("11", "7", "11", "11"));
  EXPECT_FALSE(lake.memory.Head("rejected/bars/AAPL.parquet").ok());
  // Judged again, all of it bad.
  Lake other;
  ASSERT_TRUE(other.Upsert({{.date = Day(0)}}).status.ok());
  ASSERT_TRUE(other.Upsert({}, {{.date = Day(0)}}).status.ok());
  EXPECT_FALSE(other.memory.Head(kClean).ok());
}

TEST(SeriesTable, ANewRuleVersionRewritesTheFileThatItTouches) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.date = Day(0)}}).status.ok());
  auto spec = DailyBarsTable();
  spec.rule_version = 2;
  lake.table = SeriesTable::Make(lake.store, lake.format, spec).ValueOrDie();
  const auto done = lake.Upsert({{.date = Day(1)}});
  EXPECT_TRUE(done.changed);
  EXPECT_FALSE(done.appended);
  EXPECT_EQ(lake.table->ReadClean("AAPL")->rule_version, "2");
  EXPECT_EQ(lake.table->ReadClean("AAPL")->rows->rows(), 2);
}

TEST(SeriesTable, WhatIsNotOfTheSeriesIsRefused) {
  Lake lake;
  EXPECT_EQ(CodeOf(lake.Upsert({{.symbol = "MSFT"}}).status), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.Upsert({{.symbol = std::nullopt}}).status), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.Upsert({{.date = std::nullopt}}).status), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.Upsert({{.symbol = ""}}, {}, "").status), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.table->Upsert({"AAPL", {BarBatch({{}}, true)}, {}}).status), ErrorCode::kInvalidData);
  EXPECT_TRUE(store::ListAll(lake.store, "").ValueOrDie().empty());
  auto spec = DailyBarsTable();
  spec.key_columns = {"date", "symbol"};
  EXPECT_EQ(CodeOf(SeriesTable::Make(lake.store, lake.format, spec).status()), ErrorCode::kConfiguration);
}

// "a corrupt Parquet file in the lake": named, and left as it is.
TEST(SeriesTable, ADamagedFileIsNeverOverwritten) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.date = Day(0)}}).status.ok());
  const auto good = lake.memory.Get(kClean)->bytes;
  Lake other;
  ASSERT_TRUE(other.Upsert({{.symbol = "MSFT"}}, {}, "MSFT").status.ok());
  const auto msft = other.memory.Get("clean/bars/MSFT.parquet")->bytes;
  std::string flipped = good;
  flipped[40] = static_cast<char>(flipped[40] ^ 1);  // of the footer's or of a page: either way
  for (const std::string& bad : {good.substr(0, good.size() / 2), std::string("PAR1"), std::string(), msft,
                                 std::string(good.size(), 'x')}) {
    ASSERT_TRUE(lake.memory.Put(kClean, bad).ok());
    for (const int day : {0, 1}) {
      const auto failed = lake.Upsert({{.date = Day(day), .close = 10}});
      EXPECT_EQ(CodeOf(failed.status), ErrorCode::kCorrupt) << failed.status;
      EXPECT_NE(failed.status.message().find(kClean), std::string::npos);
    }
    EXPECT_EQ(lake.memory.Get(kClean)->bytes, bad);
  }
  // One of many that fails does not stop the others.
  const std::vector<SeriesRows> rows{{"AAPL", {BarBatch({{}})}, {}},
                                     {"GE", {BarBatch({{.symbol = "GE"}})}, {}}};
  const auto outcomes = lake.table->UpsertMany(rows, {.threads = 2}).ValueOrDie();
  EXPECT_EQ(CodeOf(outcomes[0].status), ErrorCode::kCorrupt);
  EXPECT_TRUE(outcomes[1].status.ok());
  EXPECT_TRUE(outcomes[1].changed);
}

TEST(SeriesTable, AShortReadIsNotTakenForDamage) {
  Lake real;
  ASSERT_TRUE(real.Upsert({{.date = Day(0)}}).status.ok());
  store::FaultyStore faulty(real.memory, real.clock);
  Lake lake(faulty);
  faulty.Order({.kind = store::FaultKind::kTruncated, .operation = store::Operation::kGet, .bytes = 100});
  EXPECT_EQ(CodeOf(lake.Upsert({{.date = Day(1)}}).status), ErrorCode::kIo);
  ASSERT_TRUE(lake.Upsert({{.date = Day(1)}}).status.ok());
  EXPECT_EQ(lake.table->ReadClean("AAPL")->rows->rows(), 2);
}

// A file that another tool wrote: all columns optional, one row group, no metadata of ours.
TEST(SeriesTable, AFileOfAnotherToolGrowsToo) {
  Lake lake;
  std::vector<TestBar> bars;
  for (int i = 0; i < 100; ++i) bars.push_back({.date = Day(i), .close = i});
  const auto batch = BarBatch(bars);
  arrow::FieldVector fields;
  for (const auto& field : batch->schema()->fields()) fields.push_back(field->WithNullable(true));
  const auto table = arrow::Table::Make(arrow::schema(fields),
                                        arrow::Table::FromRecordBatches({batch}).ValueOrDie()->columns());
  ASSERT_TRUE(lake.store.Put(kClean, WriteParquet(*table).ValueOrDie()).ok());
  const auto done = lake.Upsert({{.date = Day(100), .open = std::nullopt, .close = 100}});
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_TRUE(done.appended);
  const auto stored = lake.table->ReadClean("AAPL").ValueOrDie();
  EXPECT_EQ(stored.rows->rows(), 101);
  EXPECT_TRUE(stored.rows->column(2).IsNull(100));
  EXPECT_EQ(stored.rows->column(5).Number(100), 100);
}

TEST(SeriesTable, ReadsARangeOfDates) {
  Lake lake;
  std::vector<TestBar> bars;
  for (int i = 0; i < 10; ++i) bars.push_back({.date = Day(i), .close = i});
  ASSERT_TRUE(lake.Upsert(bars).status.ok());
  EXPECT_EQ(lake.table->ReadSeries("AAPL").ValueOrDie()->num_rows(), 10);
  EXPECT_EQ(lake.table->ReadSeries("AAPL", Day(3), Day(5)).ValueOrDie()->num_rows(), 3);
  EXPECT_EQ(lake.table->ReadSeries("AAPL", Day(9)).ValueOrDie()->num_rows(), 1);
  EXPECT_EQ(lake.table->ReadSeries("AAPL", std::nullopt, Day(-1)).ValueOrDie()->num_rows(), 0);
  EXPECT_EQ(lake.table->ReadSeries("AAPL", Day(5), Day(3)).ValueOrDie()->num_rows(), 0);
  EXPECT_EQ(lake.table->ReadSeries("NONE").ValueOrDie()->num_rows(), 0);
}

TEST(SeriesTable, StopsOnRequest) {
  Lake lake;
  std::stop_source stop;
  std::vector<SeriesRows> rows;
  for (int i = 0; i < 20; ++i) {
    const auto symbol = "S" + std::to_string(i);
    rows.push_back({symbol, {BarBatch({{.symbol = symbol}})}, {}});
  }
  SeriesUpsertOptions options{.threads = 1, .stop = stop.get_token()};
  options.progress = [&](size_t done, size_t) {
    if (done == 5) stop.request_stop();
  };
  EXPECT_EQ(CodeOf(lake.table->UpsertMany(rows, options).status()), ErrorCode::kCancelled);
  EXPECT_EQ(lake.table->Symbols().ValueOrDie().size(), 5U);
}

// --- The property: a pure function of the set of verdicts

// One answer: all rows of a symbol and version, judged; never split, for a run judges it as a whole.
struct Answer {
  std::string symbol;
  int64_t version = 0;
  std::vector<TestBar> accepted, rejected;
};

// Mostly days behind the ones before, as a feed brings them, and some corrections.
std::vector<Answer> RandomAnswers(Random& random) {
  std::vector<Answer> answers;
  for (int symbol = 0; symbol < 3; ++symbol) {
    int day = 0;
    for (int64_t version = 1; version <= 6; ++version) {
      Answer answer{"S" + std::to_string(symbol), version, {}, {}};
      const int first = random.Uniform(0, 3) == 0 ? static_cast<int>(random.Uniform(0, day)) : day;
      const int count = static_cast<int>(random.Uniform(1, 4));
      for (int i = first; i < first + count; ++i) {
        TestBar bar{.symbol = answer.symbol,
                    .date = Day(i),
                    .close = static_cast<double>(random.Uniform(1, 1000)),
                    .adj_close = random.Uniform(0, 3) == 0 ? std::nullopt : std::optional<double>(-0.0),
                    .fetched_at = version};
        const int64_t verdict = random.Uniform(0, 19);
        if (verdict != 0) answer.accepted.push_back(bar);
        if (verdict <= 1) {  // 1: a duplicate, one of each
          bar.close = *bar.close + 0.5;
          answer.rejected.push_back(bar);
        }
      }
      day = std::max(day, first + count);
      answers.push_back(answer);
    }
  }
  return answers;
}

Status Apply(Lake& lake, const std::vector<Answer>& answers, size_t* appended = nullptr) {
  std::vector<SeriesRows> rows;
  for (const auto& answer : answers)
    rows.push_back({answer.symbol, {BarBatch(answer.accepted)}, {BarBatch(answer.rejected, true)}});
  ASSIGN_OR_RETURN(const auto outcomes, lake.table->UpsertMany(rows, {.threads = 2}));
  for (const auto& outcome : outcomes) {
    RETURN_IF_ERROR(outcome.status);
    if (appended != nullptr) *appended += outcome.appended;
  }
  return Status::OK();
}

void Shuffle(std::vector<Answer>& answers, Random& random) {
  for (size_t i = answers.size(); i > 1; --i)
    std::swap(answers[i - 1], answers[static_cast<size_t>(random.Uniform(0, static_cast<int64_t>(i) - 1))]);
}

// All rows at once, by the merge rules alone.
std::map<std::string, std::vector<std::string>> Expected(const std::vector<Answer>& answers) {
  std::map<std::string, SeriesRows> by_symbol;
  for (const auto& answer : answers) {
    auto& rows = by_symbol[answer.symbol];
    rows.symbol = answer.symbol;
    rows.accepted.push_back(BarBatch(answer.accepted));
    rows.rejected.push_back(BarBatch(answer.rejected, true));
  }
  Lake lake;
  for (const auto& [symbol, rows] : by_symbol) EXPECT_TRUE(lake.table->Upsert(rows).status.ok());
  return Contents(lake);
}

TEST(SeriesTableProperty, AnyOrderSplitRepetitionAndCrashGivesTheSameRows) {
  size_t appended = 0;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    Random random(seed);
    auto answers = RandomAnswers(random);
    const auto expected = Expected(answers);
    for (int round = 0; round < 4; ++round) {
      Lake lake;
      if (round > 0) Shuffle(answers, random);
      std::vector<Answer> again;
      for (size_t at = 0; at < answers.size();) {
        const auto count = static_cast<size_t>(random.Uniform(1, 4));
        std::vector<Answer> part(
            answers.begin() + static_cast<std::ptrdiff_t>(at),
            answers.begin() + static_cast<std::ptrdiff_t>(std::min(at + count, answers.size())));
        at += count;
        if (random.Uniform(0, 2) == 0) {  // dies at a commit, before or after it
          const auto point =
              random.Uniform(0, 1) == 0 ? "lake.commit.before=error@" : "lake.commit.after=error@";
          ASSERT_TRUE(ArmFaults(point + std::to_string(random.Uniform(1, 4))).ok());
          IgnoreError(Apply(lake, part), "the fault may or may not be reached");
          ASSERT_TRUE(ArmFaults("").ok());
          again.insert(again.end(), part.begin(), part.end());
          if (random.Uniform(0, 1) == 0) continue;  // and only at the end
        }
        ASSERT_TRUE(Apply(lake, part, &appended).ok());
      }
      Shuffle(again, random);
      for (const auto& answer : again) ASSERT_TRUE(Apply(lake, {answer}).ok());
      ASSERT_EQ(Contents(lake), expected) << "seed " << seed << ", round " << round;
    }
  }
  EXPECT_GT(appended, 100U) << "the short way was hardly taken";
}

// Two runs of one ticker at once.
TEST(SeriesTableProperty, ConcurrentWritersLoseNothing) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    Random random(seed);
    const auto answers = RandomAnswers(random);
    const auto expected = Expected(answers);
    Lake lake;
    {
      std::vector<std::jthread> writers;
      for (const auto& answer : answers) {
        writers.emplace_back([&lake, &answer] {
          const auto table = SeriesTable::Make(lake.store, lake.format, DailyBarsTable()).ValueOrDie();
          const auto outcome =
              table->Upsert({answer.symbol, {BarBatch(answer.accepted)}, {BarBatch(answer.rejected, true)}});
          EXPECT_TRUE(outcome.status.ok()) << outcome.status;
        });
      }
    }
    EXPECT_EQ(Contents(lake), expected) << "seed " << seed;
  }
}

TEST(SeriesTable, OverAFolder) {
  const auto path =
      std::filesystem::temp_directory_path() / ("penstock-series-test-" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  {
    const auto folder = store::FolderStore::Open(path.string()).ValueOrDie();
    Lake lake(*folder);
    ASSERT_TRUE(lake.Upsert({{.date = Day(0)}, {.date = Day(1)}}).status.ok());
    EXPECT_TRUE(lake.Upsert({{.date = Day(2)}}).appended);
    EXPECT_TRUE(std::filesystem::is_regular_file(path / kClean));
    EXPECT_EQ(lake.table->ReadClean("AAPL")->rows->rows(), 3);
  }
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace penstock::lake
