#include "stream/lambda_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/base64.h"
#include "base/date.h"
#include "base/json_text.h"
#include "base/temporary_folder.h"

namespace penstock::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using R = Transformed::Result;

const std::string kRoot = PENSTOCK_SOURCE_DIR;

std::vector<TransformRecord> Records(const std::vector<std::string>& texts) {
  std::vector<TransformRecord> records;
  for (const auto& text : texts)
    records.push_back({"r" + std::to_string(records.size()), text, MakeDate(2020, 5, 14)});
  return records;
}

Status FailureWith(lambda::FunctionFailure::Kind kind) {
  return lambda::MakeFunctionFailure({.kind = kind, .type = "T", .message = "m"},
                                     "function f: what happened");
}

// An invoker by a script; the clock does not wait.
class LambdaTransformTest : public ::testing::Test {
 protected:
  LambdaTransform Make(Invoker invoke, LambdaTransformOptions options = {}) {
    options.source = {"arn:stream", "us-east-1"};
    return LambdaTransform(options, std::move(invoke), clock_, random_, Logger());
  }
  // Ok for all, with the data that came.
  static std::string Echo(const std::string& event) {
    json::value answer = ParseJson(event).ValueOrDie();
    for (auto& record : answer.as_object()["records"].as_array()) record.as_object()["result"] = "Ok";
    return JsonText(answer);
  }

  ManualClock clock_{MakeDate(2020, 5, 14)};
  Random random_{3};
};

TEST_F(LambdaTransformTest, STREAM2_AnInvocationThatFailsIsTriedThreeTimesMore) {
  std::set<std::string> invocations;
  std::string ids;
  auto transform = Make([&](const std::string& event, std::stop_token) -> Result<std::string> {
    const json::value value = ParseJson(event).ValueOrDie();
    invocations.insert(std::string(value.at("invocationId").as_string()));
    ids += std::string(value.at("records").at(0).at("recordId").as_string()) + " ";
    if (invocations.size() < 4) return FailureWith(lambda::FunctionFailure::Kind::kEnded);
    return Echo(event);
  });
  const auto texts = std::vector<std::string>{"a", "b"};
  const auto out = transform.Apply(Records(texts), {}).ValueOrDie();
  EXPECT_EQ(invocations.size(), 4u) << "each attempt has an id of its own";
  EXPECT_EQ(ids, "r0 r0 r0 r0 ") << "the records keep theirs";
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[1].data, "b");
  EXPECT_EQ(out[1].attempts, 4);
}

TEST_F(LambdaTransformTest, WhatFailsFourTimesFailsWithFirehosesCode) {
  using Kind = lambda::FunctionFailure::Kind;
  const auto last = [&](Kind kind) {
    int calls = 0;
    auto transform = Make([&](const std::string&, std::stop_token) -> Result<std::string> {
      ++calls;
      return FailureWith(kind);
    });
    const std::vector<std::string> texts{"a"};
    const auto out = transform.Apply(Records(texts), {}).ValueOrDie();
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(out[0].result, R::kFailed);
    EXPECT_EQ(out[0].attempts, 4);
    EXPECT_THAT(out[0].error_message, HasSubstr("function f: what happened"));
    return out[0];
  };
  EXPECT_EQ(last(Kind::kTimedOut).error_code, "Lambda.FunctionTimedOut");
  EXPECT_THAT(
      last(Kind::kTimedOut).error_message,
      StartsWith(
          "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function."));
  for (const Kind kind : {Kind::kHandler, Kind::kInit, Kind::kEnded, Kind::kTooLarge}) {
    EXPECT_EQ(last(kind).error_code, "Lambda.FunctionError");
    EXPECT_THAT(last(kind).error_message,
                StartsWith("The Lambda function was successfully invoked but it returned an error result."));
  }
}

TEST_F(LambdaTransformTest, AnAnswerIsFinalWhateverItSays) {
  int calls = 0;
  auto transform = Make([&](const std::string&, std::stop_token) -> Result<std::string> {
    ++calls;
    return "null";
  });
  const std::vector<std::string> texts{"a"};
  const auto out = transform.Apply(Records(texts), {}).ValueOrDie();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(out[0].error_code, "Lambda.MissingRecordId");
  EXPECT_EQ(out[0].attempts, 1);
}

