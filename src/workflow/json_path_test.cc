#include "workflow/json_path.h"

#include <gtest/gtest.h>

#include "base/json_text.h"

namespace penstock::workflow {
namespace {

const char* const kDocument =
    R"({"a":{"b":[1,2,3,4,5,6],"c d":{"x":true}},"l":[{"n":1,"m":2},{"n":3},{"k":4}],"*":"star","":0})";

std::string Eval(std::string_view path) {
  const auto parsed = JsonPath::Parse(path);
  if (!parsed.ok()) return "parse error";
  const auto value = parsed->Evaluate(*ParseJson(kDocument));
  return value.ok() ? JsonText(*value) : "missing";
}

TEST(JsonPath, FollowsJayway) {
  EXPECT_EQ(Eval("$.a.b[0]"), "1");
  EXPECT_EQ(Eval("$.a.b[-1]"), "6");
  EXPECT_EQ(Eval("$.a.b[6]"), "missing");
  EXPECT_EQ(Eval("$.a.b[0,2]"), "[1,3]");
  EXPECT_EQ(Eval("$.a.b[2:]"), "[3,4,5,6]");
  EXPECT_EQ(Eval("$.a.b[:2]"), "[1,2]");
  EXPECT_EQ(Eval("$.a.b[-2:]"), "[5,6]");
  EXPECT_EQ(Eval("$.a.b[:-4]"), "[1,2]");
  EXPECT_EQ(Eval("$.a.b[1:100]"), "[2,3,4,5,6]");
  EXPECT_EQ(Eval("$.a.b[-4:1]"), "[3,4,5,6,1]");  // each number on the way counts for itself
  EXPECT_EQ(Eval("$.a.b[3:1]"), "[]");
  EXPECT_EQ(Eval("$.a.b[*]"), "[1,2,3,4,5,6]");
  EXPECT_EQ(Eval("$['a']['c d'].x"), "true");
  EXPECT_EQ(Eval("$[\"a\"][\"c d\"]['x']"), "true");
  EXPECT_EQ(Eval("$['*']"), "\"star\"");
  EXPECT_EQ(Eval("$.l[*].n"), "[1,3]");
  EXPECT_EQ(Eval("$..n"), "[1,3]");
  EXPECT_EQ(Eval("$.l[0]['n','m','z']"), R"({"n":1,"m":2})");
  EXPECT_EQ(Eval("$..[0]"), "[1,{\"n\":1,\"m\":2}]");
  EXPECT_EQ(Eval("$.no[*].x"), "[]");
  EXPECT_EQ(Eval("$.no"), "missing");
  EXPECT_EQ(Eval("$.a.b.c"), "missing");
  EXPECT_EQ(Eval("$.l[0:1]"), "[{\"n\":1,\"m\":2}]");
}

TEST(JsonPath, Filters) {
  EXPECT_EQ(Eval("$.l[?(@.n)].n"), "[1,3]");
  EXPECT_EQ(Eval("$.l[?(!@.n)].k"), "[4]");
  EXPECT_EQ(Eval("$.l[?(@.n == 1 || @.k >= 4)]"), R"([{"n":1,"m":2},{"k":4}])");
  EXPECT_EQ(Eval("$.l[?(@.n > 0 && !(@.m == 2))]"), R"([{"n":3}])");
  EXPECT_EQ(Eval("$.l[?(@['n'] == $.a.b[2])]"), R"([{"n":3}])");
  EXPECT_EQ(Eval("$.l[?(@.n != 1)].k"), "[4]");  // what is not there is not equal
  EXPECT_EQ(Eval("$.l[?(@.n in [3, 9])]"), R"([{"n":3}])");
  EXPECT_EQ(Eval("$.l[?(@.n nin [3, 9])]"), R"([{"n":1,"m":2},{"k":4}])");
  EXPECT_EQ(Eval("$[?(@.b subsetof [1,2,3,4,5,6,7])].b[0]"), "[]");  // $ is an object: it is @ itself
  EXPECT_EQ(Eval("$.a[?(@.b anyof [6, 'x'])].b[0]"), "[1]");
  EXPECT_EQ(Eval("$.a[?(@.b noneof [6])].b[0]"), "[]");
  EXPECT_EQ(Eval("$.a[?(@.b contains 6)].b[0]"), "[1]");
  EXPECT_EQ(Eval("$.a[?(@.b size 6)].b[0]"), "[1]");
  EXPECT_EQ(Eval("$.a[?(@.b empty false)].b[0]"), "[1]");
  EXPECT_EQ(Eval("$.a.b[?(@ > 4)]"), "[5,6]");
  EXPECT_EQ(Eval("$..[?(@.n == 3)]"), R"([{"n":3}])");
  EXPECT_EQ(Eval("$[?(@['*'] =~ /ST.R/i)].a.b[0]"), "[1]");
  EXPECT_EQ(Eval("$[?(@['*'] =~ /ta/)].a.b[0]"), "[]");
  EXPECT_EQ(Eval("$[?(@['*'] =~ /(/)]"), "parse error");
  EXPECT_EQ(Eval("$.l[?(@.n == '1')].m"), "[2]");  // a number equals its text, as in Jayway
}

TEST(JsonPath, Functions) {
  EXPECT_EQ(Eval("$.a.b.length()"), "6");
  EXPECT_EQ(Eval("$.a.b.sum()"), "21.0");
  EXPECT_EQ(Eval("$.a.b.min()"), "1.0");
  EXPECT_EQ(Eval("$.a.b.max()"), "6.0");
  EXPECT_EQ(Eval("$.a.b.avg()"), "3.5");
  EXPECT_EQ(Eval("$.a.b.first()"), "1");
  EXPECT_EQ(Eval("$.a.b.last()"), "6");
  EXPECT_EQ(Eval("$.a.b.index(-2)"), "5");
  EXPECT_EQ(Eval("$.a.b.append(7).length()"), "parse error");
  EXPECT_EQ(Eval("$.l[0].keys()"), R"(["n","m"])");
  EXPECT_EQ(Eval("$.a.concat(\"x\", $.a.b)"), "\"x123456\"");
  EXPECT_EQ(Eval("$.l.sum()"), "missing");
  EXPECT_FALSE(JsonPath::Parse("$.a.length()")->definite());
}

TEST(JsonPath, RefusesWhatIsNoPath) {
  for (const char* text : {"",
                           "a",
                           "$.",
                           "$a b",
                           "$[",
                           "$[]",
                           "$['a",
                           "$.a[1",
                           "$.a[x]",
                           "$.a[:]",
                           "$.a..",
                           "$.a b",
                           "$.a[1,]",
                           "$[99999999999999999999]",
                           "$.nothing()",
                           "$[?(@.a]",
                           "$[?()]",
                           "$[?(true)]",
                           "$[?(@.a ~ 1)]",
                           "$[(@.length-1)]"}) {
    EXPECT_EQ(CodeOf(JsonPath::Parse(text).status()), ErrorCode::kInvalidData) << text;
  }
}

TEST(JsonPath, KnowsItsKind) {
  EXPECT_TRUE(JsonPath::Parse("$.a[0]['b']")->is_reference());
  EXPECT_FALSE(JsonPath::Parse("$.a[-1]")->is_reference());
  EXPECT_TRUE(JsonPath::Parse("$.a[-1]")->definite());
  EXPECT_FALSE(JsonPath::Parse("$.a[0,1]")->definite());
  EXPECT_FALSE(JsonPath::Parse("$..a")->definite());
  EXPECT_EQ(JsonPath::Parse("$$.a")->root(), JsonPath::Root::kContext);
  EXPECT_EQ(JsonPath::Parse("$name.a")->variable(), "name");
}

TEST(JsonPath, PutsAtAReferencePath) {
  const auto put = [](std::string_view path, const char* into) {
    json::value document = *ParseJson(into);
    const Status status = JsonPath::Parse(path)->Put(document, 7);
    return status.ok() ? JsonText(document) : "refused";
  };
  EXPECT_EQ(put("$", R"({"a":1})"), "7");
  EXPECT_EQ(put("$.a", R"({"a":1,"b":2})"), R"({"a":7,"b":2})");
  EXPECT_EQ(put("$.x.y", R"({})"), R"({"x":{"y":7}})");
  EXPECT_EQ(put("$.l[1]", R"({"l":[1,2]})"), R"({"l":[1,7]})");
  EXPECT_EQ(put("$.l[2]", R"({"l":[1,2]})"), "refused");
  EXPECT_EQ(put("$.a.b", R"({"a":"text"})"), "refused");
  EXPECT_EQ(put("$.a", R"([1])"), "refused");
}

TEST(JsonText, WritesNumbersAsPeopleDo) {
  EXPECT_EQ(
      JsonText(*ParseJson(R"([1.1,1.0,-0.5,1e300,0,18446744073709551615,"a\u0001\"\\\n\u00fc",null,{},[]])")),
      R"([1.1,1.0,-0.5,1e+300,0,18446744073709551615,"a\u0001\"\\\n)"
      "\xc3\xbc"
      R"(",null,{},[]])");
}

TEST(JsonText, EqualityIsOfValues) {
  EXPECT_TRUE(JsonEquals(*ParseJson(R"({"a":1,"b":[2.0]})"), *ParseJson(R"({"b":[2],"a":1.0})")));
  EXPECT_FALSE(JsonEquals(*ParseJson(R"({"a":1})"), *ParseJson(R"({"a":1,"b":null})")));
  EXPECT_FALSE(JsonEquals(*ParseJson("[1,2]"), *ParseJson("[2,1]")));
  EXPECT_FALSE(JsonEquals(*ParseJson("1"), *ParseJson("\"1\"")));
}

// Jayway's PropertyPathToken: several names at the end are one object of those that are there; below ".."
// only of objects that have all; in the middle, each is followed by itself.
TEST(JsonPath, SeveralNamesAtTheEndAreOneObject) {
  EXPECT_EQ(Eval("$.l[*]['n','m']"), R"([{"n":1,"m":2},{"n":3},{}])");
  EXPECT_EQ(Eval("$..['n','m']"), R"([{"n":1,"m":2}])");
  EXPECT_EQ(Eval("$['a','l']['b']"), "[[1,2,3,4,5,6]]");
  EXPECT_EQ(Eval("$.a.b['x','y']"), "missing");
}

TEST(JsonPath, SpellingsThatJaywayTakes) {
  EXPECT_EQ(Eval("$.['a'].['b'][0]"), "1");
  const auto quoted = JsonPath::Parse("$.'a'");
  ASSERT_TRUE(quoted.ok());
  EXPECT_EQ(*quoted->Evaluate(*ParseJson(R"({"a":1,"'a'":2})")), 2);
  EXPECT_FALSE(JsonPath::Parse("$[0:-113667776004]").ok());
}

}  // namespace
}  // namespace penstock::workflow
