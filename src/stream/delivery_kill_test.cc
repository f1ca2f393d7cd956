// A delivery that dies at each of its points, and the one after it: every record is in the lake once (ALL-5,
// STREAM-3).
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/fault.h"
#include "lake/parquet_file.h"
#include "store/folder_store.h"
#include "stream/delivery_for_test.h"

#include <arrow/array.h>
#include <arrow/table.h>

namespace penstock::stream {
namespace {

constexpr int kKilled = 137;

// All names in the objects of the table, each as often as it is there.
std::multiset<std::string> NamesIn(store::ObjectStore& store, bool parquet) {
  std::multiset<std::string> names;
  for (const auto& info : store::ListAll(store, "lake/bars/").ValueOrDie()) {
    const std::string bytes = store.Get(info.key)->bytes;
    if (parquet) {
      const auto table = lake::ReadParquet(bytes, info.key).ValueOrDie();
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
    for (const char* point : {"begun", "planned", "put", "put_all", "delivered"}) {
      for (int passage = 1; passage <= (std::string(point) == "put" ? 3 : 1); ++passage) {
        const std::string fault =
            std::string("stream.delivery.") + point + "=kill@" + std::to_string(passage);
        ASSERT_EQ(Deliver(folder.path(), spec, fault, records()), kKilled) << fault;
        ++kills;
        // Again, while the plan is done again: the same point, or the one before.
        if (std::string(point) != "delivered") {
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

}  // namespace
}  // namespace penstock::stream
