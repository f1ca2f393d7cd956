#include "stream/put_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "stream/firehose_error.h"

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;

std::string Batch(const std::vector<std::string>& records) {
  std::string body = R"({"DeliveryStreamName":"finance","Records":[)";
  for (const auto& record : records) body += R"({"Data":")" + Base64Encode(record) + "\"},";
  body.back() = ']';
  return body + "}";
}

std::vector<std::string> RecordsOf(const RecordGroup& group) {
  std::vector<std::string> records;
  size_t at = 0;
  for (const uint32_t size : group.sizes) {
    records.push_back(group.bytes.substr(at, size));
    at += size;
  }
  EXPECT_EQ(at, group.bytes.size());
  return records;
}

// "Type: message" of what is refused.
std::string BatchError(std::string body) {
  const auto request = ReadPutRecordBatch(body);
  if (request.ok()) return "";
  const auto refusal = RefusalOf(request.status());
  return refusal.type + ": " + refusal.message;
}
std::string RecordError(std::string body) {
  const auto request = ReadPutRecord(body);
  if (request.ok()) return "";
  const auto refusal = RefusalOf(request.status());
  return refusal.type + ": " + refusal.message;
}

TEST(PutRequest, ABatchBecomesOneBuffer) {
  const std::vector<std::string> records{"{\"a\":1}\n", "", std::string("\0\xff\n", 3),
                                         std::string(5000, 'x')};
  std::string body = Batch(records);
  const auto request = ReadPutRecordBatch(body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->stream, "finance");
  EXPECT_EQ(RecordsOf(request->group), records);
}

TEST(PutRequest, ASingleRecord) {
  std::string body = R"({ "Record" : { "Data" : "aGVsbG8=" } , "DeliveryStreamName" : "s-1_.x" })";
  const auto request = ReadPutRecord(body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->stream, "s-1_.x");
  EXPECT_EQ(RecordsOf(request->group), std::vector<std::string>{"hello"});
}

// PHP's json_encode escapes '/'; others may write letters as \u.
TEST(PutRequest, EscapesInBase64AreUndone) {
  const std::string data = "\xff\xff\xfe?";
  std::string text = Base64Encode(data);
  ASSERT_NE(text.find('/'), std::string::npos) << text;
  for (size_t at = 0; (at = text.find('/', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  std::string body = R"({"DeliveryStreamName":"s","Record":{"Data":")" + text + R"("}})";
  EXPECT_EQ(RecordsOf(ReadPutRecord(body)->group), std::vector<std::string>{data});
  body = R"({"DeliveryStreamName":"s","Record":{"\u0044ata":"\u0059Q=="}})";
  EXPECT_EQ(RecordsOf(ReadPutRecord(body)->group), std::vector<std::string>{"a"});
}

TEST(PutRequest, UnknownMembersAndNullsArePassedOver) {
  std::string body =
      R"({"X":[{"Data":"!"},null,1.5e3],"Record":null,"DeliveryStreamName":"s","Record":{"Y":{},"Data":"YQ==","Data2":7}})";
  const auto request = ReadPutRecord(body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(RecordsOf(request->group), std::vector<std::string>{"a"});
}

TEST(PutRequest, RefusesWhatIsNotSuchARequest) {
  for (const char* body :
       {"",
        " ",
        "{",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{}x",
        "\xff",
        R"({"DeliveryStreamName":"s","Records":)",
        R"({"DeliveryStreamName":"s","Records":[{"Data":"YQ=="}]}})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":"YQ=="})",
        R"({"DeliveryStreamName":"s","Records":{"Data":"YQ=="}})",
        R"({"DeliveryStreamName":"s","Records":["YQ=="]})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":7}]})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":["YQ=="]}]})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":"YQ="}]})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":"Y Q="}]})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":"a\"b="}]})",
        R"({"DeliveryStreamName":7,"Records":[{"Data":"YQ=="}]})",
        R"({"DeliveryStreamName":"s","Records":[{"Data":"YQ=="}],"Records":[{"Data":"YQ=="}]})"}) {
    EXPECT_THAT(BatchError(body), HasSubstr("SerializationException: ")) << body;
  }
}

TEST(PutRequest, TheLimitsOfFirehose) {
  EXPECT_EQ(BatchError(R"({"Records":[{"Data":"YQ=="}]})"),
            "ValidationException: 1 validation error detected: Value null at 'deliveryStreamName' failed to "
            "satisfy "
            "constraint: Member must not be null");
  EXPECT_THAT(BatchError(R"({"DeliveryStreamName":"s"})"), HasSubstr("Value null at 'records'"));
  EXPECT_THAT(RecordError(R"({"DeliveryStreamName":"s","Record":{}})"),
              HasSubstr("Value null at 'record.data'"));
  EXPECT_THAT(BatchError(R"({"DeliveryStreamName":"s","Records":[{"Data":"YQ=="},{"Data":null}]})"),
              HasSubstr("Value null at 'records.2.member.data'"));
  EXPECT_THAT(BatchError(R"({"DeliveryStreamName":"s","Records":[]})"),
              HasSubstr("greater than or equal to 1"));
  EXPECT_THAT(
      BatchError(R"({"DeliveryStreamName":"a b","Records":[{"Data":"YQ=="}]})"),
      HasSubstr("Value 'a b' at 'deliveryStreamName' failed to satisfy constraint: Member must satisfy "
                "regular expression pattern: [a-zA-Z0-9_.-]+"));
  EXPECT_THAT(
      BatchError(R"({"DeliveryStreamName":")" + std::string(65, 'a') + R"(","Records":[{"Data":"YQ=="}]})"),
      HasSubstr("Member must have length less than or equal to 64"));

  EXPECT_EQ(BatchError(Batch(std::vector<std::string>(500, "x"))), "");
  EXPECT_THAT(
      BatchError(Batch(std::vector<std::string>(501, "x"))),
      HasSubstr("ValidationException: 1 validation error detected: Value at 'records' failed to satisfy "
                "constraint: Member must have length less than or equal to 500"));
  const std::string largest(kMostDataBytes, 'x');
  EXPECT_EQ(BatchError(Batch({"x", largest})), "");
  EXPECT_THAT(
      BatchError(Batch({"x", largest + "y"})),
      HasSubstr("'records.2.member.data' failed to satisfy constraint: Member must have length less than or "
                "equal to 1024000"));
  // Exactly 4 MiB, and one byte more.
  const std::string rest(kMostBatchBytes - 4 * kMostDataBytes, 'x');
  EXPECT_EQ(BatchError(Batch({largest, largest, largest, largest, rest})), "");
  EXPECT_EQ(BatchError(Batch({largest, largest, largest, largest, rest + "y"})),
            "InvalidArgumentException: Records size exceeds 4 MB limit");
}

}  // namespace
}  // namespace penstock::stream
