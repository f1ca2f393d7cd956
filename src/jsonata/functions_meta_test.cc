#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(ControlFunctions, TruthAndTypes) {
  EXPECT_EQ(Answer("[[], [0], [0, 1], {}, '', 'a', null, 0].$type($)"),
            R"(["array","array","array","object","string","string","null","number"])");
  EXPECT_EQ(Answer("[$boolean([0, 1]), $boolean([0]), $boolean({}), $boolean('a'), $not(0)]"),
            "[true,false,false,true,true]");
  EXPECT_EQ(Answer("$boolean(nothing)"), "undefined");
  EXPECT_EQ(Answer("[$exists(nothing), $exists(null)]"), "[false,true]");
  EXPECT_EQ(Answer("$type($sum)"), R"("function")");
}

TEST(ControlFunctions, FailOnPurpose) {
  const auto message = [](std::string_view text) {
    ManualClock clock{TimePoint()};
    Random random(1);
    const auto answer = Expression::Compile(text)->Evaluate(json::value(), {}, {clock, random, {}});
    const auto fault = FaultOf(answer.status());
    return fault ? fault->code + ": " + fault->message : "no fault";
  };
  EXPECT_EQ(message("$error('so {{token}}')"), "D3137: so {{token}}");
  EXPECT_EQ(message("$error()"), "D3137: $error() function evaluated");
  EXPECT_EQ(message("$assert(1 = 2, 'no')"), "D3141: no");
  EXPECT_EQ(message("$assert(1 = 2)"), "D3141: $assert() statement failed");
  EXPECT_EQ(message("$assert(1 = 1)"), "no fault");
}

TEST(ControlFunctions, Eval) {
  EXPECT_EQ(Answer("$eval('[1, $string(2), a]')", R"({"a":3})"), R"([1,"2",3])");
  EXPECT_EQ(Answer("$eval('$count($)', [1, 2])"), "2");
  EXPECT_EQ(Answer("($x := 4; $eval('$x + 1'))"), "5");
  EXPECT_EQ(Answer("$eval('1 +')"), "D3120");
  EXPECT_EQ(Answer("$eval('1 + null')"), "D3121");
}

TEST(ControlFunctions, CloneIsAnother) {
  EXPECT_EQ(Answer("$clone($) = $", R"({"a":[1,{"b":null}]})"), "true");
}

}  // namespace
}  // namespace penstock::jsonata
