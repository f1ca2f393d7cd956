// AwsClient: retries as the SDKs' standard mode, clock correction, streamed answers, errors without secrets.
#include "aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "aws/error.h"
#include "aws/scripted_http.h"
#include "base/json.h"

namespace penstock::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const TimePoint kStart = *ParseTimestamp("2026-11-21T10:00:00Z");
const Credentials kKeys{"AKIDEXAMPLE", "verysecretkey", "verysecrettoken", std::nullopt};
const char kSlowDown[] =
    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";

// A client over a script, with a clock that jumps over pauses.
struct Rig {
  explicit Rig(std::deque<Result<net::HttpResponse>> answers, ClientOptions options = {})
      : http(std::move(answers), &clock),
        client(http, keys, clock, random, Logger(), WithDefaults(std::move(options))) {}

  static ClientOptions WithDefaults(ClientOptions options) {
    if (options.service.empty()) options.service = "s3";
    if (options.region.empty()) options.region = "eu-west-1";
    return options;
  }
  Duration Pause(size_t before) const { return http.asked_at[before] - http.asked_at[before - 1]; }

  ManualClock clock{kStart};
  Random random{7};
  StaticCredentials keys{kKeys};
  ScriptedHttp http;
  AwsClient client;
};

TEST(AwsClient, SignsAndSends) {
  Rig rig({Answer(200, "bytes")});
  const auto response =
      rig.client.Send({.path = "/bucket/a key+b", .query = {{"list-type", "2"}, {"prefix", "a/b"}}});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "bytes");
  const net::HttpRequest& sent = rig.http.asked[0];
  EXPECT_EQ(sent.url, "https://s3.eu-west-1.amazonaws.com/bucket/a%20key%2Bb?list-type=2&prefix=a%2Fb");
  EXPECT_THAT(*sent.headers.Find("authorization"),
              HasSubstr("Credential=AKIDEXAMPLE/20261121/eu-west-1/s3/aws4_request, "
                        "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"));
  EXPECT_EQ(sent.headers.Find("x-amz-security-token"), "verysecrettoken");
}

TEST(AwsClient, AnEndpointMayHaveAPathOfItsOwn) {
  Rig rig({Answer(200)}, {.endpoint = "http://127.0.0.1:9000/s3/"});
  ASSERT_TRUE(rig.client.Send({.path = "/bucket"}).ok());
  EXPECT_EQ(rig.http.asked[0].url, "http://127.0.0.1:9000/s3/bucket");
  EXPECT_EQ(DefaultEndpoint("sqs", "cn-north-1"), "https://sqs.cn-north-1.amazonaws.com.cn");
}

// What is signed as Host is what is sent as Host.
TEST(AwsClient, AnEndpointIsWrittenOneWay) {
  Rig rig({Answer(200)}, {.endpoint = "HTTP://MinIO.Example:80"});
  ASSERT_TRUE(rig.client.Send({.path = "/Bucket"}).ok());
  EXPECT_EQ(rig.http.asked[0].url, "http://minio.example/Bucket");
  Rig wrong({}, {.endpoint = "minio.example:9000"});
  EXPECT_EQ(CodeOf(wrong.client.Send({.path = "/b"}).status()), ErrorCode::kUsage);
}

// A bound for what is asked for is none for why it is refused.
TEST(AwsClient, AShortBoundLeavesRoomForARefusal) {
  const std::string refusal =
      "<Error><Code>NoSuchKey</Code><Message>" + std::string(300, 'x') + "</Message></Error>";
  Rig rig({Answer(404, refusal), Answer(200, "12345"), Answer(200, "1234"), Answer(200, "12345")});
  const AwsRequest request{.path = "/b/k", .max_body_bytes = 4};
  EXPECT_EQ(AwsErrorCode(rig.client.Send(request).status()), "NoSuchKey");
  EXPECT_GT(rig.http.asked[0].max_body_bytes, 1000);
  EXPECT_EQ(CodeOf(rig.client.Send(request).status()), ErrorCode::kTooLarge);
  EXPECT_EQ(rig.client.Send(request)->body, "1234");
  AwsRequest streamed = request;
  streamed.on_body = [](std::string_view) { return Status::OK(); };
  EXPECT_EQ(CodeOf(rig.client.Send(streamed).status()), ErrorCode::kTooLarge);
}

