#include "stream/record_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <latch>
#include <map>

#include "base/temporary_folder.h"
#include "stream/log_for_test.h"

namespace penstock::stream {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

class RecordLogTest : public testing::Test {
 protected:
  std::unique_ptr<RecordLog> Open(LogOptions options = {}) {
    options.disk = &disk_;
    auto log = RecordLog::Open(path_, options, clock_, Logger());
    EXPECT_TRUE(log.ok()) << log.status().ToString();
    return log.ok() ? std::move(*log) : nullptr;
  }
  ReadBack Read(uint64_t from = 0) { return ReadAll(path_, from).ValueOrDie(); }

  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "streams/ticks/log";
  FaultyDisk disk_;
  ManualClock clock_{TimePoint(Duration(1'000'000))};
};

TEST_F(RecordLogTest, WhatIsAcknowledgedIsReadNowAndLater) {
  auto log = Open();
  EXPECT_EQ(log->first(), 0U);
  EXPECT_EQ(log->end(), 0U);
  EXPECT_EQ(AppendAll(*log, {"a", "b"}).ValueOrDie(), 0U);
  EXPECT_EQ(AppendAll(*log, {"c"}).ValueOrDie(), 2U);
  EXPECT_EQ(log->end(), 3U);
  EXPECT_THAT(Read().data, ElementsAre("a", "b", "c")) << "while the log is open";
  EXPECT_EQ(LogReader::Open(path_, 0).ValueOrDie()->End().ValueOrDie(), 3U);
  EXPECT_EQ(log->metrics().records, 3U);
  EXPECT_EQ(log->metrics().bytes, 3U);
  EXPECT_EQ(log->metrics().disk_bytes, 3 * 29);
  log.reset();
  log = Open();
  EXPECT_EQ(log->end(), 3U);
  EXPECT_EQ(AppendAll(*log, {"d"}).ValueOrDie(), 3U);
  EXPECT_THAT(Read().data, ElementsAre("a", "b", "c", "d"));
}

TEST_F(RecordLogTest, ARecordHasTheTimeOfItsArrival) {
  const auto log = Open();
  ASSERT_TRUE(AppendAll(*log, {"a"}).ok());
  clock_.Advance(std::chrono::seconds(5));
  ASSERT_TRUE(AppendAll(*log, {"b"}).ok());
  const auto reader = LogReader::Open(path_, 0).ValueOrDie();
  const auto records = reader->Next(1 << 20).ValueOrDie();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].arrival, TimePoint(Duration(1'000'000)));
  EXPECT_EQ(records[1].arrival, TimePoint(Duration(6'000'000)));
}

TEST_F(RecordLogTest, AGroupThatIsNoneIsRefused) {
  const auto log = Open();
  for (const auto& group : {RecordGroup{}, RecordGroup{"abc", {2}}, RecordGroup{"abc", {2, 2}}}) {
    Status answer;
    log->Append(group, [&](const Status& status, uint64_t) { answer = status; });
    EXPECT_EQ(CodeOf(answer), ErrorCode::kUsage);
  }
  EXPECT_EQ(log->end(), 0U);
}

TEST_F(RecordLogTest, OneWriterAFolder) {
  auto log = Open();
  EXPECT_EQ(CodeOf(RecordLog::Open(path_, {}, clock_, Logger()).status()), ErrorCode::kConflict);
  EXPECT_TRUE(IsBeingWritten(path_).ValueOrDie());
  log.reset();
  EXPECT_FALSE(IsBeingWritten(path_).ValueOrDie());
  EXPECT_NE(Open(), nullptr);
}

TEST_F(RecordLogTest, GroupsThatWaitShareOneSync) {
  std::latch first_syncs(1), others_wait(1);
  std::atomic<int> calls{0};
  disk_.before_sync = [&] {
    if (calls++ == 0) {
      first_syncs.count_down();
      others_wait.wait();
    }
  };
  const auto log = Open({.lanes = 1});
  std::latch done(101);
  std::atomic<int> good{0};
  const auto count = [&](const Status& status, uint64_t) {
    good += status.ok() ? 1 : 0;
    done.count_down();
  };
  log->Append(GroupOf({"first"}), count);
  first_syncs.wait();
  for (int i = 0; i < 100; ++i) log->Append(GroupOf({"other"}), count);
  EXPECT_EQ(log->end(), 0U) << "nothing is durable while the disk works";
  EXPECT_TRUE(Read().data.empty()) << "nor is it seen by others";
  others_wait.count_down();
  done.wait();
  EXPECT_EQ(good, 101);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(log->end(), 101U);
  EXPECT_EQ(log->metrics().commits, 2U);
}

