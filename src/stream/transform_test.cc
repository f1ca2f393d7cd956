#include "stream/transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"

namespace penstock::stream {
namespace {

using ::testing::HasSubstr;

// A list stands for the built-in ones.
Result<TransformSpec> Read(std::string_view text) {
  json::value value = ParseJson(text).ValueOrDie();
  if (value.is_array()) value = json::object{{"built_in", value}};
  return ReadTransformSpec(value);
}

TEST(TransformSpec, IsAListOfBuiltInOnesOrAHandler) {
  EXPECT_EQ(JsonText(Read(R"(["append_newline", {"filter":"high > 1"}])").ValueOrDie().built_in),
            R"([{"append_newline":{}},{"filter":"high > 1"}])");
  const auto handler =
      Read(R"({"command":["python3","-m","awslambdaric","app.handler"],"children":2})").ValueOrDie();
  EXPECT_TRUE(handler.handler);
  EXPECT_TRUE(handler.built_in.empty());
  EXPECT_TRUE(Read("[]").ValueOrDie().empty());
}

// Each with the place and what to do.
TEST(TransformSpec, MistakesAreNamedWithTheirPlace) {
  const auto refused = [](std::string_view text, const std::string& why) {
    const auto read = Read(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(CodeOf(read.status()), ErrorCode::kConfiguration) << text;
    EXPECT_THAT(Describe(read.status()), HasSubstr(why)) << text;
  };
  refused(
      "7",
      "transform: expected {built_in: [NAME: SETTINGS, …]}, or a handler as {command: [PROGRAM, …]}, got 7");
  refused(R"([{"fliter":"a"}])",
          "transform.built_in[0]: no built-in transform 'fliter' (did you mean filter?)");
  refused(R"([{"cast":{}, "filter":"a"}])",
          "transform.built_in[0]: expected one transform, as NAME: SETTINGS, got 2 names");
  refused(R"([{"append_newline":{"twice":true}}])",
          "transform.built_in[0].append_newline: it has no settings");
  refused(R"(["append_newline",{"filter":"high > "}])",
          "transform.built_in[1].filter: not a JSONata expression");
  refused(R"([{"filter":5}])", "expected a JSONata expression, such as \"high > 10\", got 5");
  refused(R"([{"cast":{"high":"dubble"}}])",
          "transform.built_in[0].cast.high: expected one of string, int, double, boolean, got dubble (did "
          "you mean "
          "double?)");
  refused(R"([{"cast":{"a b":"int"}}])", "not the path of a field: 'a b'");
  refused(R"([{"cast":[]}])", "transform.built_in[0].cast: expected {FIELD: TYPE, …}, got a list");
  refused(R"([{"project":[]}])",
          "transform.built_in[0].project: expected fields, as [name, high] or {NEW: name, …}");
  refused(R"([{"project":["a","b.a"]}])", "two fields of the name 'a'");
  refused(R"([{"project":["a[0]"]}])", "a place in a list has no name; write NAME: a[0]");
  refused(R"([{"rename":{"a":"x","b":"x"}}])", "'x' is renamed twice");
  refused(R"([{"redact":{"fields":[]}}])", "transform.built_in[0].redact.fields: expected a list of texts");
  refused(R"([{"redact":{"fields":["a"],"how":"hash"}}])",
          "transform.built_in[0].redact.key_env: expected the name");
  refused(R"([{"redact":{"fields":["a"],"hw":"mask"}}])",
          "transform.built_in[0].redact.hw: no such setting (did you mean how?)");
  refused(R"([{"timestamp":{"field":"t","from":"seconds"}}])",
          "expected iso, epoch_s, epoch_ms, epoch_us or a pattern");
  refused(R"([{"timestamp":{"field":"t","from":"%Y","zone":"Europe/Londn"}}])",
          "transform.built_in[0].timestamp.zone");
  refused(R"([{"timestamp":{"field":"t","zone":"Europe/London"}}])", "times in the form iso have their own");
  refused(R"([{"command":["a"]}])", "transform.built_in[0]: no built-in transform 'command'");
  refused(R"({"built_in":[],"other":1})", "expected {built_in:");
  refused(R"({"command":[]})", "transform.command: expected a list of texts, got a list");
  refused(R"({"command":["a"],"timeout_s":0})",
          "transform.timeout_s: expected a whole number from 1 to 900, got 0");
  refused(R"({"command":["a"],"memory":5})", "transform.memory: no such setting");
}

TEST(MakeTransform, WhatTheMachineLacksIsSaidWhenItIsMade) {
  SystemClock clock;
  Random random(1);
  const auto make = [&](std::string_view text) {
    StreamSpec spec;
    spec.name = "s";
    spec.folder = PENSTOCK_SOURCE_DIR;
    spec.transform = Read(text).ValueOrDie();
    TransformOptions options;
    options.environment = [](std::string_view) { return std::nullopt; };
    return MakeTransform(spec, options, clock, random, Logger()).status();
  };
  EXPECT_TRUE(make("[]").ok());
  EXPECT_THAT(Describe(make(R"({"command":["no-such-program"]})")),
              HasSubstr("no program 'no-such-program' on the PATH"));
  EXPECT_THAT(Describe(make(R"({"command":["sh"],"folder":"nowhere"})")), HasSubstr("no such folder"));
  EXPECT_THAT(Describe(make(R"({"command":["sh"],"environment":{"KEY":"${FMP_API_KEY}"}})")),
              HasSubstr("transform.environment.KEY: the environment variable FMP_API_KEY is not set"));
  EXPECT_THAT(Describe(make(R"([{"redact":{"fields":["a"],"how":"hash","key_env":"SALT"}}])")),
              HasSubstr("the environment variable SALT is not set"));
}

}  // namespace
}  // namespace penstock::stream
