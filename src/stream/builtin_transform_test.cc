#include "stream/builtin_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/date.h"

namespace penstock::stream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using R = Transformed::Result;

class BuiltinTransformTest : public ::testing::Test {
 protected:
  std::unique_ptr<BuiltinTransform> Make(std::string_view specs) {
    const StepContext context{[](std::string_view name) -> std::optional<std::string> {
                                if (name == "SALT") return "pepper";
                                return std::nullopt;
                              },
                              clock_, random_};
    auto made = BuiltinTransform::Make(ParseJson(specs).ValueOrDie().as_array(), context);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return *std::move(made);
  }
  Transformed One(std::string_view specs, std::string_view data) {
    const TransformRecord record{"0", data, MakeDate(2020, 5, 14)};
    return Make(specs)->Apply(std::span(&record, 1), {}).ValueOrDie().at(0);
  }
  // The data that comes out; or "-" for dropped, "CODE: message" for failed.
  std::string Through(std::string_view specs, std::string_view data) {
    const auto out = One(specs, data);
    if (out.result == R::kDropped) return "-";
    return out.result == R::kOk ? out.data : out.error_code + ": " + out.error_message;
  }

  ManualClock clock_{MakeDate(2020, 5, 14)};
  Random random_{1};
};

TEST_F(BuiltinTransformTest, STREAM2_ANewlineIsAppendedWhereNoneIs) {
  constexpr auto kSpec = R"([{"append_newline":{}}])";
  EXPECT_EQ(Through(kSpec, "{}"), "{}\n");
  EXPECT_EQ(Through(kSpec, "{}\n"), "{}\n");
  EXPECT_EQ(Through(kSpec, ""), "\n");
  EXPECT_EQ(Through(kSpec, "\xff not JSON"), "\xff not JSON\n") << "bytes of any kind";
  EXPECT_EQ(Through(R"([{"project":["a"]}])", "{\"a\":1,\"b\":2}\n"), "{\"a\":1}\n") << "it stays";
  EXPECT_EQ(Through(R"([{"append_newline":{}},{"project":["a"]}])", "{\"a\":1}"), "{\"a\":1}\n");
}

TEST_F(BuiltinTransformTest, FieldsAreChosenAndRenamed) {
  const std::string_view record = R"({"name":"FB","high":1.5,"at":{"city":"NY","codes":["a","b"]},"x":null})";
  EXPECT_EQ(Through(R"([{"project":["high","name"]}])", record), R"({"high":1.5,"name":"FB"})");
  EXPECT_EQ(
      Through(R"([{"project":{"symbol":"name","city":"at.city","last":"at.codes[-1]","gone":"no.such"}}])",
              record),
      R"({"symbol":"FB","city":"NY","last":"b"})");
  EXPECT_EQ(Through(R"([{"project":["x"]}])", record), R"({"x":null})");
  EXPECT_EQ(Through(R"([{"rename":{"symbol":"name","z":"x"}}])", record),
            R"({"symbol":"FB","high":1.5,"at":{"city":"NY","codes":["a","b"]},"z":null})");
  EXPECT_EQ(Through(R"([{"rename":{"a":"b","b":"a"}}])", R"({"a":1,"b":2})"), R"({"b":1,"a":2})");
  EXPECT_THAT(Through(R"([{"rename":{"high":"name"}}])", record),
              HasSubstr("Transform.Rename: the record has a field 'high' already"));
}

TEST_F(BuiltinTransformTest, TypesAreCastWithoutLoss) {
  const auto cast = [&](std::string_view type, std::string_view value) {
    return Through(R"([{"cast":{"v":")" + std::string(type) + R"("}}])",
                   R"({"v":)" + std::string(value) + "}");
  };
  EXPECT_EQ(cast("int", R"(" 42 ")"), R"({"v":42})");
  EXPECT_EQ(cast("int", "42.0"), R"({"v":42})");
  EXPECT_EQ(cast("int", R"("-9223372036854775808")"), R"({"v":-9223372036854775808})");
  EXPECT_EQ(cast("int", "null"), R"({"v":null})");
  EXPECT_THAT(cast("int", "42.5"), HasSubstr("Transform.Cast: field v: not of type int: 42.5"));
  EXPECT_THAT(cast("int", R"("9223372036854775808")"), HasSubstr("not of type int"));
  EXPECT_THAT(cast("int", "true"), HasSubstr("not of type int"));
  EXPECT_THAT(cast("int", R"("")"), HasSubstr("not of type int"));
  EXPECT_EQ(cast("double", R"("1e3")"), R"({"v":1000.0})");
  EXPECT_EQ(cast("double", "7"), R"({"v":7.0})");
  EXPECT_THAT(cast("double", R"("nan")"), HasSubstr("not of type double"));
  EXPECT_EQ(cast("boolean", R"("True")"), R"({"v":true})");
  EXPECT_EQ(cast("boolean", "0"), R"({"v":false})");
  EXPECT_THAT(cast("boolean", R"("yes")"), HasSubstr("not of type boolean"));
  EXPECT_EQ(cast("string", "1.10"), R"({"v":"1.1"})");
  EXPECT_EQ(cast("string", R"({"a":[1]})"), R"({"v":"{\"a\":[1]}"})");
}

TEST_F(BuiltinTransformTest, AFilterKeepsWhatIsTrue) {
  constexpr auto kSpec = R"([{"filter":"high > 10 and name in ['FB', 'SQ']"}])";
  EXPECT_EQ(Through(kSpec, R"({"name":"FB","high":11})"), R"({"name":"FB","high":11})");
  EXPECT_EQ(Through(kSpec, R"({"name":"FB","high":9})"), "-");
  EXPECT_EQ(Through(R"([{"filter":"high > 10"}])", "{}"), "-") << "undefined is not true";
  EXPECT_THAT(Through(R"([{"filter":"high + 1"}])", R"({"high":1})"),
              HasSubstr("Transform.Filter: the expression high + 1 is neither true nor false, but 2"));
  EXPECT_THAT(Through(R"([{"filter":"high > 10"}])", R"({"high":"x"})"), HasSubstr("Transform.Filter: "));
}

