#include "lake/partitioned_table.h"

#include <arrow/array.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/fault.h"
#include "base/random.h"
#include "lake/test_bars.h"
#include "store/faulty_store.h"
#include "store/folder_store.h"
#include "store/memory_store.h"

namespace penstock::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kClean = "clean/bars/dt=2017-08-11/bars.parquet";
constexpr const char* kRejected = "rejected/bars/dt=2017-08-11/bars.parquet";

struct Lake {
  ManualClock clock{TimePoint(MakeDate(2017, 8, 12))};
  store::MemoryStore memory{clock};
  store::ObjectStore& store;
  HiveTableFormat format{store};
  std::unique_ptr<PartitionedTable> table =
      PartitionedTable::Make(store, format, DailyBarsTable()).ValueOrDie();

  Lake() : store(memory) {}
  explicit Lake(store::ObjectStore& other) : store(other) {}

  Result<UpsertSummary> Upsert(const std::vector<TestBar>& accepted,
                               const std::vector<TestBar>& rejected = {}) {
    return table->Upsert({BarBatch(accepted)}, {BarBatch(rejected, true)}, {.threads = 2});
  }
};

std::map<std::string, std::string> Files(store::ObjectStore& store) {
  std::map<std::string, std::string> files;
  for (const auto& object : store::ListAll(store, "").ValueOrDie())
    files[object.key] = store.Get(object.key)->bytes;
  return files;
}

// "AAPL:11" a row: symbol and close.
std::vector<std::string> Rows(const Result<StoredPartition>& stored) {
  std::vector<std::string> rows;
  if (!stored.ok()) return {stored.status().ToString()};
  for (int64_t i = 0; stored->rows != nullptr && i < stored->rows->rows(); ++i) {
    const auto& symbol = stored->rows->column(0);
    rows.push_back((symbol.IsNull(i) ? "null" : std::string(symbol.Bytes(i))) + ":" +
                   std::to_string(std::lround(stored->rows->column(5).Number(i))));
  }
  return rows;
}

const Date kDay = MakeDate(2017, 8, 11);

TEST(PartitionedTable, RowsGoToTheFileOfTheirDaySortedByKey) {
  Lake lake;
  const auto summary = lake.Upsert({{.symbol = "MSFT", .close = 10},
                                    {.symbol = "AAPL", .date = MakeDate(2017, 8, 10)},
                                    {.symbol = "AAPL"}},
                                   {{.symbol = "GE"}});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->partitions, 2U);
  EXPECT_EQ(summary->partitions_changed, 2U);
  EXPECT_EQ(summary->files_written, 3U);
  EXPECT_THAT(summary->outputs, ElementsAre("clean/bars/dt=2017-08-10/bars.parquet", kClean, kRejected));
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("AAPL:11", "MSFT:10"));
  EXPECT_THAT(Rows(lake.table->ReadRejected(kDay)), ElementsAre("GE:11"));
  EXPECT_THAT(lake.table->Days().ValueOrDie(), ElementsAre(MakeDate(2017, 8, 10), kDay));
}

// FTSE-3: the same again changes nothing, and writes nothing.
TEST(PartitionedTable, TheSameAgainWritesNothing) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.symbol = "A"}, {.symbol = "B"}}, {{.symbol = "C"}}).ok());
  const auto etag = lake.memory.Head(kClean)->etag;
  const auto again = lake.Upsert({{.symbol = "B"}, {.symbol = "A"}}, {{.symbol = "C"}});
  EXPECT_EQ(again->files_written, 0U);
  EXPECT_EQ(again->partitions_changed, 0U);
  EXPECT_THAT(again->outputs, ElementsAre(kClean, kRejected));
  EXPECT_EQ(lake.memory.Head(kClean)->etag, etag);
}

TEST(PartitionedTable, TwoAnswersThatTouchADayMergeBySymbolAndTheNewerWins) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 10, .fetched_at = 200}}).ok());
  ASSERT_TRUE(lake.Upsert({{.symbol = "B"}, {.symbol = "A", .close = 9, .fetched_at = 100}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:10", "B:11"));
  ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 12, .fetched_at = 300}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:12", "B:11"));
  // The same answer parsed again: what the run says now.
  ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 9, .fetched_at = 300}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:9", "B:11"));
}

