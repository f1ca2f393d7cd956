#include "stream/live_table.h"

#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

#include "base/fault.h"
#include "lake/parquet_file.h"
#include "lambda/log_for_test.h"
#include "stream/delivery_for_test.h"

namespace penstock::stream {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class LiveTableTest : public DeliveryForTest {
 protected:
  Result<LiveTable> Take(LiveTableOptions options = {.prefix = "t/", .pattern = "*/*/*/*/*"}) {
    options.temporary_folder = temporary_.path();
    const LiveSource source{spec_, folder()};
    const Logger logger(said_, LogFormat::kText, LogLevel::kWarning, &clock_);
    return TakeLiveTable({&source, 1}, memory_, options, clock_, random_, logger, {});
  }
  // The lines of all that the table consists of.
  std::vector<std::string> Lines(const LiveTable& table) {
    std::vector<std::string> lines;
    const auto add = [&](std::istream&& in) {
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    };
    for (const auto& key : table.keys) add(std::istringstream(memory_.Get(key)->bytes));
    for (const auto& file : table.files) add(std::ifstream(file));
    return lines;
  }
  std::vector<std::string> Lines() { return Lines(Take().ValueOrDie()); }
  Status Deliver() { return delivery_->Flush({}); }

  void PutLog(const std::vector<std::string>& records) { ASSERT_TRUE(AppendAll(*log_, records).ok()); }