TEST(AwsClient, OnlyTlsProtectsAnUnsignedBody) {
  Rig plain({Answer(200)}, {.endpoint = "http://127.0.0.1:9000", .unsigned_payload = true});
  ASSERT_TRUE(plain.client.Send({.method = "PUT", .path = "/b/k", .body = "x"}).ok());
  EXPECT_EQ(plain.http.asked[0].headers.Find("x-amz-content-sha256")->size(), 64u);
  Rig tls({Answer(200)}, {.unsigned_payload = true});
  ASSERT_TRUE(tls.client.Send({.method = "PUT", .path = "/b/k", .body = "x"}).ok());
  EXPECT_EQ(tls.http.asked[0].headers.Find("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
}

TEST(AwsClientRetry, ThreeAttemptsWithFullJitter) {
  Rig rig({Answer(500), Answer(503), Answer(502)});
  const auto response = rig.client.Send({.path = "/b/k"});
  EXPECT_EQ(CodeOf(response.status()), ErrorCode::kUnavailable);
  EXPECT_THAT(response.status().message(), HasSubstr("no success after 3 attempts: s3 GET /b/k: "));
  ASSERT_EQ(rig.http.asked.size(), 3u);
  EXPECT_LE(rig.Pause(1), milliseconds(50));
  EXPECT_LE(rig.Pause(2), milliseconds(100));
  EXPECT_EQ(rig.client.retry_tokens(), 500 - 2 * 14);
}

TEST(AwsClientRetry, ThrottlingWaitsLongerAndCostsLess) {
  Rig rig({Answer(503, kSlowDown), Answer(503, kSlowDown), Answer(200)});
  ASSERT_TRUE(rig.client.Send({.path = "/b/k"}).ok());
  EXPECT_LE(rig.Pause(1), milliseconds(1000));
  EXPECT_GT(rig.Pause(1) + rig.Pause(2), milliseconds(150));  // of this seed
  EXPECT_EQ(rig.client.retry_tokens(), 500 - 5);              // of two retries, the last one's came back
}

TEST(AwsClientRetry, EveryPauseIsWithinItsBounds) {
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    for (int attempt = 1; attempt < 12; ++attempt) {
      const Duration other = RetryPause(false, attempt, std::nullopt, random);
      EXPECT_LE(other, std::min<Duration>(milliseconds(50) * (1 << (attempt - 1)), seconds(20)));
      const Duration throttled = RetryPause(true, attempt, std::nullopt, random);
      EXPECT_LE(throttled, std::min<Duration>(seconds(1) * (1 << (attempt - 1)), seconds(20)));
    }
  }
  // "max(t, min(x-amz-retry-after, t + 5 s))"
  EXPECT_EQ(RetryPause(false, 1, milliseconds(2000), random), milliseconds(2000));
  EXPECT_LE(RetryPause(false, 1, milliseconds(60'000), random), milliseconds(5050));
}

TEST(AwsClientRetry, WhatIsRefusedForGoodIsNotAskedAgain) {
  for (const int http : {400, 403, 404, 409, 412, 501}) {
    Rig rig({Answer(http)});
    EXPECT_FALSE(rig.client.Send({.path = "/b/k"}).ok());
    EXPECT_EQ(rig.http.asked.size(), 1u) << http;
    EXPECT_EQ(rig.client.retry_tokens(), 500);
  }
}

TEST(AwsClientRetry, BrokenConnectionsAreTriedAgainWithANewSignature) {
  Rig rig({MakeError(ErrorCode::kUnavailable, "reset"), MakeError(ErrorCode::kTimeout, "slow"), Answer(200)});
  rig.http.Add(Answer(200));
  ASSERT_TRUE(rig.client.Send({.method = "PUT", .path = "/b/k", .body = "x"}).ok());
  EXPECT_EQ(rig.http.asked.size(), 3u);
  EXPECT_EQ(rig.http.asked[2].body, "x");
}

// Its first attempt may have been carried out although its answer was lost.
TEST(AwsClientRetry, WhatIsNotIdempotentIsRepeatedOnlyAfterThrottling) {
  Rig lost({MakeError(ErrorCode::kTimeout, "slow"), Answer(200)});
  EXPECT_EQ(CodeOf(lost.client.Send({.method = "POST", .idempotent = false}).status()), ErrorCode::kTimeout);
  EXPECT_EQ(lost.http.asked.size(), 1u);
  Rig throttled({Answer(503, kSlowDown), Answer(200)});
  EXPECT_TRUE(throttled.client.Send({.method = "POST", .idempotent = false}).ok());
}

TEST(AwsClientRetry, AnOutageEmptiesTheBucketAndCallsFailAtOnce) {
  std::deque<Result<net::HttpResponse>> answers;
  for (int i = 0; i < 200; ++i) answers.push_back(Answer(500));
  Rig rig(std::move(answers));
  int calls = 0;
  while (rig.client.retry_tokens() >= 14 && calls < 100) {
    EXPECT_FALSE(rig.client.Send({.path = "/b/k"}).ok());
    ++calls;
  }
  EXPECT_EQ(calls, 18);  // 500 / (2 * 14), the last one half
  const size_t asked = rig.http.asked.size();
  const auto response = rig.client.Send({.path = "/b/k"});
  EXPECT_EQ(rig.http.asked.size(), asked + 1);
  EXPECT_THAT(response.status().message(), HasSubstr("too many calls fail now"));
}

TEST(AwsClientRetry, SuccessFillsTheBucketAgain) {
  Rig rig({Answer(500), Answer(500), Answer(500), Answer(200), Answer(200)});
  EXPECT_FALSE(rig.client.Send({.path = "/b/k"}).ok());
  ASSERT_TRUE(rig.client.Send({.path = "/b/k"}).ok());
  ASSERT_TRUE(rig.client.Send({.path = "/b/k"}).ok());
  EXPECT_EQ(rig.client.retry_tokens(), 500 - 28 + 2);
}

TEST(AwsClientRetry, StopEndsAPause) {
  ManualClock clock(kStart, false);
  Random random(1);
  StaticCredentials keys(kKeys);
  ScriptedHttp http({Answer(503, kSlowDown, {{"x-amz-retry-after", "4000"}}), Answer(200)});
  AwsClient client(http, keys, clock, random, Logger(), {.service = "s3", .region = "eu-west-1"});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(client.Send({.path = "/b/k"}, stop.get_token()).status()), ErrorCode::kCancelled);
}

TEST(AwsClientStream, PiecesAreGivenOnceAndTheRestIsTheCallers) {
  std::string got;
  Rig rig({Answer(503, kSlowDown), Answer(200, "streamed")});
  const auto response = rig.client.Send({.path = "/b/k",
                                         .on_body =
                                             [&](std::string_view piece) {
                                               got += piece;
                                               return Status::OK();
                                             },
                                         .as_stored = true});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(got, "streamed");
  EXPECT_EQ(response->body, "");
  EXPECT_TRUE(rig.http.asked[1].as_stored);

  // The receiver's failure after a piece: not asked again, though its code says that it may help.
  Rig broken({Answer(200, "streamed"), Answer(200, "streamed")});
  const auto failed = broken.client.Send({.path = "/b/k", .on_body = [](std::string_view) {
                                            return MakeError(ErrorCode::kUnavailable, "disk");
                                          }});
  EXPECT_EQ(CodeOf(failed.status()), ErrorCode::kUnavailable);
  EXPECT_EQ(broken.http.asked.size(), 1u);
}

TEST(AwsClient, AnErrorInASuccessIsTriedAgain) {
  Rig rig({Answer(200, "<Error><Code>InternalError</Code></Error>"),
           Answer(200, "<CompleteMultipartUploadResult/>")});
  const auto response = rig.client.Send({.method = "POST", .path = "/b/k", .error_in_success = true});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(rig.http.asked.size(), 2u);
}

const char kSkewed[] =
    "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and "
    "the current time is too large.</Message></Error>";

TEST(AwsClientClock, AWrongClockIsCorrectedForThisCallAndAllLaterOnes) {
  // The service is an hour ahead.
  Rig rig({Answer(403, kSkewed, {{"Date", "Sat, 21 Nov 2026 11:00:00 GMT"}}), Answer(200), Answer(200)});
  ASSERT_TRUE(rig.client.Send({.path = "/b/k"}).ok());
  ASSERT_TRUE(rig.client.Send({.path = "/b/k"}).ok());
  EXPECT_EQ(rig.http.asked[0].headers.Find("x-amz-date"), "20261121T100000Z");
  EXPECT_EQ(rig.http.asked[1].headers.Find("x-amz-date"), "20261121T110000Z");
  EXPECT_EQ(rig.http.asked[2].headers.Find("x-amz-date"), "20261121T110000Z");
  EXPECT_EQ(rig.client.retry_tokens(), 500);
  EXPECT_EQ(rig.client.clock_skew(), std::chrono::hours(1));
}

TEST(AwsClientClock, AHeadSaysItOnlyByItsDate) {
  Rig skewed({Answer(403, "", {{"Date", "Sat, 21 Nov 2026 09:00:00 GMT"}}), Answer(200)});
  ASSERT_TRUE(skewed.client.Send({.method = "HEAD", .path = "/b/k"}).ok());
  EXPECT_EQ(skewed.http.asked[1].headers.Find("x-amz-date"), "20261121T090000Z");
  Rig refused({Answer(403, "", {{"Date", "Sat, 21 Nov 2026 10:00:30 GMT"}}), Answer(200)});
  EXPECT_EQ(CodeOf(refused.client.Send({.method = "HEAD", .path = "/b/k"}).status()),
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(refused.http.asked.size(), 1u);
}

TEST(AwsClientClock, CorrectedOnceACall) {
  Rig rig({Answer(403, kSkewed, {{"Date", "Sat, 21 Nov 2026 11:00:00 GMT"}}),
           Answer(403, kSkewed, {{"Date", "Sat, 21 Nov 2026 13:00:00 GMT"}}), Answer(200)});
  const Status status = rig.client.Send({.path = "/b/k"}).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_THAT(AdviceOf(status), HasSubstr("clock"));
  EXPECT_EQ(rig.http.asked.size(), 2u);
}

// Answers one attempt after the other of an operation of the suite below, and moves the clock as it says.
class SkewedService : public net::HttpClient {
 public:
  explicit SkewedService(ManualClock& clock) : clock_(clock) {}

  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    if (next == attempts.size()) return MakeError(ErrorCode::kInternal, "asked once too often");
    const json::object& attempt = attempts[next++].as_object();
    std::string time(attempt.at("expectedSigningTime").as_string());
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    EXPECT_EQ(request.headers.Find("x-amz-date"), time);
    clock_.Set(*ParseTimestamp(*GetString(attempt, "clientTimeAtReceive")));
    const json::object& response = attempt.at("response").as_object();
    net::HttpResponse answer{.status = static_cast<int>(response.at("statusCode").as_int64())};
    for (const auto& [name, value] : response.at("headers").as_object()) {
      answer.headers.Add(name, std::string(value.as_string()));
    }
    if (const auto* code = response.if_contains("errorCode")) {
      answer.body = "<Error><Code>" + std::string(code->as_string()) + "</Code></Error>";
    }
    return answer;
  }

  json::array attempts;
  size_t next = 0;

 private:
  ManualClock& clock_;
};

// The AWS SDKs' common tests.
TEST(AwsClientClock, EveryCaseOfTheSdks) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/aws/clock-skew-test-cases.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const json::value suite = ParseJson(text).ValueOrDie();
  int operations = 0;
  for (const json::value& test : suite.at("tests").as_array()) {
    SCOPED_TRACE(*GetString(test, "description"));
    ManualClock clock(*ParseTimestamp("2026-01-01T00:00:00Z"));
    Random random(1);
    StaticCredentials keys(kKeys);
    SkewedService service(clock);
    const json::array& cases = test.at("operations").as_array();
    const int attempts = static_cast<int>(*GetIntOr(cases[0], "maxAttempts", 3));
    AwsClient client(service, keys, clock, random, Logger(),
                     {.service = "s3", .region = "eu-west-1", .max_attempts = attempts});
    if (const int64_t known = *GetInt(cases[0], "initialClientSkew"); known != 0) {  // from an answer before
      const std::string now = FormatTimestamp(clock.Now()).substr(0, 19) + "Z";
      service.attempts = {
          {{"expectedSigningTime", now},
           {"clientTimeAtReceive", now},
           {"response",
            {{"statusCode", 200}, {"headers", {{"Date", FormatHttpDate(clock.Now() + seconds(known))}}}}}}};
      ASSERT_TRUE(client.Send({.path = "/b/k"}).ok());
    }
    for (const json::value& operation : cases) {
      ++operations;
      service.attempts = operation.at("attempts").as_array();
      service.next = 0;
      clock.Set(*ParseTimestamp(*GetString(service.attempts[0], "clientTimeAtSend")));
      EXPECT_EQ(client.Send({.path = "/b/k"}).ok(), *GetString(operation, "expectedOutcome") == "success");
      EXPECT_EQ(service.next, service.attempts.size());
      EXPECT_EQ(client.clock_skew(), seconds(*GetInt(operation, "expectedClientSkew")));
    }
  }
  EXPECT_EQ(operations, 14);
}

// A long download says nothing of the clock: its head came at its beginning.
TEST(AwsClientClock, OfAStreamItsHeadCounts) {
  Rig rig({Answer(200, "bytes", {{"Date", "Sat, 21 Nov 2026 10:00:00 GMT"}})});
  const auto slow = [&](std::string_view) {
    rig.clock.Advance(std::chrono::minutes(3));
    return Status::OK();
  };
  ASSERT_TRUE(rig.client.Send({.path = "/b/k", .on_body = slow}).ok());
  EXPECT_EQ(rig.client.clock_skew(), seconds(0));
}

// ALL-4
TEST(AwsClient, NoSecretInAnError) {
  Rig rig({Answer(403,
                  "<Error><Code>SignatureDoesNotMatch</Code><Message>verysecrettoken verysecretkey</Message>"
                  "</Error>")});
  const Status status = rig.client.Send({.path = "/b/k", .query = {{"marker", "x"}}}).status();
  EXPECT_EQ(AwsErrorCode(status), "SignatureDoesNotMatch");
  EXPECT_THAT(status.ToString(), Not(HasSubstr("verysecret")));
}

TEST(AwsClient, TheFailureOfCredentialsIsTheCallsFailure) {
  class None : public CredentialSource {
    Result<Credentials> Get(std::stop_token) override {
      return MakeError(ErrorCode::kUnauthenticated, "none");
    }
  } none;
  ManualClock clock(kStart);
  Random random(1);
  ScriptedHttp http({Answer(200)});
  AwsClient client(http, none, clock, random, Logger(), {.service = "sts", .region = "eu-west-1"});
  EXPECT_EQ(CodeOf(client.Send({}).status()), ErrorCode::kUnauthenticated);
  EXPECT_TRUE(http.asked.empty());
  ASSERT_TRUE(client.Send({.anonymous = true}).ok());
  EXPECT_EQ(http.asked[0].headers.Find("authorization"), std::nullopt);
}

TEST(AwsClient, Presigns) {
  Rig rig({});
  const auto url = rig.client.Presign({.path = "/bucket/key"}, seconds(60));
  ASSERT_TRUE(url.ok());
  EXPECT_THAT(*url,
              HasSubstr("https://s3.eu-west-1.amazonaws.com/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256"));
  EXPECT_THAT(*url, HasSubstr("X-Amz-Expires=60"));
}

}  // namespace
}  // namespace penstock::aws
