#include "serve/function_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/json_text.h"

namespace penstock::serve {
namespace {

using ::testing::HasSubstr;

struct Fixture {
  explicit Fixture(FunctionOptions options = {})
      : calls({{"data-collector", [this](const json::object& parameters,
                                         std::stop_token stop) { return function(parameters, stop); }}},
              Logger(), options) {}

  std::future<net::ServerResponse> Call(const std::string& target, const std::string& method = "GET",
                                        const std::string& site = "") {
    auto request = std::make_shared<net::ServerRequest>();
    request->method = method;
    EXPECT_TRUE(net::ParseTarget(target, request.get()).ok());
    if (!site.empty()) request->headers.Add("Sec-Fetch-Site", site);
    auto promise = std::make_shared<std::promise<net::ServerResponse>>();
    auto future = promise->get_future();
    calls.Answer(request,
                 [promise](net::ServerResponse response) { promise->set_value(std::move(response)); });
    return future;
  }
  // The body of the body.
  static json::value BodyOf(const net::ServerResponse& response) {
    const json::value whole = *ParseJson(response.body);
    EXPECT_EQ(whole.at("statusCode"), json::value(response.status));
    EXPECT_EQ(whole.at("isBase64Encoded"), json::value(false));
    EXPECT_EQ(whole.at("headers").at("Content-Type"), json::value("application/json"));
    return *ParseJson(std::string_view(whole.at("body").as_string()));
  }

  Function function = [](const json::object& parameters, std::stop_token) -> Result<json::object> {
    return json::object{{"count", 3}, {"asked", parameters}};
  };
  FunctionCalls calls;
};

TEST(FunctionCalls, Stream4AnswersAsALambdaBehindAProxy) {
  Fixture f;
  const auto response = f.Call("/functions/data-collector?date=2020-05-14&tickers=FB%2CSHOP").get();
  EXPECT_EQ(response.status, 200);
  const json::value body = Fixture::BodyOf(response);
  EXPECT_EQ(body.at("count"), json::value(3));
  EXPECT_EQ(JsonText(body.at("asked")), R"({"date":"2020-05-14","tickers":"FB,SHOP"})");
  EXPECT_EQ(f.Call("/functions/data-collector", "POST").get().status, 200);
}

TEST(FunctionCalls, FailuresHaveTheStatusOfTheirCode) {
  Fixture f;
  f.function = [](const json::object&, std::stop_token) -> Result<json::object> {
    return MakeError(ErrorCode::kUsage, "2020-05-25 is no session", "ask for 2020-05-26");
  };
  const auto response = f.Call("/functions/data-collector").get();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(JsonText(Fixture::BodyOf(response)),
            R"({"message":"2020-05-25 is no session","advice":"ask for 2020-05-26"})");
  f.function = [](const json::object&, std::stop_token) -> Result<json::object> {
    return json::object{{"statusCode", 502}, {"count", 0}};
  };
  EXPECT_EQ(f.Call("/functions/data-collector").get().status, 502);
}

TEST(FunctionCalls, WhatIsNoCallIsRefused) {
  Fixture f;
  const auto unknown = f.Call("/functions/data-colector").get();
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("did you mean data-collector?"));
  const auto method = f.Call("/functions/data-collector", "DELETE").get();
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(*method.headers.Find("Allow"), "GET, POST");
  EXPECT_EQ(f.Call("/functions/data-collector?date=1&date=2").get().status, 400);
  EXPECT_EQ(f.Call("/functions/data-collector", "GET", "cross-site").get().status, 403);
  EXPECT_EQ(f.Call("/functions/data-collector", "GET", "none").get().status, 200);  // typed by a person
}

TEST(FunctionCalls, MoreThanMayRunAreAskedToComeAgain) {
  std::promise<void> go;
  std::promise<void> running;
  Fixture f({.most_running = 1});
  f.function = [&](const json::object&, std::stop_token) -> Result<json::object> {
    running.set_value();
    go.get_future().wait();
    return json::object{{"count", 1}};
  };
  auto first = f.Call("/functions/data-collector");
  running.get_future().wait();
  const auto second = f.Call("/functions/data-collector").get();
  EXPECT_EQ(second.status, 429);
  EXPECT_TRUE(second.headers.Find("Retry-After"));
  go.set_value();
  EXPECT_EQ(first.get().status, 200);
}

TEST(FunctionCalls, StopEndsWhatRunsAndTakesNoMore) {
  Fixture f;
  std::promise<void> running;
  f.function = [&](const json::object&, std::stop_token stop) -> Result<json::object> {
    running.set_value();
    SystemClock().SleepFor(std::chrono::minutes(10), stop);
    return MakeError(ErrorCode::kCancelled, "stopped");
  };
  auto first = f.Call("/functions/data-collector");
  running.get_future().wait();
  f.calls.Stop();
  EXPECT_EQ(first.get().status, 499);
  EXPECT_EQ(f.Call("/functions/data-collector").get().status, 503);
}

}  // namespace
}  // namespace penstock::serve
