#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(TimeFunctions, OneEvaluationSeesOneTime) {
  EXPECT_EQ(Answer("$millis()"), "1785000000000");
  EXPECT_EQ(Answer("$now()"), R"("2026-07-25T17:20:00.000Z")");
  EXPECT_EQ(Answer("$now('[Y]/[M]/[D] [H]', '-0500')"), R"("2026/7/25 12")");
  EXPECT_EQ(Answer("$toMillis($now()) = $millis()"), "true");
}

TEST(TimeFunctions, ThereAndBack) {
  EXPECT_EQ(Answer("$fromMillis(1510067557121)"), R"("2017-11-07T15:12:37.121Z")");
  EXPECT_EQ(Answer("$fromMillis(1510067557121, '[M01]/[D01]/[Y0001] [h#1]:[m01][P]', '-0500')"),
            R"("11/07/2017 10:12am")");
  EXPECT_EQ(Answer("$toMillis('2017-11-07T15:07:54.972Z')"), "1510067274972");
  EXPECT_EQ(Answer("$toMillis('7 Nov 2017', '[D] [MNn,3-3] [Y]')"), "1510012800000");
  EXPECT_EQ(Answer("$toMillis('x', '[Y]')"), "undefined");
  EXPECT_EQ(Answer("$toMillis('x')"), "D3110");
  EXPECT_EQ(Answer("$fromMillis(1e300)"), "D3110");
  EXPECT_EQ(Answer("$fromMillis(nothing)"), "undefined");
}

}  // namespace
}  // namespace penstock::jsonata
