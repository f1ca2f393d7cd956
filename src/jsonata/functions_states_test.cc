#include <gtest/gtest.h>

#include <regex>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(StatesFunctions, OnlyInTheirDialect) {
  EXPECT_EQ(AnswerOfStates("$eval('1')"), "T1006");
  EXPECT_EQ(Answer("$partition([1], 1)"), "T1006");
}

TEST(StatesFunctions, Partition) {
  EXPECT_EQ(AnswerOfStates("$partition([1..9], 4)"), "[[1,2,3,4],[5,6,7,8],[9]]");
  EXPECT_EQ(AnswerOfStates("$partition([], 4)"), "[]");
  EXPECT_EQ(AnswerOfStates("$partition([1], 0)"), "D3137");
  EXPECT_EQ(AnswerOfStates("$partition([1], 1.5)"), "D3137");
}

TEST(StatesFunctions, Range) {
  EXPECT_EQ(AnswerOfStates("$range(0, 10, 2)"), "[0,2,4,6,8,10]");
  EXPECT_EQ(AnswerOfStates("$range(1, 9, 5)"), "[1,6]");
  EXPECT_EQ(AnswerOfStates("$range(3, 1, -1)"), "[3,2,1]");
  EXPECT_EQ(AnswerOfStates("$range(3, 1, 1)"), "[]");
  EXPECT_EQ(AnswerOfStates("$range(1, 3, 0)"), "D3137");
  EXPECT_EQ(AnswerOfStates("$range(1, 1e15, 1)"), "D2014");
}

TEST(StatesFunctions, Hash) {
  EXPECT_EQ(AnswerOfStates("$hash('abc', 'MD5')"), R"("900150983cd24fb0d6963f7d28e17f72")");
  EXPECT_EQ(AnswerOfStates("$hash({'a': 1}, 'MD5') = $hash('{\"a\":1}', 'MD5')"), "true");
  EXPECT_EQ(AnswerOfStates("$hash('abc', 'MD4')"), "D3137");
}

TEST(StatesFunctions, RandomOfASeed) {
  EXPECT_EQ(AnswerOfStates("$random(7) = $random(7)"), "true");
  EXPECT_EQ(AnswerOfStates("$random(7) = $random(8)"), "false");
  EXPECT_EQ(AnswerOfStates("$random() = $random()"), "false");
  EXPECT_EQ(AnswerOfStates("$random(0.5)"), "D3137");
}

TEST(StatesFunctions, Uuid) {
  const std::regex shape("\"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\"");
  EXPECT_TRUE(std::regex_match(AnswerOfStates("$uuid()"), shape));
  EXPECT_EQ(AnswerOfStates("$uuid() = $uuid()"), "false");
}

TEST(StatesFunctions, Parse) {
  EXPECT_EQ(AnswerOfStates(R"x($parse('{"a":[1,{"b":"c"}],"d":null}'))x"), R"({"a":[1,{"b":"c"}],"d":null})");
  EXPECT_EQ(AnswerOfStates(R"x($parse('{"a":[1,2]}').a[1])x"), "2");
  EXPECT_EQ(AnswerOfStates("$parse('{')"), "D3137");
  EXPECT_EQ(AnswerOfStates("$parse(nothing)"), "undefined");
}

}  // namespace
}  // namespace penstock::jsonata
