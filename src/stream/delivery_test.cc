#include "stream/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/fault.h"
#include "stream/delivery_for_test.h"
#include "stream/error_record.h"
#include "stream/stream_folder.h"

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// What a test says becomes of each record.
class ScriptedTransform : public Transform {
 public:
  Result<std::vector<Transformed>> Apply(std::span<const TransformRecord> records, std::stop_token) override {
    ++calls;
    if (meanwhile) meanwhile();
    std::vector<Transformed> out;
    for (const auto& record : records) {
      Transformed each;
      each.data = std::string(record.data) + suffix;
      if (record.data.starts_with("drop")) each.result = Transformed::Result::kDropped;
      if (record.data.starts_with("fail")) {
        each.result = Transformed::Result::kFailed;
        each.error_code = "Lambda.FunctionError";
        each.error_message = "said so";
        each.attempts = 4;
      }
      each.partition_keys = {{"k", key.empty() ? std::string(record.data.substr(0, 1)) : key}};
      out.push_back(std::move(each));
    }
    return out;
  }
  std::string function_arn() const override { return "arn:aws:lambda:us-east-1:0:function:f"; }
  int calls = 0;
  std::string suffix = "\n", key;
  std::function<void()> meanwhile;
};

// STREAM-3: by age or size, whichever is first; the name as Firehose forms it, of the oldest record's
// arrival.
TEST_F(DeliveryForTest, DeliversByAge) {
  auto& delivery = Make(SpecForTest());
  Put({"a\n", "b\n"});
  ASSERT_LE(*delivery.Step({}), clock_.Now() + std::chrono::seconds(60));
  EXPECT_TRUE(Objects().empty());
  clock_.Advance(std::chrono::seconds(59));
  Put({"c\n"});
  ASSERT_TRUE(delivery.Step({}).ok());
  EXPECT_TRUE(Objects().empty());
  EXPECT_EQ(delivery.metrics().buffered_records, 3u);
  EXPECT_EQ(delivery.metrics().freshness, std::chrono::seconds(59));
  clock_.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(delivery.Step({}).ok());
  const auto objects = Objects();
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_THAT(
      objects.begin()->first,
      MatchesRegex("t/2020/05/14/13/"
                   "s-1-2020-05-14-13-30-00-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"));
  EXPECT_EQ(objects.begin()->second, "a\nb\nc\n");
  EXPECT_EQ(delivery.metrics().delivered_records, 3u);
  EXPECT_EQ(delivery.metrics().freshness, Duration(0));
  EXPECT_EQ(ReadDeliveryState(folder())->delivered, log_->end());
}