TEST_F(RecordLogTest, ManyThreadsEachGetTheirOwnSequences) {
  for (const int lanes : {1, 2, 4}) {
    fs::remove_all(path_);
    auto log = Open({.segment_bytes = 20'000, .commit_bytes = 3000, .lanes = lanes});
    std::mutex mutex;
    std::map<uint64_t, std::string> acknowledged;
    std::vector<uint64_t> order;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 100; ++i) {
          std::vector<std::string> records;
          for (int n = 0; n <= i % 7; ++n)
            records.push_back(std::to_string(thread * 1000 + i) + "/" + std::to_string(n));
          std::promise<void> done;
          log->Append(GroupOf(records), [&](const Status& status, uint64_t first) {
            EXPECT_TRUE(status.ok());
            const std::lock_guard lock(mutex);
            order.push_back(first);
            for (const auto& record : records) acknowledged[first++] = record;
            done.set_value();
          });
          done.get_future().wait();
        }
      });
    }
    threads.clear();
    EXPECT_TRUE(std::ranges::is_sorted(order)) << "answers come in order";
    const auto read = Read();
    ASSERT_EQ(read.data.size(), acknowledged.size());
    for (size_t i = 0; i < read.data.size(); ++i) ASSERT_EQ(acknowledged.at(i), read.data[i]);
    EXPECT_GT(ListSegments(path_).ValueOrDie().size(), 1U);
  }
}

TEST_F(RecordLogTest, WhatWaitsIsWrittenBeforeTheLogCloses) {
  std::atomic<int> good{0};
  auto log = Open();
  for (int i = 0; i < 1000; ++i)
    log->Append(GroupOf({"x"}), [&](const Status& s, uint64_t) { good += s.ok(); });
  log.reset();
  EXPECT_EQ(good, 1000);
  EXPECT_EQ(Read().data.size(), 1000U);
}

TEST_F(RecordLogTest, MoreThanMayWaitIsThrottled) {
  std::latch go(1);
  disk_.before_sync = [&] { go.wait(); };
  const auto log = Open({.commit_bytes = 1000, .pending_bytes = 5000, .lanes = 1});
  std::atomic<int> good{0}, throttled{0};
  std::latch done(30);
  for (int i = 0; i < 30; ++i) {
    log->Append(GroupOf({std::string(1000, 'x')}), [&](const Status& status, uint64_t) {
      good += status.ok();
      if (CodeOf(status) == ErrorCode::kThrottled) {
        ++throttled;
        EXPECT_TRUE(IsRetryable(status));
        EXPECT_TRUE(DetailOf(status)->retry_after.has_value());
      }
      done.count_down();
    });
  }
  EXPECT_GE(throttled, 20);
  EXPECT_LE(log->metrics().pending_bytes, 5000U);
  go.count_down();
  done.wait();
  EXPECT_EQ(good + throttled, 30);
  EXPECT_EQ(log->end(), static_cast<uint64_t>(good));
  EXPECT_EQ(log->metrics().refused, static_cast<uint64_t>(throttled));
}

class FullDisk : public RecordLogTest, public testing::WithParamInterface<int> {};

