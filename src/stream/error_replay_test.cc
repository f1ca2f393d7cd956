#include "stream/error_replay.h"

#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/fault.h"
#include "lake/parquet_file.h"
#include "stream/delivery_for_test.h"
#include "stream/error_record.h"

namespace penstock::stream {
namespace {

class ErrorReplayTest : public DeliveryForTest {
 protected:
  // Two objects of records that are no JSON, one that is.
  void Fail() {
    Make(ParquetSpecForTest());
    Put({"wrong 1", "wrong 2", R"({"name":"right"})"});
    ASSERT_TRUE(delivery_->Flush({}).ok());
    Put({"wrong 3"});
    ASSERT_TRUE(delivery_->Flush({}).ok());
    ASSERT_EQ(ErrorKeys().size(), 2u);
  }
  std::vector<std::string> ErrorKeys() {
    std::vector<std::string> keys;
    for (const auto& object : ListErrorObjects(memory_, spec_, *PrefixesOf(spec_)).ValueOrDie())
      keys.push_back(object.key);
    return keys;
  }
  // All records below the error prefix.
  std::multiset<std::string> Failed() {
    std::multiset<std::string> records;
    for (const auto& [key, bytes] : Objects("errors/")) {
      for (const auto& record : ReadErrorRecords(bytes).ValueOrDie()) records.insert(record.raw);
    }
    return records;
  }
  int64_t Rows() {
    int64_t rows = 0;
    for (const auto& [key, bytes] : Objects("lake/bars/"))
      rows += lake::ReadParquet(bytes).ValueOrDie()->num_rows();
    return rows;
  }
};

// What failed goes through the stream as it is now, once, however often one asks.
TEST_F(ErrorReplayTest, FailedRecordsAreDeliveredOnce) {
  Fail();
  auto spec = spec_;
  spec.parquet.reset();  // and now they are taken as they are
  spec.table.clear();
  spec.version = 2;
  const auto keys = ErrorKeys();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(RequestReplay(folder(), keys).ok());
    EXPECT_TRUE(*IsReplayPending(folder()));
    EXPECT_EQ(CodeOf(RequestReplay(folder(), keys)), ErrorCode::kConflict);
    ASSERT_TRUE(Make(spec).Flush({}).ok());
    EXPECT_FALSE(*IsReplayPending(folder()));
    EXPECT_TRUE(ErrorKeys().empty());
  }
  std::string delivered;
  for (const auto& [key, bytes] : Objects("lake/bars/")) {
    if (!key.ends_with(".parquet")) delivered += bytes;
  }
  EXPECT_EQ(delivered, "wrong 1wrong 2wrong 3");
}

TEST_F(ErrorReplayTest, WhatFailsAgainIsKeptAgain) {
  Fail();
  ASSERT_TRUE(RequestReplay(folder(), {ErrorKeys()[0]}).ok());
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_EQ(Failed(), (std::multiset<std::string>{"wrong 1", "wrong 2", "wrong 3"}));
  EXPECT_EQ(Rows(), 1);
}

// A producer says the same again while it is not known what became of the replay: that is another record.
TEST_F(ErrorReplayTest, TheSameRecordsOfAProducerAreOthers) {
  Fail();
  for (const char* point : {"planned", "appended"}) {
    SCOPED_TRACE(point);
    const auto before = Failed();
    ASSERT_TRUE(RequestReplay(folder(), {ErrorKeys()[0]}).ok());
    ASSERT_TRUE(ArmFaults(std::string("stream.replay.") + point + "=error").ok());
    IgnoreError(delivery_->Step({}).status(), "it stops");
    ASSERT_TRUE(ArmFaults("").ok());
    clock_.Advance(std::chrono::milliseconds(1));
    Put({"wrong 1", "wrong 2"});
    ASSERT_TRUE(Restart().Flush({}).ok());
    EXPECT_EQ(Failed().size(), before.size() + 2);
    EXPECT_FALSE(*IsReplayPending(folder()));
  }
}

// It stops at each of its points, and another process goes on, with other records in between.
TEST_F(ErrorReplayTest, WhereverItStopsEachRecordIsPutOnce) {
  Fail();
  std::multiset<std::string> expected = Failed();
  int number = 0;
  for (const char* point : {"planned", "appended", "deleted"}) {
    for (const char* passage : {"@1", "@2"}) {
      SCOPED_TRACE(std::string(point) + passage);
      const std::string more = "more " + std::to_string(number);
      Put({more});  // so that there are two objects at least
      expected.insert(more);
      ASSERT_TRUE(delivery_->Flush({}).ok());
      ASSERT_TRUE(RequestReplay(folder(), ErrorKeys()).ok());
      ASSERT_TRUE(ArmFaults(std::string("stream.replay.") + point + "=error" + passage).ok());
      IgnoreError(Restart().Step({}).status(), "it stops");
      EXPECT_TRUE(*IsReplayPending(folder()));
      ASSERT_TRUE(ArmFaults("").ok());
      const std::string between = "between " + std::to_string(number++);
      Put({between});
      expected.insert(between);
      ASSERT_TRUE(Restart().Flush({}).ok());
      EXPECT_EQ(Failed(), expected);
      EXPECT_FALSE(*IsReplayPending(folder()));
    }
  }
}

// An error object of a delivery that died is put again with the rest of it: until then it is not complete.
TEST_F(ErrorReplayTest, ObjectsOfADeliveryThatIsNotDoneWait) {
  Make(ParquetSpecForTest());
  Put({"wrong", R"({"name":"right"})"});
  ASSERT_TRUE(ArmFaults("stream.delivery.put_all=error").ok());
  EXPECT_FALSE(delivery_->Flush({}).ok());
  ASSERT_TRUE(ArmFaults("").ok());
  ASSERT_EQ(ErrorKeys().size(), 1u);
  for (const bool step : {true, false}) {
    ASSERT_TRUE(RequestReplay(folder(), ErrorKeys()).ok());
    Restart();
    if (step) {
      ASSERT_TRUE(delivery_->Step({}).ok());
    }
    ASSERT_TRUE(delivery_->Flush({}).ok());
    EXPECT_FALSE(*IsReplayPending(folder()));
    EXPECT_EQ(Failed(), (std::multiset<std::string>{"wrong"}));
    EXPECT_EQ(Rows(), 1);
  }
}

// "s-x" begins as "s" does, and may have the same error prefix; an earlier "s" has the same name.
TEST_F(ErrorReplayTest, ObjectsOfOtherStreamsAreTheirOwn) {
  Fail();
  const auto keys = ErrorKeys();
  const auto put = [&](const std::string& name, Duration later) {
    StreamSpec other = spec_;
    other.name = name;
    other.created += later;
    const auto object = ObjectName(other, *TimeZone::Find("UTC"), clock_.Now(), 1000, "");
    ASSERT_TRUE(memory_.Put("errors/format-conversion-failed/" + object, "").ok());
  };
  for (const char* other : {"s-x", "s-1", "x-s", "s-1-2020-05-14-13-30-00"}) put(other, Duration(0));
  EXPECT_EQ(ErrorKeys(), keys);
  put("s", std::chrono::hours(-1));
  EXPECT_EQ(ErrorKeys().size(), keys.size() + 1);
}

// As in an example of the developer guide: "myErrorPrefix/…/!{firehose:error-output-type}".
TEST_F(ErrorReplayTest, AnErrorPrefixNeedsNoSlashAtItsEnd) {
  auto spec = ParquetSpecForTest();
  spec.error_prefix = "errors/!{firehose:error-output-type}";
  Make(spec);
  Put({"wrong"});
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_EQ(ErrorKeys().size(), 1u);
}

TEST_F(ErrorReplayTest, AStoreThatFailsDelaysTheReplayOnly) {
  Fail();
  ASSERT_TRUE(RequestReplay(folder(), ErrorKeys()).ok());
  store_.Order({.kind = store::FaultKind::kBefore,
                .operation = store::Operation::kGet,
                .key_pattern = "errors/*",
                .count = -1});
  Put({R"({"name":"more"})"});
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_EQ(Rows(), 2);
  EXPECT_TRUE(*IsReplayPending(folder()));
  store_.Clear();
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_FALSE(*IsReplayPending(folder()));
  EXPECT_EQ(Failed().size(), 3u);
}

// Nor is it asked with each record that comes.
TEST_F(ErrorReplayTest, AStoreThatFailsIsAskedForAReplayNowAndThen) {
  Fail();
  ASSERT_TRUE(RequestReplay(folder(), ErrorKeys()).ok());
  store_.Order({.operation = store::Operation::kGet, .key_pattern = "errors/*", .count = -1});
  for (int i = 1; i <= 3; ++i) {
    for (int step = 0; step < 5; ++step) ASSERT_TRUE(delivery_->Step({}).ok());
    EXPECT_EQ(store_.met(), i);
    clock_.Advance(std::chrono::minutes(1));
  }
  store_.Clear();
  ASSERT_TRUE(delivery_->Step({}).ok());
  EXPECT_FALSE(*IsReplayPending(folder()));
}

// Both forms of the developer guide, with numbers as texts as it shows them.
TEST(ErrorRecord, ReadsWhatFirehoseWrites) {
  const auto records = ReadErrorRecords(
      R"({"attemptsMade":"4","arrivalTimestamp":"1533270000000","errorCode":"Lambda.FunctionError","errorMessage":"m",)"
      R"("attemptEndingTimestamp":"1533270010000","rawData":"YWJj","lambdaArn":"arn"})"
      "\n"
      R"({"attemptsMade":1,"arrivalTimestamp":1789560304000,"lastErrorCode":"DataFormatConversion.MalformedData",)"
      R"("lastErrorMessage":"The record was empty or contained only whitespace.","rawData":"","sequenceNumber":"4967"})"
      "\n");
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ((*records)[0].attempts, 4);
  EXPECT_EQ((*records)[0].raw, "abc");
  EXPECT_EQ((*records)[0].arrival, MomentOf("2018-08-03T04:20:00Z"));
  EXPECT_EQ((*records)[1].sequence, 4967u);
  EXPECT_EQ((*records)[1].code, "DataFormatConversion.MalformedData");
  for (const char* bad : {"x", "{}", "[]", R"({"rawData":1})", R"({"rawData":"*"})"}) {
    EXPECT_EQ(CodeOf(ReadErrorRecords(bad).status()), ErrorCode::kInvalidData) << bad;
  }
}

}  // namespace
}  // namespace penstock::stream