TEST_F(LambdaTransformTest, AStopIsTheOnlyFailure) {
  std::stop_source stop;
  auto transform = Make([&](const std::string&, std::stop_token) -> Result<std::string> {
    stop.request_stop();
    return FailureWith(lambda::FunctionFailure::Kind::kHandler);
  });
  const std::vector<std::string> texts{"a"};
  EXPECT_EQ(CodeOf(transform.Apply(Records(texts), stop.get_token()).status()), ErrorCode::kCancelled);
  EXPECT_THAT(Make({}).Apply({}, {}).ValueOrDie(), IsEmpty());
}

TEST_F(LambdaTransformTest, BatchesAreCutBelowTheHintAndBelowSixMegabytes) {
  const std::vector<std::string> texts(10, std::string(400 << 10, 'x'));
  const auto records = Records(texts);
  EXPECT_THAT(CutBatches(records, 1 << 20), ElementsAre(2, 4, 6, 8, 10));
  EXPECT_THAT(CutBatches(records, 1), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_THAT(CutBatches({}, 1), IsEmpty());
  // A little more than a batch: two halves, not one and a rest.
  const std::vector<std::string> little(11, std::string(100, 'x'));
  EXPECT_THAT(CutBatches(Records(little), 1000), ElementsAre(6, 11));
  EXPECT_THAT(CutBatches(Records(std::vector<std::string>(3)), 1000), ElementsAre(3)) << "empty ones";
  // 11 × 546,200 bytes of base64.
  const std::vector<std::string> more(20, std::string(400 << 10, 'x'));
  EXPECT_THAT(CutBatches(Records(more), 100 << 20), ElementsAre(10, 20));
  size_t longest = 0;
  auto transform = Make(
      [&](const std::string& event, std::stop_token) -> Result<std::string> {
        longest = std::max(longest, event.size());
        return Echo(event);
      },
      {.batch_bytes = 100 << 20});
  EXPECT_EQ(transform.Apply(Records(more), {}).ValueOrDie().size(), 20u);
  EXPECT_LE(longest, 6'000'000u);
  EXPECT_GT(longest, 5'000'000u);
  // Very many small ones: their frames count, too.
  const std::vector<std::string> small(100'000, "1");
  EXPECT_GT(CutBatches(Records(small), 1 << 20).size(), 1u);
}

// From here on by real handlers in real processes.
class HandlerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Transform> Make(const std::string& handler, json::object more = {},
                                  std::string folder = "") {
    StreamSpec spec;
    spec.name = "s";
    spec.folder = folder.empty() ? kRoot + "/src/stream/testdata" : std::move(folder);
    spec.transform.handler = json::object{
        {"command", json::array{kRoot + "/build/venv/bin/python", "-m", "awslambdaric", handler}},
        {"environment", json::object{{"PYTHONDONTWRITEBYTECODE", 1}}}};
    for (const auto& [key, value] : more) (*spec.transform.handler)[key] = value;
    auto made = MakeTransform(spec, options_, clock_, random_, Logger());
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return *std::move(made);
  }
  static std::vector<Transformed> Apply(Transform& transform, const std::vector<std::string>& texts) {
    return transform.Apply(Records(texts), {}).ValueOrDie();
  }
  // One record that the handler `misbehave` understands; the processes that have seen it in `seen`.
  Transformed Misbehave(const std::string& how, int* seen, json::object more = {}) {
    const std::string flag = folder_ / how;
    const auto transform = Make("transforms.misbehave", std::move(more));
    auto out = Apply(*transform, {how + " " + flag});
    std::set<std::string> pids;
    std::ifstream file(flag);
    for (std::string pid; std::getline(file, pid);) pids.insert(pid);
    *seen = static_cast<int>(pids.size());
    return out.at(0);
  }

  TransformOptions options_;
  TemporaryFolder folder_;
  SystemClock clock_;
  Random random_{5};
};

TEST_F(HandlerTest, STREAM2_TheSampleOfThePipelineAppendsANewline) {
  const auto transform = Make("app.lambda_handler", {}, kRoot + "/pipelines/stream");
  const auto out = Apply(*transform, {R"({"name":"FB","high":206.93})", "has one\n", "", "\xff\x00\x01"});
  EXPECT_EQ(out[0].data, "{\"name\":\"FB\",\"high\":206.93}\n");
  EXPECT_EQ(out[1].data, "has one\n");
  EXPECT_EQ(out[2].data, "\n");
  EXPECT_EQ(out[3].data.front(), '\xff');
  EXPECT_EQ(transform->function_arn(), "arn:aws:lambda:us-east-1:000000000000:function:s");
}

TEST_F(HandlerTest, EachRecordComesToWhatTheHandlerSaysOfIt) {
  const auto transform = Make("transforms.by_word");
  const auto out = Apply(*transform, {"hello", "drop", "fail", "forget", "twice", "invent", "no base64",
                                      "no data", "fine", "key FB", "bye"});
  std::vector<std::string> said;
  for (const auto& each : out) {
    said.push_back(each.result == R::kOk ? each.data : each.result == R::kDropped ? "-" : each.error_code);
  }
  EXPECT_THAT(said, ElementsAre("HELLO", "-", "Lambda.ProcessingFailedStatus", "Lambda.MissingRecordId",
                                "Lambda.DuplicatedRecordId", "invent", "Lambda.FunctionError",
                                "Lambda.InvalidReturnFormat", "Lambda.FunctionError", "key FB", "BYE"));
  EXPECT_EQ(out[9].partition_keys.at(0).second, "FB");
}

TEST_F(HandlerTest, AHandlerThatCrashesOnceIsRetriedInANewProcess) {
  int seen = 0;
  const auto out = Misbehave("crash", &seen);
  EXPECT_EQ(out.result, R::kOk) << out.error_message;
  EXPECT_EQ(out.attempts, 2);
  EXPECT_EQ(seen, 2);
}

TEST_F(HandlerTest, AHandlerThatRaisesIsRetriedInTheSameProcess) {
  int seen = 0;
  const auto out = Misbehave("always-raise", &seen);
  EXPECT_EQ(out.error_code, "Lambda.FunctionError");
  EXPECT_THAT(out.error_message, HasSubstr("KeyError: 'symbol'"));
  EXPECT_EQ(out.attempts, 4);
  EXPECT_EQ(seen, 1);
}

TEST_F(HandlerTest, AHandlerThatHangsIsKilledAndRetried) {
  int seen = 0;
  auto out = Misbehave("hang", &seen, {{"timeout_s", 5}});
  EXPECT_EQ(out.result, R::kOk) << out.error_message;
  EXPECT_EQ(out.attempts, 2);
  EXPECT_EQ(seen, 2);
  out = Misbehave("always-hang", &seen, {{"timeout_s", 1}, {"retries", 1}});
  EXPECT_EQ(out.error_code, "Lambda.FunctionTimedOut");
  EXPECT_EQ(out.attempts, 2);
}

TEST_F(HandlerTest, AnAnswerOfSevenMebibytesFails) {
  int seen = 0;
  const auto out = Misbehave("always-big", &seen, {{"retries", 1}});
  EXPECT_EQ(out.error_code, "Lambda.FunctionError");
  EXPECT_THAT(out.error_message, HasSubstr("exceeded maximum allowed payload size"));
}

TEST_F(HandlerTest, NoiseAndForksAreNoFailure) {
  int seen = 0;
  EXPECT_EQ(Misbehave("noise", &seen).result, R::kOk);
  EXPECT_EQ(Misbehave("fork", &seen).result, R::kOk);
}

TEST_F(HandlerTest, WhatCannotStartFailsEachRecordWithTheReason) {
  const auto transform = Make("no_such_module.handler", {{"retries", 0}});
  const auto out = Apply(*transform, {"a"});
  EXPECT_EQ(out[0].error_code, "Lambda.FunctionError");
  EXPECT_THAT(out[0].error_message, HasSubstr("No module named 'no_such_module'"));
}

TEST_F(HandlerTest, ASecretOfOursIsThereOnlyWhereItIsNamed) {
  options_.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "WORD" || name == "SECRET") return "open sesame";
    return ProcessEnvironment(name);
  };
  EXPECT_EQ(Apply(*Make("transforms.from_environment"), {"a"})[0].data, "none");
  const auto named =
      Make("transforms.from_environment",
           {{"environment", json::object{{"WORD", "<${SECRET}>"}, {"PYTHONDONTWRITEBYTECODE", "1"}}}});
  EXPECT_EQ(Apply(*named, {"a"})[0].data, "<open sesame>");
}

TEST_F(HandlerTest, BatchesGoToAsManyChildrenAsThereAre) {
  const auto transform = Make("transforms.by_word", {{"children", 3}, {"batch_kib", 1}});
  const std::vector<std::string> texts(60, std::string(900, 'a'));
  const auto out = Apply(*transform, texts);
  ASSERT_EQ(out.size(), 60u);
  for (const auto& each : out) EXPECT_EQ(each.data, std::string(900, 'A'));
}

}  // namespace
}  // namespace penstock::stream
