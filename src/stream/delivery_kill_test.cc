// A delivery that dies at each of its points, and the one after it: every record is in the lake once (ALL-5,
// STREAM-3).
#include <arrow/array.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/fault.h"
#include "lake/parquet_file.h"
#include "store/folder_store.h"
#include "stream/compaction.h"
#include "stream/current_objects.h"
#include "stream/delivery_for_test.h"
#include "stream/error_record.h"
#include "stream/error_replay.h"

namespace penstock::stream {
namespace {

constexpr int kKilled = 137;

// All names in the objects of the table that count, each as often as it is there.
std::multiset<std::string> NamesIn(store::ObjectStore& store, bool parquet) {
  std::multiset<std::string> names;
  std::vector<std::string> keys;
  for (const auto& info : store::ListAll(store, "lake/bars/").ValueOrDie()) keys.push_back(info.key);
  for (const auto& key : CurrentObjects(keys)) {
    const std::string bytes = store.Get(key)->bytes;
    if (parquet) {
      const auto table = lake::ReadParquet(bytes, key).ValueOrDie();
      for (const auto& chunk : table->GetColumnByName("name")->chunks()) {
        const auto& texts = static_cast<const arrow::StringArray&>(*chunk);
        for (int64_t i = 0; i < texts.length(); ++i) names.insert(texts.GetString(i));
      }
      continue;
    }
    for (size_t at = 0; (at = bytes.find("\"name\":\"", at)) != bytes.npos;) {
      at += 8;
      names.insert(bytes.substr(at, bytes.find('"', at) - at));
    }
  }
  return names;
}

// What a process does: opens the stream of `folder`, and delivers what there is.
int Deliver(const std::string& folder, const StreamSpec& spec, const std::string& fault,
            const std::vector<std::string>& put) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    {
      SystemClock clock;
      const auto store = store::FolderStore::Open(folder + "/bucket").ValueOrDie();
      lake::StoreCatalog catalog(*store);
      LogOptions options;
      options.at_least = ReadDeliveryState(folder).ValueOrDie().at_least();
      auto log = RecordLog::Open(folder + "/log", options, clock, Logger()).ValueOrDie();
      if (!put.empty() && !AppendAll(*log, put).ok()) ::_exit(3);
      if (!ArmFaults(fault).ok()) ::_exit(4);
      auto delivery =
          Delivery::Open(spec, folder, *log, *store, catalog, nullptr, clock, Logger()).ValueOrDie();
      code = delivery->Flush({}).ok() ? 0 : 1;
    }
    ::_exit(code);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? kKilled : WEXITSTATUS(status);
}

TEST(DeliveryKill, EveryRecordIsThereOnceWhereverItDies) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer follows no threads behind a fork; the other builds run this";
#endif
  for (const bool parquet : {true, false}) {
    StreamSpec spec = ParquetSpecForTest();
    spec.prefix = "lake/bars/k=!{partitionKeyFromQuery:k}/";
    spec.partition_keys = {{"k", ".k"}};
    if (!parquet) {
      spec.parquet.reset();
      spec.table.clear();
    }
    TemporaryFolder folder;
    std::multiset<std::string> expected;
    int number = 0, kills = 0;
    const auto records = [&] {
      std::vector<std::string> out;
      for (int i = 0; i < 20; ++i) {
        const std::string name = "n" + std::to_string(number++);
        expected.insert(name);
        out.push_back(R"({"name":")" + name + R"(","k":)" + std::to_string(i % 3) + "}");
      }
      return out;
    };
    for (const std::string point : {"stream.delivery.begun", "stream.delivery.planned", "stream.delivery.put",
                                    "stream.delivery.put_all", "stream.delivery.delivered"}) {
      for (int passage = 1; passage <= (point == "stream.delivery.put" ? 3 : 1); ++passage) {
        const std::string fault = point + "=kill@" + std::to_string(passage);
        ASSERT_EQ(Deliver(folder.path(), spec, fault, records()), kKilled) << fault;
        ++kills;
        // Again, while the plan is done again: the same point, or the one before.
        if (point != "stream.delivery.delivered") {
          ASSERT_EQ(Deliver(folder.path(), spec, fault, records()), kKilled) << fault;
        }
        if (passage % 2 == 1) continue;  // some deaths on top of each other
        ASSERT_EQ(Deliver(folder.path(), spec, "", {}), 0) << fault;
        const auto store = store::FolderStore::Open(folder.path() + "/bucket").ValueOrDie();
        ASSERT_EQ(NamesIn(*store, parquet), expected) << fault;
      }
    }
    EXPECT_EQ(kills, 7);
    ASSERT_EQ(Deliver(folder.path(), spec, "", records()), 0);
    const auto store = store::FolderStore::Open(folder.path() + "/bucket").ValueOrDie();
    EXPECT_EQ(NamesIn(*store, parquet), expected);
    EXPECT_FALSE(ReadDeliveryState(folder.path())->plan.has_value());
  }
}