TEST(PartitionedTable, VerdictsOfVersions) {
  Lake lake;
  // Rejected newer than accepted: both are kept. Older: only the accepted one.
  ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 10, .fetched_at = 100}},
                          {{.symbol = "A", .close = 12, .fetched_at = 200}})
                  .ok());
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:10"));
  EXPECT_THAT(Rows(lake.table->ReadRejected(kDay)), ElementsAre("A:12"));
  ASSERT_TRUE(lake.Upsert({}, {{.symbol = "A", .close = 9, .fetched_at = 150}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadRejected(kDay)), ElementsAre("A:12"));
  ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 11, .fetched_at = 300}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:11"));
  EXPECT_FALSE(lake.memory.Head(kRejected).ok()) << "an empty file is removed";
}

TEST(PartitionedTable, TheSameVersionJudgedAgainMovesBetweenCleanAndRejected) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.symbol = "A"}}).ok());
  const auto before = Files(lake.memory);
  const auto out = lake.Upsert({}, {{.symbol = "A"}});
  EXPECT_EQ(out->files_removed, 1U);
  EXPECT_THAT(out->outputs, ElementsAre(kRejected));
  EXPECT_FALSE(lake.memory.Head(kClean).ok());
  EXPECT_THAT(Rows(lake.table->ReadRejected(kDay)), ElementsAre("A:11"));
  ASSERT_TRUE(lake.Upsert({{.symbol = "A"}}).ok());
  EXPECT_EQ(Files(lake.memory), before);
}

// A differing duplicate within one answer: the one that stays and the one that went are both there, also
// after a repeat.
TEST(PartitionedTable, ADuplicateOfOneRunIsKeptBesideTheRowThatStays) {
  Lake lake;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 10}},
                            {{.symbol = "A", .close = 12}, {.symbol = "A", .close = 9}})
                    .ok());
    EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:10"));
    EXPECT_THAT(Rows(lake.table->ReadRejected(kDay)), ElementsAre("A:9", "A:12"));
  }
  ASSERT_TRUE(lake.Upsert({{.symbol = "A", .close = 10}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadRejected(kDay)), IsEmpty());
}

TEST(PartitionedTable, EqualVersionsInOneCallHaveOneWinner) {
  Lake one;
  Lake other;
  ASSERT_TRUE(one.Upsert({{.symbol = "A", .close = 10}, {.symbol = "A", .close = 12}}).ok());
  ASSERT_TRUE(other.Upsert({{.symbol = "A", .close = 12}, {.symbol = "A", .close = 10}}).ok());
  EXPECT_EQ(Files(one.memory), Files(other.memory));
}

TEST(PartitionedTable, ANewRuleVersionRewritesTheFilesItTouches) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.symbol = "A"}}).ok());
  auto spec = DailyBarsTable();
  spec.rule_version = 2;
  lake.table = PartitionedTable::Make(lake.store, lake.format, spec).ValueOrDie();
  EXPECT_EQ(lake.Upsert({{.symbol = "A"}})->files_written, 1U);
  EXPECT_EQ(lake.Upsert({{.symbol = "A"}})->files_written, 0U);
  EXPECT_EQ(lake.table->ReadClean(kDay)->rule_version, "2");
}

TEST(PartitionedTable, ARejectedRowWithoutADateGoesToTheDayOfItsVersion) {
  Lake lake;
  ASSERT_TRUE(
      lake.Upsert({}, {{.symbol = std::nullopt, .date = std::nullopt, .fetched_at = 1'502'500'000'000},
                       {.date = std::nullopt, .fetched_at = std::nullopt}})
          .ok());
  EXPECT_THAT(Rows(lake.table->ReadRejected(MakeDate(2017, 8, 12))), ElementsAre("null:11"));
  EXPECT_THAT(Rows(lake.table->ReadRejected(MakeDate(1970, 1, 1))), ElementsAre("AAPL:11"));
}

