// What Validate says beyond the schema: transitions, limits, resources, paths that are not evaluated, and
// texts that mean harm (US-3; bad input).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "workflow/definition.h"
#include "workflow/definition_diagnostics.h"

namespace penstock::workflow {
namespace {

const Diagnostic* With(const std::vector<Diagnostic>& found, std::string_view code,
                       std::string_view pointer) {
  const auto at = std::find_if(found.begin(), found.end(), [&](const Diagnostic& one) {
    return one.code == code && one.pointer == pointer;
  });
  return at == found.end() ? nullptr : &*at;
}

bool IsFine(const std::string& text) {
  const bool refused = !ParseDefinition(text).ok();
  for (const auto& one : Validate(text)) {
    if (one.severity == Severity::kError) return false;
  }
  EXPECT_FALSE(refused) << text;
  return true;
}

// A machine of one state, which ends.
std::string One(const std::string& state) { return R"({"StartAt":"A","States":{"A":)" + state + "}}"; }

TEST(Validation, AWarningIsNoReasonToRefuse) {
  const std::string text = One(R"({"Type":"Pass","End":true,"Result":"$.a"})");
  const auto found = Validate(text);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "PASS_RESULT_IS_STATIC");
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_FALSE(found[0].fix.empty());
  EXPECT_TRUE(IsFine(text));
}

TEST(Validation, NamesLineAndColumn) {
  const auto found = Validate(
      "{\n  \"StartAt\": \"A\",\n  \"States\": {\"A\": {\"Type\": \"Succeed\"},\n\t \"B\": {\"Type\": "
      "\"Succeed\"}}\n}");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 4);
  EXPECT_EQ(found[0].column, 3);
  EXPECT_EQ(found[0].location, "/States/B");
}

TEST(Validation, FindsALoopThatIsNeverLeft) {
  const auto found = Validate(R"({"StartAt":"C","States":{
    "C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"Done"}],"Default":"P"},
    "Done":{"Type":"Succeed"},"P":{"Type":"Pass","Next":"Q"},"Q":{"Type":"Pass","Next":"R"},
    "R":{"Type":"Pass","Next":"Q"}}})");
  ASSERT_EQ(found.size(), 1u);
  const auto* loop = With(found, "LOOP_WITHOUT_EXIT", "/States/Q");
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->severity, Severity::kWarning);
  EXPECT_NE(loop->message.find("Q → R → Q"), std::string::npos) << loop->message;
}

TEST(Validation, ALoopThatAChoiceLeavesIsFine) {
  EXPECT_TRUE(Validate(R"({"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"Next":"C"},
    "C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"Done"}],"Default":"W"},
    "Done":{"Type":"Succeed"}}})")
                  .empty());
}

TEST(Validation, ATaskThatCallsItselfForeverIsLeftByAFailureOnly) {
  const auto found = Validate(R"({"StartAt":"C","States":{
    "C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"Done"}],"Default":"T"},
    "Done":{"Type":"Succeed"},
    "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"T"}}})");
  ASSERT_NE(With(found, "LOOP_WITHOUT_EXIT", "/States/T"), nullptr);
}

TEST(Validation, NamesThatAreThereTwiceAnywhere) {
  const auto found = Validate(One(R"({"Type":"Parallel","End":true,"Branches":[
    {"StartAt":"B","States":{"B":{"Type":"Succeed"}}},{"StartAt":"B","States":{"B":{"Type":"Succeed"}}}]})"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(With(found, "DUPLICATE_STATE_NAME", "/States/A/Branches/1/States/B"), nullptr);
}

TEST(Validation, LimitsOfAnInlineMap) {
  const auto map = [](const std::string& fields, const std::string& inner) {
    return Validate(One(R"({"Type":"Map","End":true,)" + fields +
                        R"("ItemProcessor":{"StartAt":"I","States":{"I":)" + inner + "}}}"));
  };
  const std::string pass = R"({"Type":"Pass","End":true})";
  auto found = map(R"("MaxConcurrency":41,)", pass);
  const auto* concurrency = With(found, "LIMIT_MAP_CONCURRENCY", "/States/A/MaxConcurrency");
  ASSERT_NE(concurrency, nullptr);
  EXPECT_NE(concurrency->fix.find("DISTRIBUTED"), std::string::npos);
  EXPECT_EQ(With(map(R"("MaxConcurrency":40,)", pass), "LIMIT_MAP_CONCURRENCY", "/States/A/MaxConcurrency"),
            nullptr);
  // Started, succeeded, and entered, left: 6,250 items. A Task adds three events.
  found = map("", pass);
  ASSERT_NE(With(found, "LIMIT_HISTORY_EVENTS", "/States/A"), nullptr);
  EXPECT_NE(found[0].message.find("6250"), std::string::npos) << found[0].message;
  found = map("", R"({"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true})");
  EXPECT_NE(found[0].message.find("3571"), std::string::npos) << found[0].message;
}