// The disk is full after each possible number of bytes: what fails leaves nothing, and all goes on
// afterwards.
TEST_P(FullDisk, NothingIsAcknowledgedThatIsNotStored) {
  disk_.full_error = GetParam();
  for (int64_t space = 0; space < 4 * 29; ++space) {
    fs::remove_all(path_);
    disk_.space = INT64_MAX;
    auto log = Open();
    std::vector<std::string> stored{"0"};
    ASSERT_TRUE(AppendAll(*log, {"0"}).ok());
    disk_.space = space;
    for (const auto* record : {"1", "2", "3", "4", "5"}) {
      const auto answer = AppendAll(*log, {record});
      if (answer.ok()) {
        EXPECT_EQ(*answer, stored.size());
        stored.emplace_back(record);
      } else {
        EXPECT_EQ(CodeOf(answer.status()), ErrorCode::kNoSpace);
      }
    }
    EXPECT_EQ(stored.size(), 1 + static_cast<size_t>(space) / 29);
    EXPECT_EQ(Read().data, stored);
    EXPECT_EQ(log->end(), stored.size());
    EXPECT_TRUE(log->health().ok());
    disk_.space = INT64_MAX;
    EXPECT_EQ(AppendAll(*log, {"again"}).ValueOrDie(), stored.size());
    stored.emplace_back("again");
    EXPECT_EQ(Read().data, stored);
    log.reset();
    log = Open();
    EXPECT_EQ(log->damage().regions, 0U);
    EXPECT_EQ(Read().data, stored);
  }
}
INSTANTIATE_TEST_SUITE_P(RecordLog, FullDisk, testing::Values(ENOSPC, EDQUOT));

