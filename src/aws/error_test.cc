// Refusals in the forms of S3, STS and the JSON services, and what becomes of them.
#include "aws/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/scripted_http.h"

namespace penstock::aws {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

const TimePoint kNow = *ParseTimestamp("2026-11-21T10:00:00Z");

Status Read(const net::HttpResponse& response, std::vector<std::string> secrets = {}) {
  return ToStatus(response, "s3 GET /b/k", kNow, secrets);
}

// Amazon S3 API Reference, "REST error responses", its example.
const char kNoSuchKey[] = R"(<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>NoSuchKey</Code>
  <Message>The resource you requested does not exist</Message>
  <Resource>/amzn-s3-demo-bucket/myfoto.jpg</Resource>
  <RequestId>4442587FB7D0A2F9</RequestId>
</Error>)";

TEST(AwsErrors, XmlOfS3) {
  const Status status = Read(Answer(404, kNoSuchKey));
  EXPECT_EQ(CodeOf(status), ErrorCode::kNotFound);
  EXPECT_EQ(AwsErrorCode(status), "NoSuchKey");
  EXPECT_EQ(AwsHttpStatus(status), 404);
  EXPECT_EQ(DetailOf(status)->request_id, "4442587FB7D0A2F9");
  EXPECT_EQ(status.message(),
            "s3 GET /b/k: NoSuchKey: The resource you requested does not exist (HTTP 404, request "
            "4442587FB7D0A2F9)");
  EXPECT_EQ(AwsErrorCode(WithContext(status, "reading the catalog")), "NoSuchKey");
}

// As STS answers: the query protocol.
TEST(AwsErrors, XmlOfTheQueryProtocol) {
  const Status status =
      Read(Answer(403,
                  "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                  "<Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/u "
                  "is not authorized to perform: sts:AssumeRole</Message></Error>"
                  "<RequestId>c6104cbe</RequestId></ErrorResponse>"));
  EXPECT_EQ(CodeOf(status), ErrorCode::kPermissionDenied);
  EXPECT_EQ(AwsErrorCode(status), "AccessDenied");
  EXPECT_THAT(status.message(), HasSubstr("sts:AssumeRole"));
  EXPECT_THAT(status.message(), HasSubstr("request c6104cbe"));
  EXPECT_NE(AdviceOf(status), "");
}

// As EC2 answers, and moto for all services.
TEST(AwsErrors, XmlWithAListOfErrors) {
  const Status status =
      Read(Answer(401,
                  "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error>"
                  "</Errors><RequestID>x</RequestID></Response>"));
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_EQ(AwsErrorCode(status), "AuthFailure");
}

TEST(AwsErrors, JsonWithANamespace) {
  const Status status =
      Read(Answer(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"})",
                  {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"},
                   {"x-amzn-RequestId", "r-1"}}));
  EXPECT_EQ(CodeOf(status), ErrorCode::kNotFound);
  EXPECT_EQ(AwsErrorCode(status), "QueueDoesNotExist");
  EXPECT_EQ(DetailOf(status)->request_id, "r-1");
}

TEST(AwsErrors, CodesInHeaders) {
  EXPECT_EQ(AwsErrorCode(Read(Answer(
                400, "{}", {{"x-amzn-errortype", "ThrottlingException:http://internal.amazon.com/coral/"}}))),
            "ThrottlingException");
  EXPECT_EQ(AwsErrorCode(Read(
                Answer(400, "", {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}}))),
            "AWS.SimpleQueueService.NonExistentQueue");
}

// A HEAD has no body: the HTTP status is all there is.
TEST(AwsErrors, WithoutABodyTheHttpStatusCounts) {
  const std::vector<std::pair<int, ErrorCode>> expected{
      {301, ErrorCode::kConfiguration},      {304, ErrorCode::kPreconditionFailed},
      {400, ErrorCode::kRejectedByProvider}, {401, ErrorCode::kUnauthenticated},
      {403, ErrorCode::kPermissionDenied},   {404, ErrorCode::kNotFound},
      {409, ErrorCode::kConflict},           {412, ErrorCode::kPreconditionFailed},
      {416, ErrorCode::kRejectedByProvider}, {429, ErrorCode::kThrottled},
      {500, ErrorCode::kUnavailable},        {501, ErrorCode::kRejectedByProvider},
      {503, ErrorCode::kUnavailable},        {504, ErrorCode::kUnavailable}};
  for (const auto& [http, code] : expected) {
    const Status status = Read(Answer(http));
    EXPECT_EQ(NameOf(CodeOf(status)), NameOf(code)) << http;
    EXPECT_EQ(AwsErrorCode(status), "");
  }
}