TEST(Validation, PayloadsAndTimesThatAreTooLong) {
  const std::string big(262'144, 'x');
  EXPECT_NE(With(Validate(One(R"({"Type":"Pass","End":true,"Result":{"a":")" + big + "\"}}")),
                 "LIMIT_PAYLOAD", "/States/A/Result"),
            nullptr);
  EXPECT_TRUE(Validate(One(R"({"Type":"Pass","End":true,"Result":{"a":")" + big.substr(0, 262'000) + "\"}}"))
                  .empty());
  EXPECT_NE(With(Validate(One(R"({"Type":"Wait","Seconds":31536001,"End":true})")), "LIMIT_DURATION",
                 "/States/A/Seconds"),
            nullptr);
}

TEST(Validation, NamesHaveEightyCharacters) {
  const auto named = [](const std::string& name) {
    return Validate(R"({"StartAt":")" + name + R"(","States":{")" + name + R"(":{"Type":"Succeed"}}})");
  };
  std::string wide;
  for (int i = 0; i < 80; ++i) wide += "ü";
  EXPECT_TRUE(named(wide).empty());
  EXPECT_NE(With(named(std::string(81, 'a')), "INVALID_STATE_NAME", "/States/" + std::string(81, 'a')),
            nullptr);
}

TEST(Validation, Resources) {
  const auto task = [](const std::string& resource, MachineType type = MachineType::kStandard) {
    return Validate(One(R"({"Type":"Task","End":true,"Resource":")" + resource + "\"}"), type);
  };
  for (const char* fine :
       {"arn:aws:states:::lambda:invoke", "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "arn:aws:states:::athena:startQueryExecution.sync", "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::aws-sdk:s3:getObject", "arn:aws:states:::aws-sdk:s3:listObjectsV2",
        "arn:aws:states:::aws-sdk:s3:headObject", "arn:aws:states:::aws-sdk:s3:deleteObject",
        "arn:aws:states:::sns:publish", "arn:aws:lambda:us-east-1:111111111111:function:f",
        "${FetchFunctionArn}", "arn:aws:states:::http:invoke"}) {
    EXPECT_TRUE(task(fine).empty()) << fine;
  }
  auto found = task("arn:aws:states:::lambda:invok");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::kError);
  EXPECT_EQ(found[0].fix, "did you mean invoke?");
  EXPECT_EQ(task("arn:aws:states:::lamda:invoke")[0].fix, "did you mean lambda?");
  for (const auto& [resource, code] : {std::pair("fetch", "RESOURCE_NOT_AN_ARN"),
                                       {"arn:aws:states:::dynamodb:putItem", "RESOURCE_NOT_HERE"},
                                       {"arn:aws:states:::athena:getQueryExecution", "RESOURCE_NOT_HERE"},
                                       {"arn:aws:states:::athena:stopQueryExecution", "RESOURCE_NOT_HERE"},
                                       {"arn:aws:states:::aws-sdk:s3:copyObject", "RESOURCE_NOT_HERE"},
                                       {"arn:aws:states:::aws-sdk:ec2:runInstances", "RESOURCE_NOT_HERE"},
                                       {"arn:aws:states:us-east-1:1:activity:a", "RESOURCE_NOT_HERE"}}) {
    found = task(resource);
    ASSERT_EQ(found.size(), 1u) << resource;
    EXPECT_EQ(found[0].code, code) << resource;
    EXPECT_EQ(found[0].severity, Severity::kWarning) << resource;
  }
  EXPECT_EQ(
      InvalidDefinitionMessage(task("arn:aws:states:::states:startExecution.sync", MachineType::kExpress)),
      "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support "
      "'.sync' service integration at /States/A/Resource'");
}

TEST(Validation, PathsThatNothingEvaluates) {
  auto found = Validate(One(R"x({"Type":"Pass","End":true,"Parameters":{"a":"$.b","c":{"d":"States.UUID()"},
    "ok.$":"$.b","money":"$5"}})x"));
  EXPECT_NE(With(found, "NO_DOLLAR", "/States/A/Parameters/a"), nullptr);
  EXPECT_NE(With(found, "NO_DOLLAR", "/States/A/Parameters/c/d"), nullptr);
  EXPECT_EQ(found.size(), 2u);
  found =
      Validate(R"({"StartAt":"C","States":{"Done":{"Type":"Succeed"},"C":{"Type":"Choice","Default":"Done",
    "Choices":[{"And":[{"Variable":"$.a","StringEquals":"$.b"}],"Next":"Done"}]}}})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(With(found, "NO_PATH", "/States/C/Choices/0/And/0/StringEquals"), nullptr);
}

TEST(Validation, SuggestsWhatWasMeant) {
  auto found = Validate(One(R"({"Type":"Task","Resorce":"arn:aws:states:::lambda:invoke","End":true})"));
  ASSERT_NE(With(found, "SCHEMA_VALIDATION_FAILED", "/States/A/Resorce"), nullptr);
  EXPECT_EQ(With(found, "SCHEMA_VALIDATION_FAILED", "/States/A/Resorce")->fix, "did you mean Resource?");
  found = Validate(R"({"StartAt":"Fetch","States":{"Fetch":{"Type":"Pass","Next":"Publsh"},
    "Publish":{"Type":"Succeed"}}})");
  ASSERT_NE(With(found, "MISSING_TRANSITION_TARGET", "/States/Fetch/Next"), nullptr);
  EXPECT_EQ(With(found, "MISSING_TRANSITION_TARGET", "/States/Fetch/Next")->fix, "did you mean Publish?");
}

