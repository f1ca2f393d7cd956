#include "stream/firehose_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/scripted_http.h"
#include "base/base64.h"
#include "base/json.h"

namespace penstock::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Fixture {
  explicit Fixture(FirehoseClientOptions options = {})
      : clock(*ParseTimestamp("2026-01-05T12:00:00Z")),
        random(1),
        http({}, &clock),
        credentials({"AKIDEXAMPLE", "a secret of nobody", "", {}}),
        aws(http, credentials, clock, random, Logger(),
            {.service = "firehose", .region = "us-east-1", .endpoint = "http://127.0.0.1:8181"}),
        client(aws, clock, random, Logger(), options) {}

  // Of `count` records, those at these places are refused.
  void Answer(size_t count, std::vector<size_t> refused = {}) {
    json::array each;
    for (size_t i = 0; i < count; ++i) {
      const bool no = std::find(refused.begin(), refused.end(), i) != refused.end();
      each.push_back(
          no ? json::object{{"ErrorCode", "ServiceUnavailableException"}, {"ErrorMessage", "Slow down."}}
             : json::object{{"RecordId", "x"}});
    }
    http.Add(aws::Answer(200, ToJson(json::object{{"FailedPutCount", refused.size()},
                                                  {"RequestResponses", std::move(each)}})));
  }
  // The records of a request, decoded.
  std::vector<std::string> Asked(size_t request) {
    std::vector<std::string> out;
    const json::value body = *ParseJson(http.asked[request].body);
    for (const auto& record : body.at("Records").as_array())
      out.push_back(*Base64Decode(std::string_view(record.at("Data").as_string())));
    return out;
  }

  ManualClock clock;
  Random random;
  aws::ScriptedHttp http;
  aws::StaticCredentials credentials;
  aws::AwsClient aws;
  FirehoseClient client;
};

std::vector<std::string> Records(size_t count, size_t bytes = 1) {
  std::vector<std::string> records;
  for (size_t i = 0; i < count; ++i) records.push_back(std::string(bytes, static_cast<char>('a' + i % 26)));
  return records;
}

TEST(FirehoseClient, PutsInBatchesThatFirehoseTakes) {
  Fixture f;
  f.Answer(500);
  f.Answer(500);
  f.Answer(1);
  const auto put = f.client.PutAll("s", Records(1001), {});
  ASSERT_TRUE(put.ok()) << Describe(put.status());
  EXPECT_EQ(put->records, 1001);
  EXPECT_EQ(put->requests, 3);
  EXPECT_EQ(*f.http.asked[0].headers.Find("X-Amz-Target"), "Firehose_20150804.PutRecordBatch");
  EXPECT_EQ(*f.http.asked[0].headers.Find("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_THAT(*f.http.asked[0].headers.Find("Authorization"), HasSubstr("/us-east-1/firehose/aws4_request"));
  EXPECT_EQ(f.Asked(2), std::vector<std::string>{"m"});
}

TEST(FirehoseClient, BytesBoundABatchToo) {
  Fixture f;
  for (const size_t count : {3, 3, 1}) f.Answer(count);
  ASSERT_TRUE(f.client.PutAll("s", Records(7, 1000 << 10), {}).ok());
  EXPECT_EQ(f.http.asked.size(), 3u);
  EXPECT_EQ(CodeOf(f.client.PutAll("s", Records(1, (1000 << 10) + 1), {}).status()), ErrorCode::kTooLarge);
  EXPECT_EQ(f.http.asked.size(), 3u);
}

TEST(FirehoseClient, OnlyWhatWasRefusedIsPutAgain) {
  Fixture f;
  f.Answer(4, {1, 3});
  f.Answer(2, {0});
  f.Answer(1);
  const auto put = f.client.PutAll("s", std::vector<std::string>{"a", "b", "c", "d"}, {});
  ASSERT_TRUE(put.ok()) << Describe(put.status());
  EXPECT_EQ(put->records, 4);
  EXPECT_EQ(put->again, 3);
  EXPECT_THAT(f.Asked(1), ElementsAre("b", "d"));
  EXPECT_THAT(f.Asked(2), ElementsAre("b"));
  EXPECT_GE(f.http.asked_at[2], f.http.asked_at[1]);
}

TEST(FirehoseClient, WhatIsRefusedToTheEndIsAFailureThatSaysWhy) {
  Fixture f({.most_attempts = 3});
  for (int i = 0; i < 3; ++i) f.Answer(i == 0 ? 2 : 1, {0});
  const auto put = f.client.PutAll("s", std::vector<std::string>{"a", "b"}, {});
  EXPECT_EQ(CodeOf(put.status()), ErrorCode::kUnavailable);
  EXPECT_THAT(put.status().message(),
              HasSubstr("refused 1 of 2 records 3 times, ServiceUnavailableException: Slow down."));
}

TEST(FirehoseClient, AnswersThatSayNothingAreFailures) {
  Fixture f;
  f.http.Add(aws::Answer(200, R"({"FailedPutCount":1,"RequestResponses":[]})"));
  EXPECT_EQ(CodeOf(f.client.PutAll("s", Records(1), {}).status()), ErrorCode::kInvalidData);
  f.http.Add(aws::Answer(400, R"({"__type":"ResourceNotFoundException","message":"no stream s"})"));
  EXPECT_EQ(CodeOf(f.client.PutAll("s", Records(1), {}).status()), ErrorCode::kNotFound);
}

TEST(FirehoseClient, WithoutKeysNothingIsSigned) {
  Fixture f({.anonymous = true});
  f.Answer(1);
  ASSERT_TRUE(f.client.PutAll("s", Records(1), {}).ok());
  EXPECT_FALSE(f.http.asked[0].headers.Find("Authorization"));
  EXPECT_EQ(f.client.PutAll("s", {}, {})->requests, 0);
}

}  // namespace
}  // namespace penstock::stream