TEST_F(DeliveryForTest, DeliversBySizeWhatReachesIt) {
  auto& delivery = Make(SpecForTest());
  const std::string record(300'000, 'x');
  Put({record, record, record});
  ASSERT_TRUE(delivery.Step({}).ok());
  EXPECT_TRUE(Objects().empty());
  Put({record, record});
  ASSERT_TRUE(delivery.Step({}).ok());
  ASSERT_EQ(Objects().size(), 1u);
  EXPECT_EQ(Objects().begin()->second.size(), 4 * record.size());  // the fourth reached 1 MiB
  EXPECT_EQ(delivery.metrics().buffered_records, 1u);
}

// What waited longer than the interval, for a store or a process that was away, is cut as it would have been:
// by the buffer's size, not with each piece that is read of the log, and not hours of it together.
TEST_F(DeliveryForTest, ABacklogIsCutAsIfItHadNotWaited) {
  auto spec = SpecForTest();
  spec.buffering.size_mib = 8;
  auto& delivery = Make(spec);
  const std::string record(300'000, 'x');
  for (int hour = 13; hour < 16; ++hour) {
    for (int i = 0; i < 20; ++i) Put({record});
    clock_.Advance(std::chrono::hours(1));
  }
  ASSERT_TRUE(delivery.Step({}).ok());
  EXPECT_EQ(Objects().size(), 3u);
  for (const char* hour : {"13", "14", "15"}) {
    EXPECT_EQ(Bytes(std::string("t/2020/05/14/") + hour + "/").size(), 20 * record.size()) << hour;
  }
}

TEST_F(DeliveryForTest, WithoutAnIntervalDeliversAtOnce) {
  auto spec = SpecForTest();
  spec.buffering.interval_s = 0;
  auto& delivery = Make(spec);
  for (const char* record : {"a", "b"}) {
    Put({record});
    ASSERT_TRUE(delivery.Step({}).ok());
  }
  EXPECT_EQ(Objects().size(), 2u);
  EXPECT_EQ(Bytes("t/"), "ab");
}

TEST_F(DeliveryForTest, FlushDeliversWhatIsThere) {
  auto& delivery = Make(SpecForTest());
  ASSERT_TRUE(delivery.Flush({}).ok());
  Put({"a", "b"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Bytes("t/"), "ab");
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Objects().size(), 1u);
}

// STREAM-3: the transform drops and refuses; what is refused is kept whole, in Firehose's form.
TEST_F(DeliveryForTest, TransformsDropAndRefuse) {
  ScriptedTransform transform;
  auto& delivery = Make(SpecForTest(), &transform);
  Put({"a", "drop", "fail\xff", "b"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(transform.calls, 1);
  EXPECT_EQ(Bytes("t/"), "a\nb\n");
  const auto errors = Objects("e/");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors.begin()->first, HasSubstr("e/processing-failed/2020/05/14/13/s-1-"));
  const auto records = ReadErrorRecords(errors.begin()->second);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ((*records)[0].raw, "fail\xff");
  EXPECT_EQ((*records)[0].code, "Lambda.FunctionError");
  EXPECT_EQ((*records)[0].attempts, 4);
  EXPECT_EQ((*records)[0].arrival, clock_.Now());
  EXPECT_THAT(errors.begin()->second, HasSubstr(R"("lambdaArn":"arn:aws:lambda:us-east-1:0:function:f")"));
  EXPECT_EQ(delivery.metrics().dropped_records, 1u);
  EXPECT_EQ(delivery.metrics().failed_records, 1u);
  EXPECT_EQ(delivery.metrics().delivered_records, 2u);
}

TEST_F(DeliveryForTest, WhatIsDroppedWholeNeedsNoObject) {
  ScriptedTransform transform;
  auto& delivery = Make(SpecForTest(), &transform);
  Put({"drop", "drop"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_TRUE(Objects().empty());
  EXPECT_EQ(ReadDeliveryState(folder())->delivered, log_->end());
}

StreamSpec PartitionedSpec() {
  StreamSpec spec = SpecForTest();
  spec.prefix = "t/customer=!{partitionKeyFromQuery:customer}/year=!{partitionKeyFromQuery:year}/";
  spec.partition_keys = {{"customer", ".customer.id"}, {"year", ".at|strftime(\"%Y\")"}};
  return spec;
}

// One object a partition, as the developer guide's example has it.
TEST_F(DeliveryForTest, PartitionsByFields) {
  auto& delivery = Make(PartitionedSpec());
  Put({R"({"customer":{"id":7},"at":1565382027})", R"({"customer":{"id":"x y"},"at":0})",
       R"({"customer":{"id":7},"at":1565382028})"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  const auto objects = Objects("t/");
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_THAT(objects.begin()->first, HasSubstr("t/customer=7/year=2019/s-1-2020-05-14-13-30-00-"));
  EXPECT_EQ(objects.begin()->second,
            R"({"customer":{"id":7},"at":1565382027}{"customer":{"id":7},"at":1565382028})");
  EXPECT_THAT(objects.rbegin()->first, HasSubstr("t/customer=x y/year=1970/"));
}

TEST_F(DeliveryForTest, WithoutPartitionKeysRecordsAreErrors) {
  auto& delivery = Make(PartitionedSpec());
  const std::vector<std::string> bad{R"({"customer":{"id":null},"at":1})",
                                     R"({"customer":{"id":""},"at":1})",
                                     R"({"customer":{"id":7}})",
                                     R"({"customer":{"id":[1]},"at":1})",
                                     R"({"customer":{"id":7},"at":"soon"})",
                                     "no JSON",
                                     R"([1])",
                                     R"({"customer":{"id":"../.."},"at":1})",
                                     R"({"customer":{"id":"a//b"},"at":1})"};
  Put(bad);
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_TRUE(Objects("t/").empty());
  const auto records = ReadErrorRecords(Bytes("e/processing-failed/"));
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), bad.size());
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ((*records)[i].raw, bad[i]);
    EXPECT_EQ((*records)[i].code, "DynamicPartitioning.MetadataExtractionFailed");
  }
  EXPECT_EQ((*records)[0].message, "partitionKeys values must not be null or empty");
}

TEST_F(DeliveryForTest, PartitionsBeyondTheCapAreErrors) {
  auto spec = PartitionedSpec();
  spec.most_partitions = 2;
  auto& delivery = Make(spec);
  Put({R"({"customer":{"id":1},"at":1})", R"({"customer":{"id":2},"at":1})",
       R"({"customer":{"id":3},"at":1})", R"({"customer":{"id":1},"at":2})"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Objects("t/").size(), 2u);
  const auto records = *ReadErrorRecords(Bytes("e/processing-failed/"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].message, "The number of active partitions has exceeded the configured limit");
  // The next delivery begins anew.
  Put({R"({"customer":{"id":3},"at":1})"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Objects("t/").size(), 3u);
}

TEST_F(DeliveryForTest, TransformsGivePartitionKeys) {
  auto spec = SpecForTest();
  spec.prefix = "t/!{partitionKeyFromLambda:k}/!{timestamp:yyyy}/";
  spec.partition_by_transform = true;
  ScriptedTransform transform;
  auto& delivery = Make(spec, &transform);
  Put({"a1", "b1", "a2"});
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Bytes("t/a/2020/"), "a1\na2\n");
  EXPECT_EQ(Bytes("t/b/2020/"), "b1\n");
}

// A store that fails is asked again, later and later; nothing is lost, nothing is there twice.
TEST_F(DeliveryForTest, AStoreThatFailsIsAskedAgain) {
  auto& delivery = Make(SpecForTest());
  Put({"a", "b"});
  store_.Order({.kind = store::FaultKind::kAfter,
                .operation = store::Operation::kPut,
                .key_pattern = "t/*",
                .count = 3});
  clock_.Advance(std::chrono::seconds(60));
  for (const int wait : {1, 2, 4}) {
    const TimePoint now = clock_.Now();
    ASSERT_EQ(*delivery.Step({}), now + std::chrono::seconds(wait));
    ASSERT_EQ(*delivery.Step({}), now + std::chrono::seconds(wait));  // not before
    clock_.Advance(std::chrono::seconds(wait));
  }
  EXPECT_EQ(delivery.metrics().failures, 3u);
  EXPECT_THAT(delivery.metrics().last_error, testing::Not(testing::IsEmpty()));
  EXPECT_EQ(delivery.metrics().freshness, std::chrono::seconds(67));
  Put({"c"});
  ASSERT_TRUE(delivery.Step({}).ok());
  EXPECT_EQ(Bytes("t/"), "ab");  // as it was planned
  EXPECT_EQ(delivery.metrics().deliveries, 1u);
  EXPECT_EQ(delivery.metrics().last_error, "");
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Bytes("t/"), "abc");
}

// A transform that answers otherwise the second time: what the first attempt put is gone.
TEST_F(DeliveryForTest, KeysOfAnEarlierAttemptAreDeleted) {
  auto spec = SpecForTest();
  spec.prefix = "t/!{partitionKeyFromLambda:k}/";
  spec.partition_by_transform = true;
  ScriptedTransform transform;
  transform.key = "one";
  Make(spec, &transform);
  Put({"a", "b"});
  ASSERT_TRUE(ArmFaults("stream.delivery.put_all=error").ok());
  EXPECT_FALSE(delivery_->Flush({}).ok());
  ASSERT_TRUE(ArmFaults("").ok());
  EXPECT_EQ(Bytes("t/one/"), "a\nb\n");
  transform.key = "two";
  ASSERT_TRUE(Restart().Flush({}).ok());
  EXPECT_EQ(Bytes("t/two/"), "a\nb\n");
  EXPECT_TRUE(Objects("t/one/").empty());
}

// The names of a plan that was done again are those that it had: the spec's other version, and more records,
// change nothing.
TEST_F(DeliveryForTest, APlanIsDoneAgainAsItWas) {
  Make(SpecForTest());
  Put({"a", "b"});
  ASSERT_TRUE(ArmFaults("stream.delivery.planned=error").ok());
  EXPECT_FALSE(delivery_->Flush({}).ok());
  ASSERT_TRUE(ArmFaults("").ok());
  const auto plan = ReadDeliveryState(folder())->plan;
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->keys.size(), 1u);
  Put({"c"});
  clock_.Advance(std::chrono::hours(2));
  ASSERT_TRUE(Restart().Step({}).ok());
  const auto objects = Objects("t/");
  ASSERT_TRUE(objects.contains(plan->keys[0]));
  EXPECT_EQ(objects.at(plan->keys[0]), "ab");
  EXPECT_EQ(Bytes("t/"), "abc");  // c waited for two hours
}

// The log is read in pieces: a plan is done again with all of them, however old its records are by then.
// What `delivered` has passed is in the lake, whatever fails next.
TEST_F(DeliveryForTest, APlanOfManyPiecesIsDoneAgainWhole) {
  auto spec = SpecForTest();
  spec.buffering.size_mib = 8;
  auto& delivery = Make(spec);
  std::string all;
  for (char c = 'a'; c < 'k'; ++c) {
    all += std::string(300'000, c);
    Put({std::string(300'000, c)});
    ASSERT_TRUE(delivery.Step({}).ok());  // is read as it comes
  }
  clock_.Advance(std::chrono::seconds(60));
  store_.Order({.operation = store::Operation::kPut, .key_pattern = "t/*", .count = 1});
  ASSERT_TRUE(delivery.Step({}).ok());
  ASSERT_EQ(delivery.metrics().failures, 1u);
  store_.Order({.operation = store::Operation::kPut, .key_pattern = "t/*", .skip = 1, .count = 1});
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(std::chrono::seconds(60));
    ASSERT_TRUE(delivery.Step({}).ok());
  }
  EXPECT_EQ(ReadDeliveryState(folder())->delivered, log_->end());
  EXPECT_TRUE(Bytes("t/") == all);
  EXPECT_EQ(Objects().size(), 1u);
}

TEST_F(DeliveryForTest, AClockThatIsSetBackDelaysNothing) {
  auto& delivery = Make(SpecForTest());
  Put({"a"});
  ASSERT_TRUE(delivery.Step({}).ok());
  clock_.Set(clock_.Now() - std::chrono::hours(5));
  ASSERT_TRUE(delivery.Step({}).ok());
  EXPECT_EQ(Bytes("t/"), "a");
}

// The file that says how far the log may be read could not be written: what is behind it is not delivered,
// and nobody is told that it was. A plan waits for all of its records.
TEST_F(DeliveryForTest, WhatTheLogDoesNotGiveYetIsNotDelivered) {
  Make(SpecForTest());
  Put({"a", "b"});
  ASSERT_TRUE(ArmFaults("stream.delivery.planned=error").ok());
  EXPECT_FALSE(delivery_->Flush({}).ok());
  ASSERT_TRUE(ArmFaults("").ok());
  const auto readable = [&](uint64_t end) {
    ASSERT_TRUE(DurableEnd::Open(folder() + "/log").ValueOrDie().Store(end).ok());
  };
  for (const uint64_t end : {0, 1}) {
    readable(end);
    EXPECT_EQ(CodeOf(delivery_->Flush({})), ErrorCode::kUnavailable) << "of a plan";
    EXPECT_EQ(ReadDeliveryState(folder())->delivered, 0u);
  }
  readable(2);
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_EQ(Bytes("t/"), "ab");
  Put({"c"});
  readable(2);
  EXPECT_EQ(CodeOf(delivery_->Flush({})), ErrorCode::kUnavailable);
  Put({"d"});
  ASSERT_TRUE(delivery_->Flush({}).ok());
  EXPECT_EQ(Bytes("t/"), "abcd");
}

// DataFreshness is that of a backlog all the while, not only when a delivery fails.
TEST_F(DeliveryForTest, AsFreshAsTheOldestRecordThatIsNotDelivered) {
  ScriptedTransform transform;
  std::vector<Duration> seen;
  transform.meanwhile = [&] { seen.push_back(delivery_->metrics().freshness); };
  auto& delivery = Make(SpecForTest(), &transform);
  for (const char* record : {"a", "b", "c"}) {
    Put({record});
    clock_.Advance(std::chrono::hours(1));
  }
  ASSERT_TRUE(delivery.Step({}).ok());
  EXPECT_THAT(seen,
              testing::ElementsAre(std::chrono::hours(3), std::chrono::hours(2), std::chrono::hours(1)));
  EXPECT_EQ(delivery.metrics().freshness, Duration(0));
}

TEST_F(DeliveryForTest, WhatIsDamagedInTheLogIsCountedOnce) {
  auto& delivery = Make(SpecForTest());
  Put({"a", "b", "c"});
  const auto segment = ListSegments(folder() + "/log").ValueOrDie().at(0);
  {
    std::fstream file(folder() + "/log/" + FileNameOf(segment),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kRecordHead + 1 + kRecordHead);
    file.put('x');
  }
  for (const char* record : {"", "d", "e"}) {
    if (*record != '\0') Put({record});
    store_.Order({.operation = store::Operation::kPut, .key_pattern = "t/*", .count = 1});
    EXPECT_FALSE(delivery.Flush({}).ok());
    ASSERT_TRUE(delivery.Flush({}).ok());
    EXPECT_EQ(delivery.metrics().lost_records, 1u);
  }
  EXPECT_EQ(Bytes("t/"), "acde");
}

TEST_F(DeliveryForTest, AStopLosesNothing) {
  auto& delivery = Make(SpecForTest());
  Put({"a"});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(delivery.Flush(stop.get_token())), ErrorCode::kCancelled);
  ASSERT_TRUE(delivery.Flush({}).ok());
  EXPECT_EQ(Bytes("t/"), "a");
}

// A delivery.json from a backup knows less than the log has given away.
TEST_F(DeliveryForTest, ALogThatBeginsLaterIsDelivered) {
  ASSERT_TRUE(WriteDeliveryState(folder(), {1000, std::nullopt}).ok());
  std::filesystem::remove_all(folder() + "/log");
  Open();
  ASSERT_GE(*AppendAll(*log_, {"a", "b"}), 1000u);
  ASSERT_TRUE(WriteDeliveryState(folder(), {5, std::nullopt}).ok());
  ASSERT_TRUE(Make(SpecForTest()).Flush({}).ok());
  EXPECT_EQ(Bytes("t/"), "ab");
  EXPECT_EQ(ReadDeliveryState(folder())->delivered, log_->end());
}

TEST_F(DeliveryForTest, ObjectsSayTheirSequence) {
  auto& delivery = Make(SpecForTest());
  for (int i = 0; i < 3; ++i) {
    const uint64_t first = *AppendAll(*log_, {"a", "b"});
    ASSERT_TRUE(delivery.Flush({}).ok());
    const auto objects = Objects("t/");
    EXPECT_TRUE(std::any_of(objects.begin(), objects.end(),
                            [&](const auto& object) { return FirstSequenceOf(object.first) == first; }));
  }
  EXPECT_FALSE(FirstSequenceOf("t/bars.parquet").has_value());
  EXPECT_FALSE(FirstSequenceOf("t/s-1-2020-05-14-13-30-00-550e8400-e29b-41d4-a716-446655440000").has_value());
  EXPECT_EQ(FirstSequenceOf(
                ObjectName(SpecForTest(), *TimeZone::Find("UTC"), clock_.Now(), (uint64_t{1} << 62) - 1, "") +
                ".json.gz"),
            (uint64_t{1} << 62) - 1);
}

TEST(DeliveryState, IsReadAsItWasWritten) {
  TemporaryFolder folder;
  EXPECT_EQ(ReadDeliveryState(folder.path())->delivered, 0u);
  DeliveryState state{7, DeliveryPlan{7, 12, {"a", "b/c"}}};
  ASSERT_TRUE(WriteDeliveryState(folder.path(), state).ok());
  const auto read = ReadDeliveryState(folder.path());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->delivered, 7u);
  EXPECT_EQ(read->plan->end, 12u);
  EXPECT_EQ(read->plan->keys, state.plan->keys);
  EXPECT_EQ(read->at_least(), 12u);
  ASSERT_TRUE(ReplaceFile(folder.path(), "delivery.json", "{\"delivered\":").ok());
  EXPECT_EQ(CodeOf(ReadDeliveryState(folder.path()).status()), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace penstock::stream