TEST(Validation, RulesPathsFunctionsAndErrorNames) {
  const auto found = Validate(R"x({"StartAt":"C","States":{
    "C":{"Type":"Choice","Default":"T","Choices":[{"Variable":"$.a","NumericEquals":"1","Next":"T"},
      {"Variable":"a","StringEquals":"x","Next":"T"}]},
    "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"ResultPath":"$.a[*]",
      "Parameters":{"x.$":"States.Fromat('{}', $.a)"},
      "Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["E"]}]}}})x");
  for (const char* pointer :
       {"/States/C/Choices/0/NumericEquals", "/States/C/Choices/1/Variable", "/States/T/ResultPath",
        "/States/T/Parameters/x.$", "/States/T/Retry/0/ErrorEquals"})
    EXPECT_NE(With(found, "SCHEMA_VALIDATION_FAILED", pointer), nullptr) << pointer;
  EXPECT_EQ(found.size(), 5u);
}

TEST(Validation, DuplicateKeysAtTheirSecondPlace) {
  const auto found = Validate(
      "{\"StartAt\":\"A\",\n\"States\":{\"A\":{\"Type\":\"Succeed\"},\n\"A\":{\"Type\":\"Succeed\"}}}");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].pointer, "/States/A");
  EXPECT_EQ(found[0].line, 3);
  EXPECT_NE(found[0].fix.find("line 2"), std::string::npos);
}

TEST(HostileDefinition, IsAnsweredAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  // 10 MB, and 100,000 states: refused for their size.
  std::string states;
  for (int i = 0; i < 100'000; ++i)
    states += fmt::format(R"("s{}":{{"Type":"Pass","Next":"s{}"}},)", i, i + 1);
  const std::string many = R"({"StartAt":"s0","States":{)" + states + R"("s100000":{"Type":"Succeed"}}})";
  for (const std::string& text : {std::string(10 * 1024 * 1024, '['), many}) {
    ASSERT_EQ(Validate(text).size(), 1u);
    EXPECT_FALSE(IsFine(text));
  }
  // As many states as fit: a chain without end, and names that are all nearly right.
  std::string chain, typos;
  for (int i = 0; i < 25'000; ++i) {
    chain += fmt::format(R"("s{}":{{"Type":"Pass","Next":"s{}"}},)", i, i + 1);
    if (i < 2'000) typos += fmt::format(R"("s{}":{{"Type":"Pass","Nxt":"t{}"}},)", i, i);
  }
  EXPECT_TRUE(IsFine(R"({"StartAt":"s0","States":{)" + chain + R"("s25000":{"Type":"Succeed"}}})"));
  EXPECT_EQ(
      Validate(R"({"StartAt":"s0","States":{)" + chain + R"("s25000":{"Type":"Pass","Next":"s0"}}})")[0].code,
      "MISSING_END_STATE");
  EXPECT_GT(Validate(R"({"StartAt":"s0","States":{)" + typos + R"("e":{"Type":"Succeed"}}})").size(), 4'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(HostileDefinition, DeepOnes) {
  // Maps in Maps: the JSON ends at 100 levels, before the stack does.
  const auto nested = [](int levels) {
    std::string text = R"({"StartAt":"s","States":{"s":{"Type":"Succeed"}}})";
    for (int i = 0; i < levels; ++i)
      text = fmt::format(
          R"({{"StartAt":"m{0}","States":{{"m{0}":{{"Type":"Map","End":true,"ItemProcessor":{1}}}}}}})", i,
          text);
    return text;
  };
  EXPECT_TRUE(IsFine(nested(20)));
  EXPECT_EQ(Validate(nested(40)).size(), 1u);
  EXPECT_EQ(Validate(nested(40))[0].code, "INVALID_JSON_DESCRIPTION");
  std::string rule = R"({"Variable":"$.a","IsNull":true})";
  for (int i = 0; i < 200; ++i) rule = "{\"Not\":" + rule + "}";
  EXPECT_FALSE(IsFine(One(R"({"Type":"Choice","Choices":[)" + rule + "]}")));
}

TEST(HostileDefinition, StatesThatNameThemselves) {
  EXPECT_EQ(Validate(One(R"({"Type":"Pass","Next":"A"})"))[0].code, "MISSING_END_STATE");
  const auto found = Validate(One(R"({"Type":"Choice","Default":"A","Choices":[
    {"Variable":"$.a","IsNull":true,"Next":"A"}]})"));
  EXPECT_EQ(found[0].code, "MISSING_END_STATE");
}

}  // namespace
}  // namespace penstock::workflow
