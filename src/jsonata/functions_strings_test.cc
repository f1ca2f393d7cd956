#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(StringFunctions, CountCharacters) {
  EXPECT_EQ(Answer("$length('a\xC3\xA4\xF0\x9F\x98\x80')"), "3");
  EXPECT_EQ(Answer("$substring('\xF0\x9F\x98\x80xy', 1)"), R"("xy")");
  EXPECT_EQ(Answer("$substring('\xF0\x9F\x98\x80xy', -3, 1)"), "\"\xF0\x9F\x98\x80\"");
  EXPECT_EQ(Answer("$pad('\xC3\xA4', 3, '-')"), "\"\xC3\xA4--\"");
}

TEST(StringFunctions, SubstringsAsOfSlice) {
  EXPECT_EQ(Answer("$substring('hello world', 3)"), R"("lo world")");
  EXPECT_EQ(Answer("$substring('hello world', 3, 5)"), R"("lo wo")");
  EXPECT_EQ(Answer("$substring('hello', -100)"), R"("hello")");
  EXPECT_EQ(Answer("$substring('hello', 9)"), R"("")");
  EXPECT_EQ(Answer("$substring('hello', 1, -1)"), R"("")");
  EXPECT_EQ(Answer("$substring('hello', -4, 2)"), R"("el")");
  EXPECT_EQ(Answer("$substringBefore('a-b-c', '-')"), R"("a")");
  EXPECT_EQ(Answer("$substringAfter('a-b-c', '-')"), R"("b-c")");
  EXPECT_EQ(Answer("$substringAfter('abc', '-')"), R"("abc")");
}

TEST(StringFunctions, Pad) {
  EXPECT_EQ(Answer("$pad('foo', -5, '#')"), R"("##foo")");
  EXPECT_EQ(Answer("$pad('foo', 8, 'ab')"), R"("fooababa")");
  EXPECT_EQ(Answer("$pad('foo', 5, '')"), R"("foo  ")");
  EXPECT_EQ(Answer("$pad('foo', 2)"), R"("foo")");
  EXPECT_EQ(Answer("$pad('foo', 1e300)"), "U1001");
  EXPECT_EQ(Answer("$pad('foo', 1e6)", "null", Dialect::kStandard, {.memory_bytes = 500'000}), "U1001");
}

TEST(StringFunctions, TrimMakesOneSpaceOfMany) {
  EXPECT_EQ(Answer("$trim('  a \\t\\r\\n b  ')"), R"("a b")");
  EXPECT_EQ(Answer("$trim(' \\n ')"), R"("")");
}

TEST(StringFunctions, Join) {
  EXPECT_EQ(Answer("$join(['a', 'b', 'c'], ', ')"), R"("a, b, c")");
  EXPECT_EQ(Answer("$join('a')"), R"("a")");
  EXPECT_EQ(Answer("$join([])"), R"("")");
  EXPECT_EQ(Answer("$join(nothing)"), "undefined");
}

TEST(StringFunctions, StringOfEverything) {
  EXPECT_EQ(Answer("$string(0.1 + 0.2)"), R"("0.3")");
  EXPECT_EQ(Answer("$string({'a': [1, $sum]})"), R"x("{\"a\":[1,\"\"]}")x");
  EXPECT_EQ(Answer("$string($, true)", R"({"a":[1]})"), R"x("{\n  \"a\": [\n    1\n  ]\n}")x");
  EXPECT_EQ(Answer("$string()", "[1,2]"), R"("[1,2]")");
  EXPECT_EQ(Answer("[1, 2].$string()"), R"(["1","2"])");
  EXPECT_EQ(Answer("$map([1, 2], $string)"), R"(["1","2"])");
}

}  // namespace
}  // namespace penstock::jsonata
