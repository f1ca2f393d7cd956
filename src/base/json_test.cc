#include "base/json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace penstock {
namespace {

TEST(Json, RoundTripKeepsTheOrderOfKeys) {
  const std::string text =
      R"({"z":1,"a":[true,null,-2.5,"\u00e9\n"],"m":{"y":18446744073709551615,"b":-9223372036854775808}})";
  const auto value = ParseJson(text);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(ToJson(*value).substr(0, 12), R"({"z":1,"a":[)");
  EXPECT_EQ(*ParseJson(ToJson(*value)), *value);
  EXPECT_EQ(*ParseJson(ToPrettyJson(*value)), *value);
  EXPECT_EQ(ToPrettyJson(*ParseJson(R"({"b":[],"a":{"x":[1,2]}})")),
            "{\n  \"b\": [],\n  \"a\": {\n    \"x\": [\n      1,\n      2\n    ]\n  }\n}\n");
}

struct Wrong {
  std::string text;
  const char* where;
};

TEST(Json, ErrorsNameLineAndColumn) {
  const Wrong wrong[] = {
      {"{\"a\": 1,\n \"b\": x}", "line 2 column 7"},
      {"[1,\n2,\n,3]", "line 3 column 1"},
      {"x", "line 1 column 1"},
      {"{} {}", "line 1 column 4"},
      {"{}\n\n  x", "line 3 column 3"},
      {"", "line 1 column 1"},
      {"[1, 2", "line 1 column 6"},
      {"\"\xff\"", "line 1 column 2"},
      {"{\"a\":1,}", "line 1 column 8"},
      {"[01]", "line 1 column 3"},
      {"\xef\xbb\xbf{}", "line 1 column 1"},
      {"NaN", "line 1 column 1"},
  };
  for (const auto& [text, where] : wrong) {
    const auto value = ParseJson(text);
    EXPECT_EQ(CodeOf(value.status()), ErrorCode::kInvalidData) << text;
    EXPECT_NE(value.status().message().find(where), std::string::npos) << text << ": " << value.status();
  }
}

TEST(Json, AtMost100LevelsDeep) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParseJson(nested(100)).ok());
  EXPECT_EQ(CodeOf(ParseJson(nested(101)).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(ParseJson(std::string(1'000'000, '[')).status()), ErrorCode::kInvalidData);
}

TEST(Json, WhitespaceAroundIsFine) { EXPECT_TRUE(ParseJson(" \r\n\t{\"a\" : 1}\n \n").ok()); }

TEST(Json, Members) {
  const json::value value =
      *ParseJson(R"({"s":"x","i":-7,"u":9223372036854775807,"big":18446744073709551615,"d":1.0,"n":null})");
  EXPECT_EQ(*GetString(value, "s"), "x");
  EXPECT_EQ(*GetInt(value, "i"), -7);
  EXPECT_EQ(*GetInt(value, "u"), INT64_MAX);
  EXPECT_EQ(*GetStringOr(value, "none", "fallback"), "fallback");
  EXPECT_EQ(*GetIntOr(value, "none", 5), 5);
  EXPECT_EQ(*GetIntOr(value, "i", 5), -7);
  for (const char* key : {"big", "d", "n", "s", "none"}) {
    const Status status = GetInt(value, key).status();
    EXPECT_EQ(CodeOf(status), ErrorCode::kInvalidData) << key;
    EXPECT_NE(status.message().find(key), std::string::npos);
  }
  EXPECT_EQ(CodeOf(GetString(value, "i").status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(GetStringOr(value, "n", "x").status()), ErrorCode::kInvalidData) << "null is not absent";
  EXPECT_EQ(CodeOf(GetString(*ParseJson("[1]"), "s").status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(GetIntOr(*ParseJson("3"), "s", 1).status()), ErrorCode::kInvalidData);
}

// Found by comparison with strtod: Boost.JSON 1.81 alone reads each of these one digit off.
TEST(Json, EveryDoubleIsTheNearest) {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const double wanted =
        std::ldexp(static_cast<double>(random.Next()), static_cast<int>(random.Uniform(-200, 100)));
    const std::string text = fmt::format("{:.17g}", wanted);
    const auto value = ParseJson("[" + text + "]");
    ASSERT_TRUE(value.ok()) << text;
    ASSERT_EQ(value->get_array()[0].to_number<double>(), wanted) << text;
  }
}

TEST(Json, NumbersBeyondDoublesAndIntegers) {
  EXPECT_EQ(ParseJson("[18446744073709551615]")->get_array()[0].get_uint64(), UINT64_MAX);
  EXPECT_EQ(ParseJson("[18446744073709551616]")->get_array()[0].get_double(), 18446744073709551616.0);
  EXPECT_EQ(ParseJson("[-9223372036854775808]")->get_array()[0].get_int64(), INT64_MIN);
  EXPECT_EQ(ParseJson("[1e-400]")->get_array()[0].get_double(), 0.0);
}

}  // namespace
}  // namespace penstock