// A real file system of 256 KiB.
TEST_F(RecordLogTest, AFullFileSystem) {
  fs::create_directories(path_);
  if (::mount("none", path_.c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "may not mount a tmpfs here";
  const struct Unmount {
    const std::string& path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } unmount{path_};
  {
    auto log = Open({.segment_bytes = 64 << 10});
    std::vector<std::string> stored;
    int full = 0;
    for (int i = 0; i < 400; ++i) {
      const std::string record = std::to_string(i) + std::string(1000, 'x');
      const auto answer = AppendAll(*log, {record});
      if (answer.ok()) stored.push_back(record);
      if (!answer.ok()) {
        ++full;
        EXPECT_EQ(CodeOf(answer.status()), ErrorCode::kNoSpace) << answer.status().ToString();
      }
    }
    EXPECT_GT(full, 100);
    EXPECT_EQ(Read().data, stored);
    ASSERT_TRUE(log->RemoveBefore(log->end()).ok());
    const auto kept = log->first();
    EXPECT_GT(kept, 100U);
    ASSERT_TRUE(AppendAll(*log, {"there is space again"}).ok());
    stored.emplace_back("there is space again");
    EXPECT_EQ(Read(kept).data,
              std::vector<std::string>(stored.begin() + static_cast<ptrdiff_t>(kept), stored.end()));
  }
}

TEST_F(RecordLogTest, AfterAFailedSyncNothingIsAcknowledged) {
  auto log = Open();
  ASSERT_TRUE(AppendAll(*log, {"a"}).ok());
  disk_.fail_sync = true;
  EXPECT_EQ(CodeOf(AppendAll(*log, {"b"}).status()), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(log->health()), ErrorCode::kUnavailable);
  disk_.fail_sync = false;
  EXPECT_EQ(CodeOf(AppendAll(*log, {"c"}).status()), ErrorCode::kUnavailable)
      << "though the disk says it works again";
  EXPECT_EQ(log->end(), 1U);
  EXPECT_THAT(Read().data, ElementsAre("a"));
  log.reset();
  log = Open();
  EXPECT_EQ(Read().data.front(), "a");
  EXPECT_TRUE(AppendAll(*log, {"d"}).ok());
}

TEST_F(RecordLogTest, AFailedSyncFailsAllThatAreUnderWay) {
  const auto log = Open({.commit_bytes = 10, .lanes = 4});
  disk_.fail_sync = true;
  std::latch done(50);
  std::atomic<int> failed{0};
  for (int i = 0; i < 50; ++i) {
    log->Append(GroupOf({"0123456789"}), [&](const Status& status, uint64_t) {
      failed += CodeOf(status) == ErrorCode::kUnavailable;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(failed, 50);
  EXPECT_EQ(log->end(), 0U);
}

TEST_F(RecordLogTest, RemovesWholeSegmentsBelow) {
  auto log = Open({.segment_bytes = 100});
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(AppendAll(*log, {std::to_string(i)}).ok());
  const auto segments = ListSegments(path_).ValueOrDie();
  ASSERT_GT(segments.size(), 5U);
  ASSERT_TRUE(log->RemoveBefore(segments[3].first + 1).ok());
  EXPECT_EQ(log->first(), segments[3].first) << "not the one that holds what is not below";
  EXPECT_EQ(Read(segments[3].first + 1).data.front(), std::to_string(segments[3].first + 1));
  EXPECT_EQ(CodeOf(ReadAll(path_, 0).status()), ErrorCode::kOk) << "from the oldest";
  EXPECT_EQ(CodeOf(ReadAll(path_, 1).status()), ErrorCode::kNotFound);
  const auto at_first = LogReader::OpenAt(path_, 0).ValueOrDie();
  EXPECT_EQ(CodeOf(at_first->Next(1).status()), ErrorCode::kNotFound) << "0 is a sequence as others are";
  ASSERT_TRUE(log->RemoveBefore(log->end()).ok());
  EXPECT_EQ(ListSegments(path_).ValueOrDie().size(), 1U) << "a small one is written on";
  EXPECT_EQ(AppendAll(*log, {"next"}).ValueOrDie(), 40U);
  EXPECT_EQ(CodeOf(log->RemoveBefore(42)), ErrorCode::kUsage);
  log.reset();
  EXPECT_EQ(Open()->end(), 41U);
}

TEST_F(RecordLogTest, ALargeSegmentGoesWhenAllOfItIsDelivered) {
  auto log = Open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendAll(*log, {std::string(1 << 20, 'x')}).ok());
  ASSERT_TRUE(log->RemoveBefore(2).ok());
  EXPECT_EQ(log->first(), 0U);
  ASSERT_TRUE(log->RemoveBefore(3).ok());
  EXPECT_TRUE(ListSegments(path_).ValueOrDie().empty());
  EXPECT_EQ(log->metrics().disk_bytes, 0);
  EXPECT_EQ(log->first(), 3U);
  EXPECT_TRUE(Read(3).data.empty());
  EXPECT_TRUE(Read(0).data.empty());
  log.reset();
  log = Open();
  EXPECT_EQ(log->end(), 3U) << "though no segment says so";
  EXPECT_EQ(AppendAll(*log, {"next"}).ValueOrDie(), 3U);
  EXPECT_THAT(Read(3).data, ElementsAre("next"));
}

TEST_F(RecordLogTest, NoSequenceIsGivenTwiceThoughTheLogIsGone) {
  {
    ASSERT_TRUE(AppendAll(*Open(), {"a", "b", "c"}).ok());
  }
  fs::remove_all(path_);
  const auto log = Open({.at_least = 3});
  EXPECT_EQ(log->end(), 3U);
  EXPECT_EQ(AppendAll(*log, {"d"}).ValueOrDie(), 3U);
  EXPECT_THAT(Read(3).data, ElementsAre("d"));
}

TEST_F(RecordLogTest, WakesWhoDelivers) {
  const auto log = Open();
  std::atomic<uint64_t> seen{0};
  std::promise<void> woken;
  log->OnAppend([&] {
    seen = log->end();
    woken.set_value();
  });
  ASSERT_TRUE(AppendAll(*log, {"a"}).ok());
  woken.get_future().wait();
  EXPECT_EQ(seen, 1U);
}

// Readers of other processes see what is acknowledged, whole and in order, while it is written and removed.
TEST_F(RecordLogTest, IsReadWhileItIsWrittenAndRemoved) {
  const auto log = Open({.segment_bytes = 5000});
  constexpr uint64_t kRecords = 3000;
  std::jthread writer([&] {
    for (uint64_t i = 0; i < kRecords; i += 10) {
      std::vector<std::string> records;
      for (uint64_t n = i; n < i + 10; ++n) records.push_back(std::to_string(n));
      EXPECT_EQ(AppendAll(*log, records).ValueOrDie(), i);
    }
  });
  const auto reader = LogReader::Open(path_, 0).ValueOrDie();
  uint64_t next = 0;
  while (next < kRecords) {
    const uint64_t acknowledged = log->end();
    const auto records = reader->Next(700).ValueOrDie();
    for (const auto& record : records) {
      ASSERT_EQ(record.sequence, next);
      ASSERT_EQ(record.data, std::to_string(next++));
    }
    ASSERT_TRUE(!records.empty() || next >= acknowledged);
    ASSERT_TRUE(log->RemoveBefore(next).ok());
  }
  EXPECT_EQ(reader->damaged().regions, 0U);
}

}  // namespace
}  // namespace penstock::stream