  TemporaryFolder temporary_;
  Random random_{1};
  const std::shared_ptr<lambda::LogForTest> said_ = std::make_shared<lambda::LogForTest>();
};

TEST_F(LiveTableTest, WhatWaitsIsSeenBesideWhatIsDelivered) {
  Make(SpecForTest());
  EXPECT_TRUE(Lines().empty());
  Put({"a\n", "b\n"});
  EXPECT_THAT(Lines(), UnorderedElementsAre("a", "b"));
  ASSERT_TRUE(Deliver().ok());
  EXPECT_THAT(Lines(), UnorderedElementsAre("a", "b"));
  EXPECT_TRUE(Take()->files.empty());
  Put({"c\n"});
  EXPECT_THAT(Lines(), UnorderedElementsAre("a", "b", "c"));
  EXPECT_EQ(Take()->keys.size(), 1U);
  EXPECT_EQ(Take()->files.size(), 1U);
}

TEST_F(LiveTableTest, WithoutWhatWaits) {
  Make(SpecForTest());
  Put({"a\n"});
  ASSERT_TRUE(Deliver().ok());
  Put({"b\n"});
  const LiveTableOptions options{.prefix = "t/", .pattern = "*/*/*/*/*", .waiting = false};
  EXPECT_THAT(Lines(Take(options).ValueOrDie()), ElementsAre("a"));
}

// A large object and the small ones that it is made of are there together for a while.
TEST_F(LiveTableTest, CompactedObjectsCountOnce) {
  Make(SpecForTest());
  std::vector<std::string> keys;
  for (const auto* record : {"a\n", "b\n"}) {
    Put({record});
    ASSERT_TRUE(Deliver().ok());
  }
  for (const auto& [key, bytes] : Objects("t/")) keys.push_back(key);
  std::ranges::sort(keys, {}, FirstSequence);
  const auto name = keys.at(0).rfind('/') + 1;
  ASSERT_TRUE(
      memory_
          .Put(keys.at(0).substr(0, name) + "_" + keys.at(0).substr(name) + ".to-0000000000000001", "a\nb\n")
          .ok());
  Put({"c\n"});
  EXPECT_THAT(Lines(), UnorderedElementsAre("a", "b", "c"));
}

TEST_F(LiveTableTest, ItsFilesGoWithIt) {
  Make(SpecForTest());
  Put({"a\n"});
  {
    const auto table = Take().ValueOrDie();
    EXPECT_TRUE(std::filesystem::exists(table.files.at(0)));
    EXPECT_TRUE(table.files.at(0).starts_with(table.folder));
  }
  EXPECT_TRUE(std::filesystem::is_empty(temporary_.path()));
}

// Whatever a delivery has done when it dies, each record is seen once: before, and after it goes on.
TEST_F(LiveTableTest, OnceAtEachPointOfADelivery) {
  auto spec = SpecForTest();
  spec.partition_keys = {{"k", ".k"}};
  spec.prefix = "t/k=!{partitionKeyFromQuery:k}/";
  Make(spec);
  const LiveTableOptions options{.prefix = "t/", .pattern = "k=*/*"};
  std::vector<std::string> all;
  int n = 0;
  for (const auto* point : {"stream.delivery.begun", "stream.delivery.planned", "stream.delivery.put",
                            "stream.delivery.put_all", "stream.delivery.delivered"}) {
    for (int i = 0; i < 4; ++i, ++n) {
      all.push_back("{\"k\":\"" + std::to_string(i % 3) + "\",\"n\":" + std::to_string(n) + "}");
      PutLog({all.back() + "\n"});
    }
    ASSERT_TRUE(ArmFaults(std::string(point) + "=error").ok());
    EXPECT_FALSE(Deliver().ok()) << point;
    ASSERT_TRUE(ArmFaults("").ok());
    EXPECT_THAT(Lines(Take(options).ValueOrDie()), testing::UnorderedElementsAreArray(all)) << point;
    Restart();
    EXPECT_THAT(Lines(Take(options).ValueOrDie()), testing::UnorderedElementsAreArray(all)) << point;
    ASSERT_TRUE(Deliver().ok());
    EXPECT_THAT(Lines(Take(options).ValueOrDie()), testing::UnorderedElementsAreArray(all)) << point;
    EXPECT_TRUE(Take(options)->files.empty());
  }
}

// Snapshots one after another while records are put, delivered and removed from the log: each sees all that
// was acknowledged before it, and nothing twice.
TEST_F(LiveTableTest, OnceWhileDeliveriesRunBesideIt) {
  auto spec = SpecForTest();
  spec.buffering.interval_s = 0;
  Make(spec);
  std::atomic<int> acknowledged{0};
  std::atomic<bool> stop{false};
  std::jthread producer([&] {
    for (int n = 0; !stop; n += 20) {
      // Not more ahead of the delivery than a few objects.
      while (!stop && static_cast<uint64_t>(n) > delivery_->metrics().delivered + 400)
        std::this_thread::yield();
      std::vector<std::string> records;
      for (int i = n; i < n + 20; ++i) records.push_back(std::to_string(i) + std::string(200, ' ') + "\n");
      PutLog(records);
      acknowledged = n + 20;
    }
  });
  std::jthread deliverer([&] {
    while (!stop) ASSERT_TRUE(delivery_->Step({}).ok());
  });
  int with_both = 0;
  // However late the two others begin.
  for (int run = 0; run < 20 || with_both < 5; ++run) {
    const int before = acknowledged;
    const auto table = Take().ValueOrDie();
    with_both += !table.keys.empty() && !table.files.empty();
    std::set<int> seen;
    for (const auto& line : Lines(table))
      ASSERT_TRUE(seen.insert(std::stoi(line)).second) << line << " twice";
    ASSERT_GE(static_cast<int>(seen.size()), before);
    ASSERT_EQ(seen.empty() ? -1 : *seen.rbegin(), static_cast<int>(seen.size()) - 1) << "one is missing";
  }
  stop = true;
}

// A stream that was deleted and made again counts from 0 again: what the first one delivered stays.
TEST_F(LiveTableTest, ObjectsOfAnEarlierStreamOfTheSameNameCount) {
  auto spec = SpecForTest();
  Make(spec);
  Put({"old\n", "old too\n"});
  ASSERT_TRUE(Deliver().ok());
  Put({"old, the third\n"});
  ASSERT_TRUE(Deliver().ok());
  delivery_.reset();
  log_.reset();
  std::filesystem::remove_all(folder() + "/log");
  std::filesystem::remove(folder() + "/delivery.json");
  clock_.Advance(std::chrono::milliseconds(1));
  spec.created = clock_.Now();
  Open();
  Make(spec);
  EXPECT_EQ(Lines().size(), 3U);
  Put({"new\n"});
  EXPECT_EQ(Lines().size(), 4U);
  ASSERT_TRUE(Deliver().ok());
  EXPECT_EQ(Lines().size(), 4U);
}

// Objects may be older than their stream, by the clock.
TEST_F(LiveTableTest, OnceThoughTheClockWasSetBack) {
  auto spec = SpecForTest();
  spec.created = clock_.Now() + std::chrono::hours(5);
  Make(spec);
  Put({"a\n"});
  ASSERT_TRUE(ArmFaults("stream.delivery.put_all=error").ok());
  EXPECT_FALSE(Deliver().ok());
  ASSERT_TRUE(ArmFaults("").ok());
  EXPECT_THAT(Lines(), ElementsAre("a"));
}

// A listing that takes long, while all that waited is delivered and cut off from the log.
TEST_F(LiveTableTest, OnceThoughALogIsCutOffWithEachListing) {
  class SlowList : public store::FaultyStore {
   public:
    using FaultyStore::FaultyStore;
    Result<store::ListPage> List(std::string_view prefix, const store::ListOptions& options) override {
      meanwhile();
      return FaultyStore::List(prefix, options);
    }
    std::function<void()> meanwhile;
  } slow(memory_, clock_);
  Make(SpecForTest());
  const std::string large(2 << 20, 'x');
  Put({large + "\n"});
  slow.meanwhile = [&] {
    ASSERT_TRUE(Deliver().ok());
    ASSERT_EQ(log_->first(), log_->end());
    Put({large + "\n"});
  };
  const LiveTableOptions options{
      .prefix = "t/", .pattern = "*/*/*/*/*", .temporary_folder = temporary_.path()};
  const LiveSource source{spec_, folder()};
  for (size_t lines = 1; lines <= 3; ++lines) {
    const auto table = TakeLiveTable({&source, 1}, slow, options, clock_, random_, Logger(), {});
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(Lines(*table).size(), lines);
  }
}

// Without an interval each record would be due at once: not a file for each.
TEST_F(LiveTableTest, AFewFilesHoweverManyRecordsWait) {
  auto spec = SpecForTest();
  spec.buffering.interval_s = 0;
  Make(spec);
  for (int i = 0; i < 50; ++i, clock_.Advance(std::chrono::milliseconds(1))) PutLog({"a\n"});
  EXPECT_EQ(Take()->files.size(), 1U);
  EXPECT_EQ(Lines().size(), 50U);
}

TEST_F(LiveTableTest, ObjectsOfOthersCount) {
  Make(SpecForTest());
  Put({"a\n"});
  ASSERT_TRUE(Deliver().ok());
  for (const auto* key : {"t/2020/05/14/13/by-hand.json", "t/2020/05/14/13/s", "t/2020/05/14/13/s-1",
                          "t/2020/05/14/13/s-1-2020-05-14-13-30-00-and-more",
                          "t/2020/05/14/13/s-x-1-2020-05-14-13-30-00-00000000-0000-8000-8000-0000000000ff"}) {
    ASSERT_TRUE(memory_.Put(key, "other\n").ok());
  }
  ASSERT_TRUE(memory_.Put("t/deeper/or/not/of/the/pattern", "no\n").ok());
  const auto planned = ObjectName(spec_, *TimeZone::Find("UTC"), clock_.Now(), 0xff, "");
  ASSERT_TRUE(memory_.Put("t/2020/05/14/13/" + planned, "plan\n").ok());
  EXPECT_THAT(Lines(), UnorderedElementsAre("a", "other", "other", "other", "other", "other"));
}

TEST_F(LiveTableTest, BuiltInTransformsApplyAndHandlersDoNot) {
  auto spec = SpecForTest();
  spec.transform.built_in = {json::object{{"append_newline", json::object{}}}};
  Make(spec);
  Put({"a", "b"});
  EXPECT_THAT(Lines(), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(said_->text(), "");
  spec.transform = {};
  spec.transform.handler = json::object{{"command", json::array{"false"}}};
  Make(spec);
  EXPECT_TRUE(Lines().empty());
  EXPECT_THAT(said_->text(),
              AllOf(HasSubstr("waiting_records_not_seen"), HasSubstr("stream=s"), HasSubstr("records=2")));
}

TEST_F(LiveTableTest, RowsOfParquetByDayOfArrival) {
  Make(ParquetSpecForTest());
  PutLog({R"({"name":"FB","high":1.5,"ts":"2020-05-14 13:30:00"})", "no JSON", R"({"name":"AMZN"})"});
  clock_.Advance(std::chrono::hours(24));
  PutLog({R"({"name":"NFLX"})"});
  const auto table = Take({.prefix = "lake/bars/", .pattern = "dt=*/*.parquet"}).ValueOrDie();
  ASSERT_EQ(table.files.size(), 2U) << "as the interval would cut them";
  std::vector<std::string> days;
  int64_t rows = 0;
  for (const auto& file : table.files) {
    const auto at = file.find("/dt=");
    days.push_back(file.substr(at + 4, 10));
    std::ifstream in(file, std::ios::binary);
    rows += lake::ReadParquet({std::istreambuf_iterator<char>(in), {}}, file).ValueOrDie()->num_rows();
  }
  EXPECT_THAT(days, ElementsAre("2020-05-14", "2020-05-15"));
  EXPECT_EQ(rows, 3);
}

TEST_F(LiveTableTest, AStreamThatIsBeingDeletedHasNothingThatWaits) {
  Make(SpecForTest());
  Put({"a\n"});
  delivery_.reset();
  log_.reset();
  std::filesystem::remove_all(folder() + "/log");
  EXPECT_TRUE(Lines().empty());
}

// Of a query that began when it was there.
TEST_F(LiveTableTest, WhatADeletedStreamDeliveredCounts) {
  Make(SpecForTest());
  Put({"a\n"});
  ASSERT_TRUE(Deliver().ok());
  delivery_.reset();
  log_.reset();
  std::filesystem::remove_all(folder());
  EXPECT_THAT(Lines(), ElementsAre("a"));
}

}  // namespace
}  // namespace penstock::stream
