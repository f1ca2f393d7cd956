// FTSE-4: retries with exponential backoff, at most 3 attempts.
#include "net/retry.h"

#include <gtest/gtest.h>

#include <deque>

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
const TimePoint kStart = *ParseTimestamp("2026-11-20T10:00:00Z");

// Answers what it is told to, and notes when it was asked.
class ScriptedClient : public HttpClient {
 public:
  ScriptedClient(Clock& clock, std::deque<Result<HttpResponse>> answers)
      : clock_(clock), answers_(std::move(answers)) {}
  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token) override {
    asked_at.push_back(clock_.Now());
    if (answers_.empty()) return MakeError(ErrorCode::kInternal, "asked once too often");
    auto answer = answers_.front();
    answers_.pop_front();
    if (answer.ok()) RETURN_IF_ERROR(DeliverBody(request, &*answer));
    return answer;
  }
  std::vector<TimePoint> asked_at;

 private:
  Clock& clock_;
  std::deque<Result<HttpResponse>> answers_;
};

HttpResponse Answer(int status, std::string retry_after = "") {
  HttpResponse response{.status = status};
  if (!retry_after.empty()) response.headers.Add("Retry-After", retry_after);
  return response;
}

const HttpRequest kRequest{.url = "https://me:pw@h.example/p?token=secret"};

struct Outcome {
  Result<HttpResponse> result = HttpResponse{};
  std::vector<Duration> waits;  // between the attempts
};

Outcome SendOnce(std::deque<Result<HttpResponse>> answers, RetryPolicy policy = {},
                 HttpRequest request = kRequest, uint64_t seed = 1) {
  ManualClock clock(kStart);
  Random random(seed);
  ScriptedClient inner(clock, std::move(answers));
  RetryingClient client(inner, policy, clock, random, Logger());
  Outcome outcome;
  outcome.result = client.Send(request);
  for (size_t i = 1; i < inner.asked_at.size(); ++i)
    outcome.waits.push_back(inner.asked_at[i] - inner.asked_at[i - 1]);
  return outcome;
}

TEST(Ftse4Retry, ThreeAttemptsAndNoMore) {
  const auto outcome = SendOnce({Answer(503), Answer(500), Answer(502)});
  EXPECT_EQ(outcome.waits.size(), 2u);
  EXPECT_EQ(CodeOf(outcome.result.status()), ErrorCode::kUnavailable);
  EXPECT_NE(outcome.result.status().message().find("3 attempts"), std::string::npos);
  EXPECT_NE(outcome.result.status().message().find("502"), std::string::npos);
  EXPECT_EQ(outcome.result.status().message().find("secret"), std::string::npos);  // ALL-4
}

TEST(Ftse4Retry, SuccessEndsIt) {
  const auto outcome = SendOnce({Answer(503), Answer(200)});
  ASSERT_TRUE(outcome.result.ok());
  EXPECT_EQ(outcome.result->status, 200);
  EXPECT_EQ(outcome.waits.size(), 1u);
}

TEST(Ftse4Retry, OnlyWhatIsWorthRetrying) {
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kTimeout, ErrorCode::kThrottled}) {
    EXPECT_EQ(SendOnce({MakeError(code, "x"), Answer(200)}).waits.size(), 1u) << NameOf(code);
  }
  for (const ErrorCode code :
       {ErrorCode::kTooLarge, ErrorCode::kUnauthenticated, ErrorCode::kUsage, ErrorCode::kRejectedByProvider,
        ErrorCode::kCancelled, ErrorCode::kInvalidData}) {
    const auto outcome = SendOnce({MakeError(code, "x")});
    EXPECT_EQ(outcome.waits.size(), 0u) << NameOf(code);
    EXPECT_EQ(CodeOf(outcome.result.status()), code);
    EXPECT_EQ(outcome.result.status().message(), "x");
  }
  for (const int status : {408, 429, 500, 502, 503, 504})
    EXPECT_EQ(SendOnce({Answer(status), Answer(200)}).waits.size(), 1u);
  for (const int status : {400, 401, 403, 404, 410, 304}) {
    const auto outcome = SendOnce({Answer(status)});
    ASSERT_TRUE(outcome.result.ok()) << status;  // the source reads what the body says
    EXPECT_EQ(outcome.result->status, status);
    EXPECT_EQ(outcome.waits.size(), 0u);
  }
}