TEST(AwsErrors, TheCodeCountsMoreThanTheHttpStatus) {
  const auto coded = [](int http, std::string code) {
    return NameOf(CodeOf(Read(Answer(http, "<Error><Code>" + code + "</Code></Error>"))));
  };
  EXPECT_EQ(coded(503, "SlowDown"), "throttled");
  EXPECT_EQ(coded(400, "ExpiredToken"), "unauthenticated");
  EXPECT_EQ(coded(403, "InvalidAccessKeyId"), "unauthenticated");
  EXPECT_EQ(coded(400, "RequestTimeout"), "timeout");
  EXPECT_EQ(coded(400, "EntityTooLarge"), "too_large");
  EXPECT_EQ(coded(409, "BucketAlreadyOwnedByYou"), "already_exists");
  EXPECT_EQ(coded(409, "ConditionalRequestConflict"), "conflict");
  EXPECT_EQ(coded(400, "NeverHeardOf"), "rejected_by_provider");
  EXPECT_EQ(coded(200, "InternalError"), "unavailable");
  EXPECT_EQ(coded(200, "NeverHeardOf"), "unavailable");
}

TEST(AwsErrors, TheRegionOfABucketIsAdvice) {
  const Status status = Read(
      Answer(301, "<Error><Code>PermanentRedirect</Code></Error>", {{"x-amz-bucket-region", "eu-west-3"}}));
  EXPECT_EQ(CodeOf(status), ErrorCode::kConfiguration);
  EXPECT_THAT(AdviceOf(status), HasSubstr("AWS_REGION=eu-west-3"));
  const Status head = Read(Answer(400, "", {{"x-amz-bucket-region", "eu-west-3"}}));
  EXPECT_EQ(CodeOf(head), ErrorCode::kConfiguration);
}

TEST(AwsErrors, HowLongToWait) {
  EXPECT_EQ(DetailOf(Read(Answer(503, "", {{"x-amz-retry-after", "1500"}})))->retry_after,
            milliseconds(1500));
  EXPECT_EQ(DetailOf(Read(Answer(503, "", {{"Retry-After", "2"}})))->retry_after, milliseconds(2000));
  EXPECT_EQ(DetailOf(Read(Answer(503, "", {{"x-amz-retry-after", "soon"}})))->retry_after, std::nullopt);
}

// What a proxy or a login page answers.
TEST(AwsErrors, WhatIsNoneOfAwssFormsSaysSo) {
  for (const char* body :
       {"<html><body>Forbidden</body></html>", "{\"a\":", "not found", "<Error><Code>x", "[1]"}) {
    const Status status = Read(Answer(403, body, {{"content-type", "text/html"}}));
    EXPECT_EQ(CodeOf(status), ErrorCode::kPermissionDenied) << body;
    EXPECT_EQ(AwsErrorCode(status), "") << body;
    EXPECT_THAT(status.message(), HasSubstr("an answer that AWS does not give (text/html)")) << body;
  }
}

// ALL-4. S3 repeats what it computed, token included, when a signature is wrong; a message may, too.
TEST(AwsErrors, NoSecretIsRepeated) {
  const std::string token = "AQoDYXdzEPTtoken", secret = "wJalrXUtnFEMIsecret";
  const Status status =
      Read(Answer(403, "<Error><Code>SignatureDoesNotMatch</Code><Message>with " + token + " and " + secret +
                           "\n</Message><StringToSign>" + token +
                           "</StringToSign><CanonicalRequest>x-amz-security-token:" + token +
                           "</CanonicalRequest><RequestId>" + token + "</RequestId></Error>"),
           {secret, token});
  EXPECT_THAT(status.ToString(), Not(HasSubstr(token)));
  EXPECT_THAT(status.ToString(), Not(HasSubstr(secret)));
  EXPECT_THAT(status.message(), HasSubstr("with *** and ***"));
}

TEST(AwsErrors, AMessageStaysALine) {
  const Status status = Read(
      Answer(400, "<Error><Code>X</Code><Message>a\nb" + std::string(5000, 'c') + "\xff</Message></Error>"));
  EXPECT_LT(status.message().size(), 800u);
  EXPECT_THAT(status.message(), HasSubstr("X: a bccc"));
}

TEST(AwsErrors, AnErrorInASuccess) {
  EXPECT_TRUE(IsErrorBody(kNoSuchKey));
  EXPECT_TRUE(IsErrorBody("\n\n<Error><Code>InternalError</Code></Error>"));
  EXPECT_FALSE(IsErrorBody("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"));
  EXPECT_FALSE(IsErrorBody(""));
  EXPECT_FALSE(IsErrorBody("<Error"));
}

}  // namespace
}  // namespace penstock::aws
