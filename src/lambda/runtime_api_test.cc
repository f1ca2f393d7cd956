#include "lambda/runtime_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/curl_client.h"

namespace penstock::lambda {
namespace {

using ::testing::HasSubstr;

// The API without a child: the test is the client.
class RuntimeApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    api_ = RuntimeApi::Start(
               {.on_first_next = [this] { ++ready_; },
                .on_answer =
                    [this](const std::string& id, Result<std::string> answer) {
                      ids_.push_back(id);
                      answers_.push_back(std::move(answer));
                    },
                .on_init_error = [this](FunctionFailure failure) { init_errors_.push_back(failure); }})
               .ValueOrDie();
  }
  net::HttpResponse Call(const std::string& method, const std::string& target, std::string body = "",
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://" + api_->address() + "/2018-06-01/runtime/" + target;
    request.body = std::move(body);
    for (auto& [name, value] : headers) request.headers.Add(name, value);
    return client_->Send(request).ValueOrDie();
  }
  static Invocation Event(std::string id) {
    return {.request_id = std::move(id),
            .trace_id = "Root=1-0-0",
            .arn = "arn:aws:lambda:us-east-1:0:function:f",
            .deadline_ms = 1'600'000'000'000,
            .payload = R"({"records":[]})"};
  }

  std::unique_ptr<net::CurlClient> client_ = net::CurlClient::Make().ValueOrDie();
  std::atomic<int> ready_ = 0;
  std::vector<std::string> ids_;
  std::vector<Result<std::string>> answers_;
  std::vector<FunctionFailure> init_errors_;
  std::unique_ptr<RuntimeApi> api_;
};

TEST_F(RuntimeApiTest, AnEventHasLambdasHeadersAndIsAnsweredOnce) {
  api_->Begin(Event("id-1"));
  const auto next = Call("GET", "invocation/next");
  EXPECT_EQ(next.status, 200);
  EXPECT_EQ(next.body, R"({"records":[]})");
  EXPECT_EQ(next.headers.Find("Lambda-Runtime-Aws-Request-Id"), "id-1");
  EXPECT_EQ(next.headers.Find("Lambda-Runtime-Deadline-Ms"), "1600000000000");
  EXPECT_EQ(next.headers.Find("Lambda-Runtime-Invoked-Function-Arn"),
            "arn:aws:lambda:us-east-1:0:function:f");
  EXPECT_EQ(next.headers.Find("Lambda-Runtime-Trace-Id"), "Root=1-0-0");
  EXPECT_EQ(ready_, 1);

  EXPECT_EQ(Call("POST", "invocation/id-2/response", "1").status, 400);
  const auto taken = Call("POST", "invocation/id-1/response", "{}");
  EXPECT_EQ(taken.status, 202);
  EXPECT_EQ(taken.body, R"({"status":"OK"})");
  EXPECT_THAT(Call("POST", "invocation/id-1/response", "{}").body, HasSubstr("InvalidRequestID"));
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(*answers_[0], "{}");
}

TEST_F(RuntimeApiTest, TheNextEventIsWaitedFor) {
  auto next = std::async(std::launch::async, [&] { return Call("GET", "invocation/next"); });
  while (ready_ == 0) std::this_thread::yield();
  api_->Begin(Event("id-1"));
  EXPECT_EQ(next.get().headers.Find("Lambda-Runtime-Aws-Request-Id"), "id-1");
  EXPECT_EQ(Call("GET", "invocation/next").status, 403) << "it has not answered yet";
}

TEST_F(RuntimeApiTest, AClientThatAsksAnewGetsTheEvent) {
  auto first = std::async(std::launch::async, [&] { return Call("GET", "invocation/next"); });
  while (ready_ == 0) std::this_thread::yield();
  auto next = std::async(std::launch::async, [&] { return Call("GET", "invocation/next"); });
  EXPECT_EQ(first.get().status, 403);
  api_->Begin(Event("id-1"));
  EXPECT_EQ(next.get().status, 200);
}

TEST_F(RuntimeApiTest, ErrorsAreReadAsAwsWritesThem) {
  api_->Begin(Event("id-1"));
  Call("GET", "invocation/next");
  EXPECT_EQ(Call("POST", "invocation/id-1/error", R"({"errorType":"KeyError","errorMessage":"'x'"})").status,
            202);
  api_->Begin(Event("id-2"));
  Call("GET", "invocation/next");
  Call("POST", "invocation/id-2/error", "no JSON", {{"Lambda-Runtime-Function-Error-Type", "Runtime.Odd"}});
  api_->Begin(Event("id-3"));
  Call("GET", "invocation/next");
  Call("POST", "invocation/id-3/response", "half", {{"Lambda-Runtime-Function-Error-Type", "Stream.Broke"}});
  ASSERT_EQ(answers_.size(), 3u);
  EXPECT_EQ(FunctionFailureOf(answers_[0].status())->type, "KeyError");
  EXPECT_EQ(FunctionFailureOf(answers_[0].status())->message, "'x'");
  EXPECT_EQ(FunctionFailureOf(answers_[1].status())->type, "Runtime.Odd");
  EXPECT_EQ(FunctionFailureOf(answers_[1].status())->message, "no JSON");
  EXPECT_EQ(FunctionFailureOf(answers_[2].status())->type, "Stream.Broke");
}

TEST_F(RuntimeApiTest, AFailedStartIsReportedInsteadOfTheFirstNext) {
  EXPECT_EQ(
      Call("POST", "init/error", R"({"errorType":"Runtime.ImportModuleError","errorMessage":"m"})").status,
      202);
  ASSERT_EQ(init_errors_.size(), 1u);
  EXPECT_EQ(init_errors_[0].type, "Runtime.ImportModuleError");
  EXPECT_EQ(init_errors_[0].kind, FunctionFailure::Kind::kInit);
}

TEST_F(RuntimeApiTest, AnythingElseIsNotFound) {
  EXPECT_EQ(Call("GET", "restore/next").status, 404);
  EXPECT_EQ(Call("POST", "invocation/next").status, 404);
  EXPECT_EQ(Call("GET", "").status, 404);
}

TEST_F(RuntimeApiTest, ATooLongAnswerIsRefusedWithItsReason) {
  api_->Begin(Event("id-1"));
  Call("GET", "invocation/next");
  const auto refused = Call("POST", "invocation/id-1/response", std::string(7 << 20, '1'));
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("RequestEntityTooLarge"));
  EXPECT_EQ(FunctionFailureOf(answers_.at(0).status())->kind, FunctionFailure::Kind::kTooLarge);
}

}  // namespace
}  // namespace penstock::lambda
