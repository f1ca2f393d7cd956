#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(HigherOrderFunctions, GiveWhatAFunctionTakes) {
  EXPECT_EQ(Answer("$map([5, 6], function($v, $i, $a){ $v + $i + $count($a) })"), "[7,9]");
  EXPECT_EQ(Answer("$map(['a', 'b'], $uppercase)"), R"(["A","B"])");
  EXPECT_EQ(Answer("$each({'a': 1, 'b': 2}, function($v, $k, $o){ $k & $v & $count($keys($o)) })"),
            R"(["a12","b22"])");
  EXPECT_EQ(Answer("$filter([1..6], function($v, $i){ $i % 2 = 0 })"), "[1,3,5]");
  EXPECT_EQ(Answer("$sift({'a': 1, 'b': 2}, function($v, $k){ $k = 'b' })"), R"({"b":2})");
  EXPECT_EQ(Answer("$sift({'a': 1}, function($v){ $v > 1 })"), "undefined");
}

TEST(HigherOrderFunctions, LeaveOutWhatIsUndefined) {
  EXPECT_EQ(Answer("$map([1, 2, 3], function($v){ $v > 1 ? $v })"), "[2,3]");
  EXPECT_EQ(Answer("$map([1], function($v){ $v })"), "1");
  EXPECT_EQ(Answer("$map(nothing, $string)"), "undefined");
}

TEST(HigherOrderFunctions, Reduce) {
  EXPECT_EQ(Answer("$reduce([1..5], function($a, $b){ $a * $b })"), "120");
  EXPECT_EQ(Answer("$reduce([1, 2], function($a, $b){ $a + $b }, 10)"), "13");
  EXPECT_EQ(Answer("$reduce([], function($a, $b){ $a + $b }, 10)"), "10");
  EXPECT_EQ(Answer("$reduce([], function($a, $b){ $a + $b })"), "undefined");
  EXPECT_EQ(Answer("$reduce(['x', 'y'], function($a, $v, $i, $l){ $a & $v & $i & $count($l) }, '')"),
            R"("x02y12")");
  EXPECT_EQ(Answer("$reduce([1, 2], function($a){ $a })"), "D3050");
}

TEST(HigherOrderFunctions, Single) {
  EXPECT_EQ(Answer("$single([1, 2, 3], function($v){ $v = 2 })"), "2");
  EXPECT_EQ(Answer("$single([1, 2])"), "D3138");
  EXPECT_EQ(Answer("$single([])"), "D3139");
  EXPECT_EQ(Answer("$single([1, 2], function($v){ $v > 2 })"), "D3139");
}

TEST(HigherOrderFunctions, AreBounded) {
  EXPECT_EQ(Answer("$map([1..10000], function($v){ $v })", "null", Dialect::kStandard, {.steps = 15'000}),
            "U1001");
}

}  // namespace
}  // namespace penstock::jsonata