// The failed records of all error objects.
std::multiset<std::string> FailedIn(store::ObjectStore& store) {
  std::multiset<std::string> records;
  for (const auto& info : store::ListAll(store, "errors/").ValueOrDie()) {
    for (const auto& record : ReadErrorRecords(store.Get(info.key)->bytes).ValueOrDie())
      records.insert(record.raw);
  }
  return records;
}

TEST(DeliveryKill, AReplayPutsEachRecordOnceWhereverItDies) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer follows no threads behind a fork; the other builds run this";
#endif
  const StreamSpec spec = ParquetSpecForTest();
  TemporaryFolder folder;
  std::multiset<std::string> expected;
  int number = 0;
  const auto wrong = [&] {
    const std::string record = "wrong " + std::to_string(number++);
    expected.insert(record);
    return std::vector<std::string>{record};
  };
  for (const std::string point :
       {"stream.replay.planned", "stream.replay.appended", "stream.replay.deleted"}) {
    for (int passage = 1; passage <= 2; ++passage) {
      const std::string fault = point + "=kill@" + std::to_string(passage);
      for (int i = 0; i < 2; ++i) ASSERT_EQ(Deliver(folder.path(), spec, "", wrong()), 0);
      const auto store = store::FolderStore::Open(folder.path() + "/bucket").ValueOrDie();
      std::vector<std::string> keys;
      for (const auto& object : ListErrorObjects(*store, spec, *PrefixesOf(spec)).ValueOrDie())
        keys.push_back(object.key);
      ASSERT_TRUE(RequestReplay(folder.path(), keys).ok());
      ASSERT_EQ(Deliver(folder.path(), spec, fault, {}), kKilled) << fault;
      ASSERT_EQ(Deliver(folder.path(), spec, "", wrong()), 0) << fault;
      ASSERT_EQ(FailedIn(*store), expected) << fault;
      ASSERT_FALSE(*IsReplayPending(folder.path()));
    }
  }
}

// One step of a compaction, two days and so many hours from now.
int Compact(const std::string& folder, const StreamSpec& spec, int hours, const std::string& fault) {
  const pid_t child = ::fork();
  if (child == 0) {
    ManualClock clock(SystemClock().Now() + std::chrono::days(2) + std::chrono::hours(hours));
    const auto store = store::FolderStore::Open(folder + "/bucket").ValueOrDie();
    if (!ArmFaults(fault).ok()) ::_exit(4);
    Compaction compaction(spec, folder, *store, clock, Logger());
    ::_exit(compaction.Step({}).ok() ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? kKilled : WEXITSTATUS(status);
}

TEST(DeliveryKill, CompactionLosesNoRowWhereverItDies) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer follows no threads behind a fork; the other builds run this";
#endif
  const StreamSpec spec = ParquetSpecForTest();
  for (const std::string point : {"stream.compaction.planned", "stream.compaction.hidden",
                                  "stream.compaction.visible", "stream.compaction.replaced"}) {
    TemporaryFolder folder;
    std::multiset<std::string> expected;
    for (int i = 0; i < 3; ++i) {
      const std::string name = "n" + std::to_string(i);
      expected.insert(name);
      ASSERT_EQ(Deliver(folder.path(), spec, "", {R"({"name":")" + name + R"("})"}), 0);
    }
    const auto store = store::FolderStore::Open(folder.path() + "/bucket").ValueOrDie();
    int kills = 0;
    for (int hour = 0; hour < 12; ++hour) {
      // Until it dies once; then undisturbed.
      const int code = Compact(folder.path(), spec, hour, kills == 0 ? point + "=kill" : "");
      ASSERT_TRUE(code == 0 || (code == kKilled && kills == 0)) << point << ": " << code;
      kills += code == kKilled;
      ASSERT_EQ(NamesIn(*store, true), expected) << point << " hour " << hour;
    }
    EXPECT_EQ(kills, 1) << point;
    EXPECT_EQ(store::ListAll(*store, "lake/bars/").ValueOrDie().size(), 1u) << point;
  }
}

}  // namespace
}  // namespace penstock::stream