TEST_F(BuiltinTransformTest, TimesOfAnyFormBecomeOne) {
  const auto timestamp = [&](std::string_view settings, std::string_view value) {
    return Through(R"([{"timestamp":{"field":"t",)" + std::string(settings) + "}}]",
                   R"({"t":)" + std::string(value) + "}");
  };
  EXPECT_EQ(timestamp(R"("from":"epoch_s")", "1589463000"), R"({"t":"2020-05-14T13:30:00.000Z"})");
  EXPECT_EQ(timestamp(R"("from":"epoch_ms","to":"sql")", R"("1589463000123")"),
            R"({"t":"2020-05-14 13:30:00.123"})");
  EXPECT_EQ(timestamp(R"("from":"epoch_us")", "1589463000123456"), R"({"t":"2020-05-14T13:30:00.123456Z"})");
  EXPECT_EQ(timestamp(R"("from":"iso","to":"epoch_s")", R"("2020-05-14T09:30:00-04:00")"),
            R"({"t":1589463000})");
  EXPECT_EQ(timestamp(R"("from":"iso","to":"epoch_s")", R"("2020-05-14T09:30:00.5-04:00")"),
            R"({"t":1589463000.5})");
  EXPECT_EQ(timestamp(R"("from":"%Y-%m-%d %H:%M:%S%Ez")", R"("2020-05-14 09:30:00-04:00")"),
            R"({"t":"2020-05-14T13:30:00.000Z"})");
  EXPECT_EQ(timestamp(R"("from":"%d.%m.%Y %H:%M","zone":"America/New_York")", R"("14.05.2020 09:30")"),
            R"({"t":"2020-05-14T13:30:00.000Z"})");
  EXPECT_EQ(timestamp(R"("from":"%Y%m%d %H:%M:%S","zone":"America/New_York")", R"("20201214 09:30:15")"),
            R"({"t":"2020-12-14T14:30:15.000Z"})")
      << "winter";
  EXPECT_EQ(timestamp(R"("from":"epoch_s","into":"at")", "0"), R"({"t":0,"at":"1970-01-01T00:00:00.000Z"})");
  EXPECT_EQ(timestamp(R"("from":"epoch_s")", "null"), R"({"t":null})");
  EXPECT_THAT(timestamp(R"("from":"epoch_s")", R"("soon")"),
              HasSubstr("Transform.Timestamp: field t: not a time in the form epoch_s: \"soon\""));
  EXPECT_THAT(timestamp(R"("from":"epoch_s")", "1e300"), HasSubstr("not a time"));
  EXPECT_THAT(timestamp(R"("from":"epoch_s")", "1589463000000"), HasSubstr("not a time")) << "milliseconds";
  EXPECT_THAT(timestamp(R"("from":"%Y-%m-%d")", R"("2020-02-30")"), HasSubstr("not a time"));
  EXPECT_THAT(timestamp(R"("from":"%Y-%m-%d")", R"("2020-02-03 and more")"), HasSubstr("not a time"));
}

TEST_F(BuiltinTransformTest, FieldsAreRedacted) {
  const std::string_view record = R"({"email":"a@b.c","user":{"ip":"1.2.3.4","id":7},"note":null})";
  EXPECT_EQ(Through(R"([{"redact":{"fields":["email","user.ip","note","gone"]}}])", record),
            R"({"email":"***","user":{"ip":"***","id":7},"note":null})");
  EXPECT_EQ(Through(R"([{"redact":{"fields":["email","user.ip"],"how":"remove"}}])", record),
            R"({"user":{"id":7},"note":null})");
  const std::string hashed = Through(
      R"([{"redact":{"fields":["email"],"how":"hash","key_env":"SALT"}},{"project":["email"]}])", record);
  EXPECT_EQ(hashed.size(), std::string(R"({"email":""})").size() + 64);
  EXPECT_EQ(
      hashed,
      Through(R"([{"redact":{"fields":["email"],"how":"hash","key_env":"SALT"}},{"project":["email"]}])",
              record));
}

TEST_F(BuiltinTransformTest, StepsFollowEachOther) {
  EXPECT_EQ(Through(R"([{"rename":{"symbol":"name"}},{"cast":{"high":"double"}},{"filter":"high > 200"},
                        {"project":["symbol","high"]},{"append_newline":{}}])",
                    R"({"name":"FB","high":"206.93","low":"1"})"),
            "{\"symbol\":\"FB\",\"high\":206.93}\n");
}

TEST_F(BuiltinTransformTest, WhatIsNoObjectFailsAndNothingElseWithIt) {
  const auto transform = Make(R"([{"project":["a"]}])");
  const std::vector<TransformRecord> records{
      {"0", R"({"a":1})", {}}, {"1", "[1]", {}}, {"2", "{", {}}, {"3", R"({"a":2})", {}}};
  const auto out = transform->Apply(records, {}).ValueOrDie();
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0].data, R"({"a":1})");
  EXPECT_EQ(out[1].error_code, "Transform.InvalidJson");
  EXPECT_THAT(out[1].error_message, HasSubstr("not a JSON object, but a list"));
  EXPECT_EQ(out[2].error_code, "Transform.InvalidJson");
  EXPECT_EQ(out[3].data, R"({"a":2})");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(transform->Apply(records, stop.get_token()).status()), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace penstock::stream