// Part 1: "a corrupt Parquet file in the lake".
TEST(PartitionedTable, ADamagedFileIsNeverOverwritten) {
  Lake lake;
  ASSERT_TRUE(lake.Upsert({{.symbol = "A"}}).ok());
  const auto bytes = lake.memory.Get(kClean)->bytes;
  ASSERT_TRUE(lake.memory.Put(kClean, bytes.substr(0, bytes.size() / 2)).ok());
  const auto failed = lake.Upsert({{.symbol = "B"}});
  EXPECT_EQ(CodeOf(failed.status()), ErrorCode::kCorrupt);
  EXPECT_NE(failed.status().message().find(kClean), std::string::npos);
  EXPECT_NE(AdviceOf(failed.status()).find("penstock"), std::string::npos);
  EXPECT_EQ(lake.memory.Get(kClean)->bytes, bytes.substr(0, bytes.size() / 2));
  // The right Parquet of another table is not ours either.
  ASSERT_TRUE(lake.memory.Put(kClean, lake.table->ReadRejected(kDay).ok() ? bytes : "").ok());
  auto actions = ActionsTable("bars");
  const auto other = PartitionedTable::Make(lake.store, lake.format, actions).ValueOrDie();
  EXPECT_EQ(CodeOf(other->ReadClean(kDay).status()), ErrorCode::kCorrupt);
}

TEST(PartitionedTable, AShortReadIsNotTakenForDamage) {
  Lake real;
  ASSERT_TRUE(real.Upsert({{.symbol = "A"}}).ok());
  store::FaultyStore faulty(real.memory, real.clock);
  Lake lake(faulty);
  faulty.Order({.kind = store::FaultKind::kTruncated, .operation = store::Operation::kGet, .bytes = 100});
  EXPECT_EQ(CodeOf(lake.Upsert({{.symbol = "B"}}).status()), ErrorCode::kIo);
  ASSERT_TRUE(lake.Upsert({{.symbol = "B"}}).ok());
  EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("A:11", "B:11"));
}

