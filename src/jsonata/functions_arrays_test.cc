#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(ArrayFunctions, SortIsStable) {
  EXPECT_EQ(Answer("$sort([3, 1, 2])"), "[1,2,3]");
  EXPECT_EQ(Answer("$sort(['b', 'a', 'B'])"), R"(["B","a","b"])");
  EXPECT_EQ(Answer("$sort(['\xF0\x9F\x98\x80', '\xEF\xBF\xBD'])"), "[\"\xF0\x9F\x98\x80\",\"\xEF\xBF\xBD\"]");
  EXPECT_EQ(Answer("$sort($, function($a, $b){ $a.k > $b.k }).v",
                   R"([{"k":2,"v":1},{"k":1,"v":2},{"k":2,"v":3},{"k":1,"v":4},{"k":0,"v":5}])"),
            "[5,2,4,1,3]");
  EXPECT_EQ(Answer("$sort([1, 'a'])"), "D3070");
  EXPECT_EQ(Answer("$sort([1, 2], function($a, $b){ $error('no') })"), "D3137");
  EXPECT_EQ(Answer("$sort(1)"), "[1]");
}

TEST(ArrayFunctions, DistinctComparesDeeply) {
  EXPECT_EQ(Answer("$distinct([1, '1', 1, [1], [1], {'a': 1}, {'a': 1}, null, null, true, 1.0])"),
            R"([1,"1",[1],{"a":1},null,true])");
  EXPECT_EQ(Answer("$count($distinct([{'a': 1, 'b': [2]}, {'b': [2], 'a': 1}, {'a': [1], 'b': 2}]))"), "2");
  EXPECT_EQ(Answer("$count($distinct([1..50000]))"), "50000");
  EXPECT_EQ(Answer("$count($distinct([1..50000].{'a': $, 'b': {'c': $}}))"), "50000");
}

TEST(ArrayFunctions, Zip) {
  EXPECT_EQ(Answer("$zip([1, 2, 3], ['a', 'b'])"), R"([[1,"a"],[2,"b"]])");
  EXPECT_EQ(Answer("$zip([1, 2], nothing)"), "[]");
}

TEST(ArrayFunctions, AppendReverseCountShuffle) {
  EXPECT_EQ(Answer("$append([1, 2], 3)"), "[1,2,3]");
  EXPECT_EQ(Answer("$append(nothing, 3)"), "3");
  EXPECT_EQ(Answer("$reverse([1, 2, 3])"), "[3,2,1]");
  EXPECT_EQ(Answer("($a := [1, 2, 3]; $reverse($a); $a)"), "[1,2,3]");
  EXPECT_EQ(Answer("[$count(nothing), $count(5), $count([1, [2, 3]])]"), "[0,1,2]");
  EXPECT_EQ(Answer("($a := [1..100]; $s := $shuffle($a); [$s != $a, $sort($s) = $a])"), "[true,true]");
}

}  // namespace
}  // namespace penstock::jsonata
