#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(ObjectFunctions, Keys) {
  EXPECT_EQ(Answer("$keys($)", R"([{"b":1,"a":2},{"a":1,"c":3}])"), R"(["b","a","c"])");
  EXPECT_EQ(Answer("$keys({'a': 1})"), R"("a")");
  EXPECT_EQ(Answer("$keys(5)"), "undefined");
}

TEST(ObjectFunctions, Lookup) {
  EXPECT_EQ(Answer("$lookup($, 'a')", R"([{"a":1},{"b":2},[{"a":[3,4]}]])"), "[1,3,4]");
  EXPECT_EQ(Answer("$lookup({'a': [1]}, 'a')"), "[1]");
  EXPECT_EQ(Answer("$lookup({'a': 1}, 'b')"), "undefined");
}

TEST(ObjectFunctions, SpreadAndMerge) {
  EXPECT_EQ(Answer("$spread({'a': 1, 'b': 2})"), R"([{"a":1},{"b":2}])");
  EXPECT_EQ(Answer("$spread([{'a': 1}, {'a': 2, 'b': 3}])"), R"([{"a":1},{"a":2},{"b":3}])");
  EXPECT_EQ(Answer("$spread('text')"), R"("text")");
  EXPECT_EQ(Answer("$merge([{'a': 1, 'b': 2}, {'b': 3, 'c': 4}])"), R"({"a":1,"b":3,"c":4})");
  EXPECT_EQ(Answer("$merge($spread($)) = $", R"({"a":1,"b":[2],"c":{"d":null}})"), "true");
}

}  // namespace
}  // namespace penstock::jsonata
