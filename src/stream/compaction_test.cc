#include "stream/compaction.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "base/fault.h"
#include "lake/parquet_file.h"
#include "stream/current_objects.h"
#include "stream/delivery_for_test.h"

namespace penstock::stream {
namespace {

constexpr Duration kHour = std::chrono::hours(1);

class CompactionTest : public DeliveryForTest {
 protected:
  // Small objects, each of a few rows of their own.
  void Deliver(int objects) {
    for (int i = 0; i < objects; ++i) {
      std::vector<std::string> records;
      for (int j = 0; j < 3; ++j) {
        const std::string name = "n" + std::to_string(number_++);
        names_.insert(name);
        records.push_back(R"({"name":")" + name + "\"}\n");
      }
      Put(records);
      ASSERT_TRUE(delivery_->Flush({}).ok()) << delivery_->metrics().last_error;
    }
  }
  // What our SQL reads: the objects of one listing that count.
  std::multiset<std::string> Read() {
    std::vector<std::string> keys;
    for (const auto& [key, bytes] : Objects("lake/bars/")) keys.push_back(key);
    return NamesOf(CurrentObjects(keys));
  }
  std::multiset<std::string> NamesOf(const std::vector<std::string>& keys) {
    std::multiset<std::string> names;
    for (const auto& key : keys) {
      const auto object = memory_.Get(key);
      if (!object.ok()) {
        names.insert("missing " + key);
        continue;
      }
      if (key.ends_with(".parquet")) {
        const auto table = lake::ReadParquet(object->bytes, key).ValueOrDie();
        for (const auto& chunk : table->GetColumnByName("name")->chunks()) {
          const auto& texts = static_cast<const arrow::StringArray&>(*chunk);
          for (int64_t i = 0; i < texts.length(); ++i) names.insert(texts.GetString(i));
        }
        continue;
      }
      for (size_t at = 0; (at = object->bytes.find("\"name\":\"", at)) != std::string::npos;) {
        at += 8;
        names.insert(object->bytes.substr(at, object->bytes.find('"', at) - at));
      }
    }
    return names;
  }
  size_t Visible() {
    size_t count = 0;
    for (const auto& [key, bytes] : Objects("lake/bars/")) count += key.find("/_") == key.npos;
    return count;
  }