TEST(PartitionedTable, OtherColumnsAndRowsWithoutADateAreRefused) {
  Lake lake;
  EXPECT_EQ(CodeOf(lake.table->Upsert({BarBatch({{}}, true)}, {}).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.table->Upsert({}, {BarBatch({{}})}).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.Upsert({{.date = std::nullopt}}).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(lake.Upsert({{.symbol = std::nullopt}}).status()), ErrorCode::kInvalidData);
  EXPECT_THAT(Files(lake.memory), IsEmpty());
}

TEST(PartitionedTable, StopsOnRequestAndTellsProgress) {
  Lake lake;
  std::stop_source stop;
  std::vector<size_t> seen;
  std::vector<TestBar> bars;
  for (int i = 0; i < 20; ++i) bars.push_back({.date = kDay + std::chrono::days(i)});
  UpsertOptions options{.threads = 1, .stop = stop.get_token()};
  options.progress = [&](size_t done, size_t total) {
    EXPECT_EQ(total, 20U);
    seen.push_back(done);
    if (done == 5) stop.request_stop();
  };
  EXPECT_EQ(CodeOf(lake.table->Upsert({BarBatch(bars)}, {}, options).status()), ErrorCode::kCancelled);
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(lake.Upsert(bars)->files_written, 15U);
}

// --- The property: a pure function of the set of verdicts
// -----------------------------------------------------------

// One answer: all rows of a symbol and version, judged; never split, for a run judges it as a whole.
struct Answer {
  std::vector<TestBar> accepted;
  std::vector<TestBar> rejected;
};

std::vector<Answer> RandomAnswers(Random& random) {
  std::vector<Answer> answers;
  std::set<std::pair<int64_t, int64_t>> used;
  for (int i = 0; i < 12; ++i) {
    const int64_t symbol = random.Uniform(0, 4);
    const int64_t version = random.Uniform(1, 6);
    if (!used.insert({symbol, version}).second) continue;
    Answer answer;
    for (int day = 0; day < 4; ++day) {
      TestBar bar{.symbol = "S" + std::to_string(symbol),
                  .date = kDay + std::chrono::days(day),
                  .close = static_cast<double>(random.Uniform(1, 1000)),
                  .fetched_at = version};
      const int64_t verdict = random.Uniform(0, 9);
      if (verdict < 5) answer.accepted.push_back(bar);
      if (verdict >= 4 && verdict < 8) {  // 4: a duplicate, one of each
        bar.close = *bar.close + 0.5;
        answer.rejected.push_back(bar);
      }
    }
    answers.push_back(answer);
  }
  return answers;
}

Status Apply(Lake& lake, const std::vector<Answer>& answers) {
  arrow::RecordBatchVector accepted;
  arrow::RecordBatchVector rejected;
  for (const auto& answer : answers) {
    accepted.push_back(BarBatch(answer.accepted));
    rejected.push_back(BarBatch(answer.rejected, true));
  }
  return lake.table->Upsert(accepted, rejected, {.threads = 2}).status();
}

void Shuffle(std::vector<Answer>& answers, Random& random) {
  for (size_t i = answers.size(); i > 1; --i) {
    std::swap(answers[i - 1], answers[static_cast<size_t>(random.Uniform(0, static_cast<int64_t>(i) - 1))]);
  }
}

// FTSE-3, ALL-5: any order, any split, with repetition and with runs that died half-way: the same bytes.
TEST(PartitionedTableProperty, AnyOrderSplitRepetitionAndCrashGivesTheSameBytes) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    auto answers = RandomAnswers(random);
    Lake reference;
    ASSERT_TRUE(Apply(reference, answers).ok());
    const auto expected = Files(reference.memory);
    for (int round = 0; round < 4; ++round) {
      Lake lake;
      Shuffle(answers, random);
      std::vector<Answer> again;
      for (size_t at = 0; at < answers.size();) {
        const auto count = static_cast<size_t>(random.Uniform(1, 4));
        std::vector<Answer> part(
            answers.begin() + static_cast<std::ptrdiff_t>(at),
            answers.begin() + static_cast<std::ptrdiff_t>(std::min(at + count, answers.size())));
        at += count;
        if (random.Uniform(0, 2) ==
            0) {  // dies at a commit, before or after it; the next run does it all again
          const auto point =
              random.Uniform(0, 1) == 0 ? "lake.commit.before=error@" : "lake.commit.after=error@";
          ASSERT_TRUE(ArmFaults(point + std::to_string(random.Uniform(1, 4))).ok());
          IgnoreError(Apply(lake, part), "the fault may or may not be reached");
          ASSERT_TRUE(ArmFaults("").ok());
          again.insert(again.end(), part.begin(), part.end());
          if (random.Uniform(0, 1) == 0) continue;  // and only at the end
        }
        ASSERT_TRUE(Apply(lake, part).ok());
      }
      Shuffle(again, random);
      for (const auto& answer : again) ASSERT_TRUE(Apply(lake, {answer}).ok());
      ASSERT_EQ(Files(lake.memory), expected) << "seed " << seed << ", round " << round;
    }
  }
}

// Judged again under other rules, the newest version first: as if those rules had been there from the start.
TEST(PartitionedTableProperty, JudgedAgainNewestFirstIsAsIfJudgedSoAtOnce) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    Random random(seed);
    const auto old_answers = RandomAnswers(random);
    auto new_answers = old_answers;
    for (auto& answer : new_answers) {
      if (random.Uniform(0, 1) == 0) std::swap(answer.accepted, answer.rejected);
    }
    Lake reference;
    ASSERT_TRUE(Apply(reference, new_answers).ok());
    Lake lake;
    ASSERT_TRUE(Apply(lake, old_answers).ok());
    const auto version_of = [](const Answer& answer) {
      const auto& rows = answer.accepted.empty() ? answer.rejected : answer.accepted;
      return rows.empty() ? 0 : *rows.front().fetched_at;
    };
    std::stable_sort(new_answers.begin(), new_answers.end(),
                     [&](const Answer& a, const Answer& b) { return version_of(a) > version_of(b); });
    for (const auto& answer : new_answers) ASSERT_TRUE(Apply(lake, {answer}).ok());
    ASSERT_EQ(Files(lake.memory), Files(reference.memory)) << "seed " << seed;
  }
}

