#include "stream/transform_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/date.h"
#include "base/json_text.h"

namespace penstock::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using R = Transformed::Result;

const TimePoint kArrival = MakeDate(2020, 5, 14) + std::chrono::milliseconds(1234);

std::vector<TransformRecord> Records(std::initializer_list<std::string_view> texts) {
  std::vector<TransformRecord> records;
  for (const auto text : texts) records.push_back({std::to_string(records.size()), text, kArrival});
  return records;
}

// What the answer says of records 0, 1 and 2.
std::vector<Transformed> Read(std::string_view answer, size_t* unknown = nullptr) {
  return ReadTransformAnswer(answer, Records({"a", "b", "c"}), unknown);
}
std::string Answer(std::initializer_list<std::string_view> records) {
  std::string text = R"({"records":[)";
  for (const auto record : records) text += (text.back() == '[' ? "" : ",") + std::string(record);
  return text + "]}";
}
constexpr std::string_view kOk0 = R"({"recordId":"0","result":"Ok","data":"QQ=="})";
constexpr std::string_view kOk1 = R"({"recordId":"1","result":"Ok","data":""})";
constexpr std::string_view kOk2 = R"({"recordId":"2","result":"Ok","data":"Qwo="})";

TEST(TransformEvent, STREAM2_HasFirehosesShape) {
  const auto records = Records({"a", "", "\xff\n"});
  const std::string event =
      TransformEvent({"arn:aws:firehose:eu-west-2:1:deliverystream/s", "eu-west-2"}, "id", records);
  EXPECT_EQ(event,
            R"({"invocationId":"id","deliveryStreamArn":"arn:aws:firehose:eu-west-2:1:deliverystream/s",)"
            R"("region":"eu-west-2","records":[)"
            R"({"recordId":"0","approximateArrivalTimestamp":1589414401234,"data":"YQ=="},)"
            R"({"recordId":"1","approximateArrivalTimestamp":1589414401234,"data":""},)"
            R"({"recordId":"2","approximateArrivalTimestamp":1589414401234,"data":"/wo="}]})");
  EXPECT_TRUE(ParseJson(event).ok());
  size_t bytes = 512;
  for (const auto& record : records) bytes += EventBytesOf(record);
  EXPECT_LE(event.size(), bytes);
}

TEST(TransformEvent, AnswersAreTakenInTheOrderOfTheRecords) {
  const auto read = Read(Answer({kOk2, R"({"recordId":"1","result":"Dropped"})", kOk0}));
  EXPECT_EQ(read[0].result, R::kOk);
  EXPECT_EQ(read[0].data, "A");
  EXPECT_EQ(read[1].result, R::kDropped);
  EXPECT_EQ(read[2].data, "C\n");
}

TEST(TransformEvent, ARecordThatBreaksTheContractFailsAlone) {
  const auto code = [](std::string_view one) {
    const auto read = Read(Answer({kOk0, one, kOk2}));
    EXPECT_EQ(read[0].result, R::kOk) << one;
    EXPECT_EQ(read[2].result, R::kOk) << one;
    EXPECT_EQ(read[1].result, R::kFailed) << one;
    EXPECT_NE(read[1].error_message, "") << one;
    return read[1].error_code;
  };
  EXPECT_EQ(code(R"({"recordId":"1","result":"ProcessingFailed","data":"Qg=="})"),
            "Lambda.ProcessingFailedStatus");
  EXPECT_EQ(code(R"({"recordId":"x","result":"Ok","data":"Qg=="})"), "Lambda.MissingRecordId");
  EXPECT_EQ(code(R"({"result":"Ok","data":"Qg=="})"), "Lambda.MissingRecordId");
  EXPECT_EQ(code(R"({"recordId":1,"result":"Ok","data":"Qg=="})"), "Lambda.MissingRecordId");
  EXPECT_EQ(code("7"), "Lambda.MissingRecordId");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok","data":""},{"recordId":"1","result":"Dropped"})"),
            "Lambda.DuplicatedRecordId");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok"})"), "Lambda.InvalidReturnFormat");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok","data":null})"), "Lambda.InvalidReturnFormat");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok","data":"%%%"})"), "Lambda.FunctionError");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok","data":"QQ="})"), "Lambda.FunctionError");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok","data":{}})"), "Lambda.FunctionError");
  EXPECT_EQ(code(R"({"recordId":"1","result":"ok","data":""})"), "Lambda.FunctionError");
  EXPECT_EQ(code(R"({"recordId":"1","data":""})"), "Lambda.FunctionError");
  EXPECT_EQ(code(R"({"recordId":"1","result":"Ok","data":"","metadata":{"partitionKeys":[]}})"),
            "DynamicPartitioning.MetadataExtractionFailed");
}

TEST(TransformEvent, PartitionKeysStandInTheMetadata) {
  const auto read = Read(Answer(
      {R"({"recordId":"0","result":"Ok","data":"","metadata":{"partitionKeys":{"symbol":"FB","year":2020}}})",
       kOk1, R"({"recordId":"2","result":"Ok","data":"","metadata":{"other":1}})"}));
  EXPECT_THAT(read[0].partition_keys, ElementsAre(Pair("symbol", "FB"), Pair("year", "2020")));
  EXPECT_EQ(read[1].partition_keys.size(), 0u);
  EXPECT_EQ(read[2].result, R::kOk);
}

TEST(TransformEvent, RecordsThatNobodyAskedForAreCounted) {
  size_t unknown = 0;
  const auto read =
      Read(Answer({kOk0, kOk1, kOk2, R"({"recordId":"9","result":"Ok","data":""})", "null"}), &unknown);
  EXPECT_EQ(unknown, 2u);
  for (const auto& each : read) EXPECT_EQ(each.result, R::kOk);
}

TEST(TransformEvent, AnAnswerWithoutRecordsIsMissingAll) {
  for (const auto* answer :
       {"{}", "null", R"({"records":null})", R"({"records":{}})", R"({"statusCode":200})", "[]"}) {
    const auto read = Read(answer);
    ASSERT_EQ(read.size(), 3u);
    for (const auto& each : read) EXPECT_EQ(each.error_code, "Lambda.MissingRecordId") << answer;
  }
  for (const auto& each : Read(R"({"records":)")) {
    EXPECT_EQ(each.error_code, "Lambda.JsonProcessingException");
    EXPECT_THAT(each.error_message, StartsWith("There was an error parsing returned records"));
  }
}

}  // namespace
}  // namespace penstock::stream