  int number_ = 0;
  std::multiset<std::string> names_;
};

TEST_F(CompactionTest, ADayBecomesOneFile) {
  for (const bool parquet : {true, false}) {
    auto spec = ParquetSpecForTest();
    spec.prefix =
        parquet ? "lake/bars/dt=!{timestamp:yyyy-MM-dd}/" : "lake/bars/json-!{timestamp:yyyy-MM-dd}/";
    if (!parquet) {
      spec.json_columns = spec.parquet->columns;
      spec.parquet.reset();
    }
    Make(spec);
    const size_t before = Visible();
    if (!parquet) names_.clear();
    Deliver(4);
    Compaction compaction(spec, folder(), store_, clock_, Logger());
    ASSERT_TRUE(compaction.Step({}).ok());
    EXPECT_EQ(Visible(), before + 4);  // the day is not over
    clock_.Advance(std::chrono::days(1));
    Deliver(1);
    ASSERT_TRUE(compaction.Step({}).ok());
    EXPECT_EQ(Visible(), before + 5);  // still those of before, and a hidden one
    if (parquet) {
      EXPECT_EQ(Read(), names_);
    }
    clock_.Advance(kHour);
    ASSERT_TRUE(compaction.Step({}).ok());
    EXPECT_EQ(Visible(), before + 2);
    if (parquet) {
      EXPECT_EQ(Read(), names_);
    }
    clock_.Advance(kHour);
    ASSERT_TRUE(compaction.Step({}).ok());
    EXPECT_EQ(Objects("lake/bars/").size(), before + 2);
    if (parquet) {
      EXPECT_EQ(Read(), names_);
    }
    EXPECT_EQ(compaction.metrics().made, 1u);
    EXPECT_EQ(compaction.metrics().replaced, 4u);
    for (const auto& [key, bytes] : Objects("lake/bars/json-2020-05-14/"))
      EXPECT_EQ(NamesOf({key}).size(), 12u);
  }
}

// Dying at each point, again and again, with readers all along: each row once, whatever the listing has; and
// who listed before, reads to its end.
TEST_F(CompactionTest, ReadersSeeEachRowOnceWhateverDies) {
  Make(ParquetSpecForTest());
  for (const char* point :
       {"planned", "hidden", "visible", "replaced", "replaced=error@2", "replaced=error@3"}) {
    SCOPED_TRACE(point);
    Deliver(3);
    clock_.Advance(std::chrono::days(1) + std::chrono::hours(3));
    const std::string fault = std::string("stream.compaction.") + point;
    ASSERT_TRUE(ArmFaults(fault.find('=') == fault.npos ? fault + "=error" : fault).ok());
    for (int step = 0; step < 8; ++step) {
      std::vector<std::string> keys;
      for (const auto& [key, bytes] : Objects("lake/bars/")) keys.push_back(key);
      const auto listed = CurrentObjects(keys);
      Compaction compaction(spec_, folder(), store_, clock_, Logger());  // as after a restart
      ASSERT_TRUE(compaction.Step({}).ok());
      ASSERT_EQ(Read(), names_) << step;
      clock_.Advance(std::chrono::minutes(29));
      ASSERT_TRUE(compaction.Step({}).ok());
      ASSERT_EQ(Read(), names_) << step;
      EXPECT_EQ(Visible() == 0, false);
      clock_.Advance(std::chrono::minutes(1));
    }
    ASSERT_TRUE(ArmFaults("").ok());
  }
  EXPECT_EQ(Objects("lake/bars/").size(), 6u);  // one a day
}

// A reader that listed before a step has all that it listed for as long as the grace.
TEST_F(CompactionTest, WhatAReaderListedStaysForTheGrace) {
  Make(ParquetSpecForTest());
  Deliver(3);
  clock_.Advance(std::chrono::days(1) + std::chrono::hours(3));
  Compaction compaction(spec_, folder(), store_, clock_, Logger());
  std::deque<std::pair<TimePoint, std::vector<std::string>>> readers;
  for (int minutes = 0; minutes < 240; minutes += 5) {
    std::vector<std::string> keys;
    for (const auto& [key, bytes] : Objects("lake/bars/")) keys.push_back(key);
    readers.emplace_back(clock_.Now(), CurrentObjects(keys));
    ASSERT_TRUE(compaction.Step({}).ok());
    for (const auto& [since, listed] : readers) {
      if (clock_.Now() - since < kHour) {
        ASSERT_EQ(NamesOf(listed), names_) << minutes;
      }
    }
    clock_.Advance(std::chrono::minutes(5));
  }
  EXPECT_EQ(Objects("lake/bars/").size(), 1u);
}

TEST_F(CompactionTest, NestedColumnsStayWhole) {
  auto spec = ParquetSpecForTest();
  spec.parquet->columns = {{"name", "string", true, ""},
                           {"high", "decimal(10,2)", true, ""},
                           {"legs", "array<struct<px:double,tags:map<string,int>>>", true, ""}};
  Make(spec);
  for (int i = 0; i < 3; ++i) {
    names_.insert("n" + std::to_string(i));
    Put({R"({"name":"n)" + std::to_string(i) + R"(","high":1.25,"legs":[{"px":1,"tags":{"a":1}},null]})"});
    ASSERT_TRUE(delivery_->Flush({}).ok());
  }
  clock_.Advance(std::chrono::days(2));
  for (int i = 0; i < 4; ++i, clock_.Advance(kHour)) {
    ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
    ASSERT_EQ(Read(), names_);
  }
  const auto objects = Objects("lake/bars/");
  ASSERT_EQ(objects.size(), 1u);
  const auto table = lake::ReadParquet(objects.begin()->second).ValueOrDie();
  const auto legs = table->GetColumnByName("legs")->GetScalar(2).ValueOrDie();
  EXPECT_THAT(legs->ToString(), testing::HasSubstr("{px:double = 1, tags:map<string, int32 ('tags')> = "));
}

TEST_F(CompactionTest, LateObjectsJoinTheDayFile) {
  Make(ParquetSpecForTest());
  Deliver(3);
  const TimePoint noon = clock_.Now();
  clock_.Advance(std::chrono::days(2));
  for (int i = 0; i < 4; ++i, clock_.Advance(kHour)) {
    ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
  }
  ASSERT_EQ(Objects("lake/bars/").size(), 1u);
  const TimePoint now = clock_.Now();
  clock_.Set(noon);
  Deliver(1);
  clock_.Set(now);
  ASSERT_EQ(Objects("lake/bars/").size(), 2u);
  for (int i = 0; i < 4; ++i, clock_.Advance(kHour)) {
    ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
    ASSERT_EQ(Read(), names_);
  }
  EXPECT_EQ(Objects("lake/bars/").size(), 1u);
}

// UpdateDestination changes what a day's objects are made of: one format is never put behind another.
TEST_F(CompactionTest, ObjectsOfAnotherVersionOfTheStreamStayAsTheyAre) {
  auto spec = ParquetSpecForTest();
  Make(spec);
  Deliver(2);
  spec.version = 2;
  spec.json_columns = spec.parquet->columns;
  spec.parquet.reset();
  Make(spec);
  Deliver(2);
  spec.version = 3;
  spec.compression = Compression::kGzip;
  Make(spec);
  Deliver(2);
  ASSERT_EQ(Visible(), 6u);
  spec.version = 4;
  spec.parquet = ParquetConversion{std::exchange(spec.json_columns, {}), "zstd"};
  spec.compression = Compression::kNone;
  Make(spec);
  Deliver(3);
  const auto before = Objects("lake/bars/");
  clock_.Advance(std::chrono::days(1) + std::chrono::hours(3));
  for (int hour = 0; hour < 5; ++hour, clock_.Advance(kHour)) {
    ASSERT_TRUE(Compaction(spec, folder(), store_, clock_, Logger()).Step({}).ok());
  }
  const auto after = Objects("lake/bars/");
  EXPECT_EQ(after.size(), 7u) << "those of version 4 are one";
  for (const auto& [key, bytes] : before) {
    if (key.find("/s-4-") == key.npos) {
      EXPECT_EQ(after.contains(key) ? after.at(key) : "", bytes) << key;
    }
  }
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : after) keys.push_back(key);
  EXPECT_EQ(CurrentObjects(keys).size(), 7u) << "none takes another one's place";
}