TEST(Ftse4Retry, FullJitterWithinItsBounds) {
  const RetryPolicy policy{.max_attempts = 8, .initial_backoff_ms = 500, .max_backoff_ms = 4'000};
  std::vector<Duration> longest(7), shortest(7, std::chrono::hours(1));
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto outcome = SendOnce(std::deque<Result<HttpResponse>>(8, Answer(503)), policy, kRequest, seed);
    ASSERT_EQ(outcome.waits.size(), 7u);
    for (size_t i = 0; i < 7; ++i) {
      longest[i] = std::max(longest[i], outcome.waits[i]);
      shortest[i] = std::min(shortest[i], outcome.waits[i]);
    }
  }
  for (size_t i = 0; i < 7; ++i) {
    const Duration most = std::min<Duration>(milliseconds(500 << i), milliseconds(4'000));
    EXPECT_LE(longest[i], most);
    EXPECT_GT(longest[i], most * 9 / 10);  // uniform up to the bound …
    EXPECT_LT(shortest[i], most / 10);     // … from 0
  }
}

TEST(Ftse4Retry, TheSameSeedWaitsTheSame) {
  const auto answers = std::deque<Result<HttpResponse>>(3, Answer(503));
  EXPECT_EQ(SendOnce(answers, {}, kRequest, 7).waits, SendOnce(answers, {}, kRequest, 7).waits);
  EXPECT_NE(SendOnce(answers, {}, kRequest, 7).waits, SendOnce(answers, {}, kRequest, 8).waits);
}

TEST(Ftse4Retry, RetryAfterIsTheLeastWait) {
  EXPECT_GE(SendOnce({Answer(429, "40"), Answer(200)}).waits.at(0), milliseconds(40'000));
  EXPECT_GE(SendOnce({Answer(503, "Fri, 20 Nov 2026 10:01:00 GMT"), Answer(200)}).waits.at(0),
            milliseconds(60'000));
}

TEST(Ftse4Retry, AHintThatIsTooLongEndsItWithTheHint) {
  const auto outcome = SendOnce({Answer(429, "3600")});
  EXPECT_EQ(outcome.waits.size(), 0u);
  EXPECT_EQ(CodeOf(outcome.result.status()), ErrorCode::kThrottled);
  EXPECT_EQ(DetailOf(outcome.result.status())->retry_after, milliseconds(3'600'000));
}

TEST(Ftse4Retry, ExhaustionKeepsTheHint) {
  const auto outcome = SendOnce({Answer(429, "1"), Answer(429, "2"), Answer(429, "3")});
  EXPECT_EQ(CodeOf(outcome.result.status()), ErrorCode::kThrottled);
  EXPECT_EQ(DetailOf(outcome.result.status())->retry_after, milliseconds(3'000));
}

TEST(Ftse4Retry, WhatMayHaveBeenCarriedOutIsNotSentTwice) {
  HttpRequest post = kRequest;
  post.method = "POST";
  EXPECT_EQ(SendOnce({Answer(503), Answer(200)}, {}, post).waits.size(), 0u);
  EXPECT_EQ(SendOnce({Answer(503), Answer(200)}, {.retry_unsafe_methods = true}, post).waits.size(), 1u);
}

TEST(Ftse4Retry, WhatWasStreamedIsNotSentAgain) {
  std::string got;
  HttpRequest request = kRequest;
  request.on_body = [&](std::string_view piece) {
    got += piece;
    return MakeError(ErrorCode::kUnavailable, "the disk is slow");  // retryable, and not ours to retry
  };
  HttpResponse body = Answer(200);
  body.body = "bars";
  const auto refused = SendOnce({Answer(503), body, body}, {}, request);
  EXPECT_EQ(refused.waits.size(), 1u);  // the 503 delivered nothing
  EXPECT_EQ(got, "bars");
  EXPECT_EQ(refused.result.status().message(), "the disk is slow");

  request.on_head = [](const HttpResponse&) { return MakeError(ErrorCode::kTimeout, "no"); };
  EXPECT_EQ(SendOnce({body, body}, {}, request).waits.size(), 0u);
}

TEST(Ftse4Retry, StopEndsTheWait) {
  ManualClock clock(kStart);
  Random random(1);
  ScriptedClient inner(clock, {Answer(503), Answer(200)});
  RetryingClient client(inner, {}, clock, random, Logger());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(client.Send(kRequest, stop.get_token()).status()), ErrorCode::kCancelled);
  EXPECT_EQ(inner.asked_at.size(), 1u);
}

}  // namespace
}  // namespace penstock::net
