#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(MatchFunctions, MatchCountsUnitsOfJavaScript) {
  EXPECT_EQ(Answer("$match('\xF0\x9F\x98\x80 ab', /a(b)/).index"), "3");
  EXPECT_EQ(Answer("$match('ababbxabb', /ab(b+)?/).groups"), R"([null,"b","b"])");
  EXPECT_EQ(Answer("$match('aaa', /a/, 2).index"), "[0,1]");
  EXPECT_EQ(Answer("$match('aaa', /b/)"), "undefined");
  EXPECT_EQ(Answer("$match('aaa', /a/, -1)"), "D3040");
}

TEST(MatchFunctions, AnEmptyMatchMayOnlyBeTheFirst) {
  EXPECT_EQ(Answer("$contains('abc', /x*/)"), "true");
  EXPECT_EQ(Answer("$match('abc', /x*/)"), "D1004");
  EXPECT_EQ(Answer("$match('', /x*/).match"), R"("")");
}

TEST(MatchFunctions, Split) {
  EXPECT_EQ(Answer("$split('a, b,c', /,\\s*/)"), R"(["a","b","c"])");
  EXPECT_EQ(Answer("$split('a,b,c', ',', 2)"), R"(["a","b"])");
  EXPECT_EQ(Answer("$split('a,b,c', /,/, 0)"), "[]");
  EXPECT_EQ(Answer("$split('a\xF0\x9F\x98\x80', '')"), "[\"a\",\"\xF0\x9F\x98\x80\"]");
  EXPECT_EQ(Answer("$split('abc', ',')"), R"(["abc"])");
  EXPECT_EQ(Answer("$split(',', ',')"), R"(["",""])");
  EXPECT_EQ(Answer("$split('a', ',', -1)"), "D3020");
}

TEST(MatchFunctions, ReplaceKnowsGroups) {
  EXPECT_EQ(Answer("$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')"), R"("Smith, John")");
  EXPECT_EQ(Answer("$replace('265USD', /([0-9]+)USD/, '$$$1 $0')"), R"("$265 265USD")");
  // Of one group, $12 is $1 and a 2; of twelve it is the twelfth.
  EXPECT_EQ(Answer("$replace('ab', /(a)b/, '$12|$2|$x|$')"), R"("a2||$x|$")");
  EXPECT_EQ(Answer("$replace('abcdefghijkl', /(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)/, '$12$13')"), R"("la3")");
  EXPECT_EQ(Answer("$replace('aXa', /a/, '$1')"), R"("X")");
}

TEST(MatchFunctions, ReplaceByFunction) {
  EXPECT_EQ(
      Answer("$replace('temp 68F 32F', /(-?\\d+)F/, function($m){ $string(($number($m.groups[0]) - 32) * "
             "5 / 9) & 'C' })"),
      R"("temp 20C 0C")");
  EXPECT_EQ(Answer("$replace('aa', /a/, function($m){ $string($m.start) & $string($m.end) })"), R"("0112")");
  EXPECT_EQ(Answer("$replace('a', /a/, function($m){ 1 })"), "D3012");
}

TEST(MatchFunctions, ReplaceText) {
  EXPECT_EQ(Answer("$replace('a.b.c', '.', '$1', 1)"), R"("a$1b.c")");
  EXPECT_EQ(Answer("$replace('abc', '', 'x')"), "D3010");
  EXPECT_EQ(Answer("$replace('abc', 'a', 'x', -1)"), "D3011");
  EXPECT_EQ(Answer("$replace(nothing, 'a', 'x')"), "undefined");
}

TEST(MatchFunctions, ManyMatchesCostTheirNumber) {
  EXPECT_EQ(Answer("$length($replace($pad('', 200000, '\xC3\xA4'), /\xC3\xA4/, 'b'))"), "200000");
  EXPECT_EQ(Answer("$count($match($pad('', 100000, 'ab'), /a/))"), "50000");
  EXPECT_EQ(Answer("$length($replace($pad('', 50000, '\xC3\xA4'), /\xC3\xA4/, function($m){ 'b' }))"),
            "50000");
}

TEST(MatchFunctions, AFunctionInPlaceOfAPattern) {
  constexpr auto kMatcher =
      "($m := function($s){{'match': 'b', 'start': 1, 'end': 2, 'groups': [], 'next': function(){null}}}; ";
  EXPECT_EQ(Answer(std::string(kMatcher) + "$split('abc', $m))"), R"(["a","c"])");
  EXPECT_EQ(Answer(std::string(kMatcher) + "$replace('abc', $m, '-'))"), R"("a-c")");
  EXPECT_EQ(Answer("$replace('abc', $uppercase, '-')"), "T1010");
}

}  // namespace
}  // namespace penstock::jsonata