// What was begun for the version before is given up, with what is there of it.
TEST_F(CompactionTest, AJobThatWasPlannedForAnotherVersionIsGivenUp) {
  Make(ParquetSpecForTest());
  Deliver(3);
  clock_.Advance(std::chrono::days(1) + std::chrono::hours(3));
  ASSERT_TRUE(ArmFaults("stream.compaction.hidden=error").ok());
  ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
  ASSERT_TRUE(ArmFaults("").ok());
  ASSERT_EQ(Objects("lake/bars/").size(), 4u) << "the hidden one is there";
  spec_.version = 2;
  for (int hour = 0; hour < 5; ++hour, clock_.Advance(kHour)) {
    ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
    EXPECT_EQ(Read(), names_);
  }
  EXPECT_EQ(Objects("lake/bars/").size(), 3u);
}

// Retention may have taken it while no process served the stream: the others are compacted all the same.
TEST_F(CompactionTest, AnObjectThatWasRemovedMeanwhileHoldsNothingUp) {
  Make(ParquetSpecForTest());
  for (const char* point : {"", "stream.compaction.replaced=error"}) {
    Deliver(3);
    clock_.Advance(std::chrono::days(1) + std::chrono::hours(3));
    ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
    ASSERT_TRUE(ArmFaults(point).ok());
    if (*point != '\0') {
      clock_.Advance(kHour);
      ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
      ASSERT_TRUE(ArmFaults("").ok());
    }
    int hidden = 0;
    for (const auto& [key, bytes] : Objects("lake/bars/")) {
      if (key.find("/_") != key.npos && ++hidden > 0) {
        ASSERT_TRUE(memory_.Delete(key).ok());
      }
    }
    ASSERT_EQ(hidden, 1);
    for (int hour = 0; hour < 6; ++hour, clock_.Advance(kHour)) {
      ASSERT_TRUE(Compaction(spec_, folder(), store_, clock_, Logger()).Step({}).ok());
      EXPECT_EQ(Read(), names_);
    }
  }
  EXPECT_EQ(Objects("lake/bars/").size(), 2u);  // one a day
}

TEST(CurrentObjects, OtherStreamsAndFoldersAreTheirOwn) {
  auto spec = SpecForTest();
  const auto zone = *TimeZone::Find("UTC");
  const auto name = [&](uint64_t sequence) { return ObjectName(spec, zone, TimePoint(), sequence, ""); };
  const std::string day = "t/" + name(3) + ".to-0000000000000009.parquet";
  const std::vector<std::string> keys{
      day, "t/" + name(2), "t/" + name(3), "t/" + name(9), "t/" + name(10), "u/" + name(5), "t/x.parquet"};
  EXPECT_EQ(CurrentObjects(keys), (std::vector<std::string>{day, keys[1], keys[4], keys[5], keys[6]}));
  EXPECT_EQ(CompactedThrough(day), 9u);
  // A stream that was deleted and made again counts from the beginning.
  spec.created += std::chrono::seconds(1);
  EXPECT_EQ(CurrentObjects({day, "t/" + name(5)}).size(), 2u);
  EXPECT_FALSE(CompactedThrough("t/" + name(5) + ".parquet").has_value());
}

}  // namespace
}  // namespace penstock::stream
