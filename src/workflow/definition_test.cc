#include "workflow/definition.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "workflow/intrinsic.h"
#include "workflow/retry_catch.h"
#include "workflow/timestamp.h"

namespace penstock::workflow {
namespace {

const Diagnostic* At(const std::vector<Diagnostic>& faults, std::string_view pointer) {
  const auto found =
      std::find_if(faults.begin(), faults.end(), [&](const Diagnostic& d) { return d.pointer == pointer; });
  return found == faults.end() ? nullptr : &*found;
}

TEST(Definition, ReportsEveryFaultWithPointerAndLine) {
  const auto faults = Validate(R"({
  "StartAt": "Nowhere",
  "States": {
    "A": {
      "Type": "Task",
      "Next": "B",
      "InputPath": "x",
      "Retry": [
        {"ErrorEquals": ["E"], "BackoffRate": 0}
      ]
    },
    "M/1": {"Type": "Map", "End": true,
      "ItemProcessor": {"StartAt": "I", "States": {
        "I": {"Type": "Wait", "End": true}}}},
    "A": {"Type": "Pass"}
  }
})");
  ASSERT_NE(At(faults, "/StartAt"), nullptr);
  EXPECT_EQ(At(faults, "/StartAt")->line, 2);
  EXPECT_EQ(At(faults, "/StartAt")->code, "MISSING_TRANSITION_TARGET");
  ASSERT_NE(At(faults, "/States/M~11/ItemProcessor/States/I"), nullptr);
  EXPECT_EQ(At(faults, "/States/M~11/ItemProcessor/States/I")->line, 14);
  EXPECT_NE(At(faults, "/States/A"), nullptr) << "a duplicate";
}

TEST(Definition, TakesFaultsOfTheSameStateTogether) {
  const auto faults = Validate(R"({"StartAt":"A","States":{"A":{"Type":"Task","Next":"B","InputPath":"x",
    "Retry":[{"ErrorEquals":["E"],"BackoffRate":0}],"Catch":[{"ErrorEquals":[],"Next":"A"}],"Extra":1}}})");
  for (const char* pointer : {"/States/A", "/States/A/Next", "/States/A/InputPath",
                              "/States/A/Retry/0/BackoffRate", "/States/A/Catch/0", "/States/A/Extra"}) {
    EXPECT_NE(At(faults, pointer), nullptr) << pointer;
  }
  ASSERT_NE(At(faults, ""), nullptr);
  EXPECT_EQ(At(faults, "")->code, "MISSING_END_STATE");
  EXPECT_EQ(faults.size(), 7u);
}

TEST(Definition, RefusesTextsThatAreNoDocuments) {
  const std::string deep = std::string(101, '[') + std::string(101, ']');
  const std::string huge(10 * 1024 * 1024, ' ');
  for (const std::string& text : {std::string(), std::string("{"), deep, huge, std::string("\xff\xfe{}"),
                                  std::string("[]"), std::string("null")}) {
    EXPECT_FALSE(Validate(text).empty()) << text.substr(0, 20);
    EXPECT_EQ(CodeOf(ParseDefinition(text).status()), ErrorCode::kConfiguration) << text.substr(0, 20);
  }
  EXPECT_EQ(Validate("{\n\n  \"a\": }")[0].line, 3);
}

TEST(Definition, KnowsWhichMachinesNeedNoThreads) {
  const auto definition = ParseDefinition(R"({"StartAt":"M","States":{
    "M":{"Type":"Map","Next":"N","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}},
    "N":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"t","End":true}}}}}})");
  ASSERT_TRUE(definition.ok()) << definition.status().ToString();
  const auto& states = (*definition)->machine.states;
  EXPECT_TRUE(states[0].processor->pure);
  EXPECT_FALSE(states[1].processor->pure);
  EXPECT_FALSE((*definition)->machine.pure);
  EXPECT_EQ((*definition)->hash.size(), 64u);
}

TEST(Intrinsic, RefusesBadSyntax) {
  for (const char* text :
       {"States.Format(", "States.Format('a'", "States.Format('a',)", "States.Nope()", "States.UUID() x",
        "States.Format('a)", "States.MathAdd(1)", "States.MathAdd(1, x)", "States.Array($.a b)"}) {
    EXPECT_EQ(CodeOf(ParseIntrinsic(text).status()), ErrorCode::kInvalidData) << text;
  }
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "States.Array(";
  EXPECT_FALSE(ParseIntrinsic(deep + std::string(60, ')')).ok());
}

TEST(Intrinsic, FailsByNameOnBadArguments) {
  const json::value input = *ParseJson(R"({"l":[1,2],"s":"x","o":{}})");
  Random random(1);
  const Scope scope{&input, nullptr, &random};
  for (const char* text :
       {"States.ArrayGetItem($.l, 2)", "States.ArrayGetItem($.l, -1)", "States.ArrayPartition($.l, 0)",
        "States.ArrayLength($.s)", "States.ArrayRange(0, 9, 0)", "States.ArrayRange(0, 1000, 1)",
        "States.Base64Decode('%')", "States.Hash('a', 'CRC')", "States.JsonMerge($.o, $.o, true)",
        "States.StringToJson('{')", "States.MathAdd($.s, 1)", "States.Format('{}')", "States.Format('', 1)",
        "States.MathAdd(9223372036854775807, 1)", "States.MathRandom(2, 1)"}) {
    const auto call = ParseIntrinsic(text);
    ASSERT_TRUE(call.ok()) << text << call.status().ToString();
    EXPECT_EQ(TaskErrorOf(EvaluateIntrinsic(*call, scope).status()).error, "States.IntrinsicFailure") << text;
  }
}

TEST(Retry, DelaysGrowToTheirLimit) {
  Random random(1);
  const std::vector<Retrier> retriers{{{"E"}, 2, 5, 3.0, 20.0, false}};
  RetryState state(retriers);
  std::vector<int64_t> seconds;
  while (const auto delay = state.Next("E", random)) seconds.push_back(delay->count() / 1'000'000);
  EXPECT_EQ(seconds, (std::vector<int64_t>{2, 6, 18, 20, 20}));
  EXPECT_FALSE(state.Next("F", random));
}

TEST(Retry, FullJitterStaysBelowTheDelay) {
  Random random(7);
  const std::vector<Retrier> retriers{{{"E"}, 10, 200, 1.0, std::nullopt, true}};
  RetryState state(retriers);
  int64_t low = INT64_MAX, high = 0;
  while (const auto delay = state.Next("E", random)) {
    low = std::min(low, delay->count());
    high = std::max(high, delay->count());
  }
  EXPECT_LT(low, 2'000'000);
  EXPECT_GT(high, 8'000'000);
  EXPECT_LE(high, 10'000'000);
}

TEST(Retry, HugeBackoffDoesNotOverflow) {
  Random random(1);
  const std::vector<Retrier> retriers{{{"E"}, 99'999'999, 100, 1000.0, std::nullopt, false}};
  RetryState state(retriers);
  for (int i = 0; i < 100; ++i) {
    const auto delay = state.Next("E", random);
    ASSERT_TRUE(delay);
    EXPECT_GT(delay->count(), 0);
  }
}

TEST(Timestamp, OnlyRealOnes) {
  for (const char* text :
       {"2024-02-29T23:59:59Z", "2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00+05:30"}) {
    EXPECT_TRUE(ParseAslTimestamp(text).ok()) << text;
  }
  for (const char* text :
       {"", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-13-01T00:00:00Z",
        "2023-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01t00:00:00Z", "24-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseAslTimestamp(text).ok()) << text;
  }
}

}  // namespace
}  // namespace penstock::workflow