// Part 1: "two runs of the same day at once".
TEST(PartitionedTableProperty, ConcurrentWritersLoseNothing) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    Random random(seed);
    const auto answers = RandomAnswers(random);
    Lake reference;
    ASSERT_TRUE(Apply(reference, answers).ok());
    Lake lake;
    {
      std::vector<std::jthread> writers;
      for (const auto& answer : answers) {
        writers.emplace_back([&lake, &answer] {
          const auto table = PartitionedTable::Make(lake.store, lake.format, DailyBarsTable()).ValueOrDie();
          const auto summary =
              table->Upsert({BarBatch(answer.accepted)}, {BarBatch(answer.rejected, true)}, {.threads = 2});
          EXPECT_TRUE(summary.ok()) << summary.status();
        });
      }
    }
    EXPECT_EQ(Files(lake.memory), Files(reference.memory)) << "seed " << seed;
  }
}

TEST(PartitionedTable, OverAFolder) {
  const auto path =
      std::filesystem::temp_directory_path() / ("penstock-lake-test-" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  {
    const auto folder = store::FolderStore::Open(path.string()).ValueOrDie();
    Lake lake(*folder);
    std::vector<TestBar> bars;
    for (int day = 0; day < 30; ++day) {
      for (const char* symbol : {"MSFT", "AAPL", "GE"})
        bars.push_back({.symbol = symbol, .date = kDay + std::chrono::days(day)});
    }
    const auto summary = lake.table->Upsert({BarBatch(bars)}, {}, {.threads = 8});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(summary->files_written, 30U);
    EXPECT_TRUE(std::filesystem::is_regular_file(path / kClean));
    ASSERT_TRUE(lake.Upsert({}, {{.symbol = "GE"}}).ok());
    EXPECT_THAT(Rows(lake.table->ReadClean(kDay)), ElementsAre("AAPL:11", "MSFT:11"));
  }
  std::filesystem::remove_all(path);
}

TEST(TableSpec, WhatTablesCannotBeIsConfiguration) {
  EXPECT_TRUE(CheckSpec(DailyBarsTable()).ok());
  EXPECT_TRUE(CheckSpec(ActionsTable()).ok());
  const auto code = [](auto change) {
    auto spec = DailyBarsTable();
    change(spec);
    return CodeOf(CheckSpec(spec));
  };
  EXPECT_EQ(code([](TableSpec& s) { s.name = "a/b"; }), ErrorCode::kConfiguration);
  EXPECT_EQ(code([](TableSpec& s) { s.key_columns = {"symbl"}; }), ErrorCode::kConfiguration);
  EXPECT_EQ(code([](TableSpec& s) { s.key_columns.clear(); }), ErrorCode::kConfiguration);
  EXPECT_EQ(code([](TableSpec& s) { s.partition_column = "symbol"; }), ErrorCode::kConfiguration);
  EXPECT_EQ(code([](TableSpec& s) { s.version_column = "close"; }), ErrorCode::kConfiguration);
  EXPECT_EQ(
      code([](TableSpec& s) { s.schema = arrow::schema({arrow::field("x", arrow::list(arrow::utf8()))}); }),
      ErrorCode::kConfiguration);
  EXPECT_EQ(code([](TableSpec& s) {
              s.schema = s.schema->AddField(0, arrow::field("rule", arrow::utf8())).ValueOrDie();
            }),
            ErrorCode::kConfiguration);
  EXPECT_EQ(PartitionOfKey(kClean).ValueOrDie(), kDay);
  EXPECT_FALSE(PartitionOfKey("clean/bars/x.parquet").ok());
  EXPECT_FALSE(PartitionOfKey("clean/bars/dt=2017-13-11/x.parquet").ok());
}

}  // namespace
}  // namespace penstock::lake
