#include "jsonata/expression.h"

#include <gtest/gtest.h>

#include "base/json_text.h"

namespace penstock::jsonata {
namespace {

// The answer as JSON, "undefined", or the code of the failure.
std::string Answer(const std::string& text, const json::value& input = {}, Limits limits = {},
                   Dialect dialect = Dialect::kStandard) {
  const auto expression = Expression::Compile(text, dialect);
  if (!expression.ok()) return FaultOf(expression.status()).value().code;
  ManualClock clock(TimePoint{});
  Random random(1);
  const auto result = expression->Evaluate(input, {}, {clock, random, limits});
  if (!result.ok()) return FaultOf(result.status()).value().code;
  return result->has_value() ? JsonText(**result) : "undefined";
}

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Expression, NamesItsFreeVariables) {
  const auto variables = [](std::string_view text, Dialect dialect = Dialect::kStandard) {
    return Expression::Compile(text, dialect).ValueOrDie().variables();
  };
  EXPECT_EQ(variables("$b + $a.$ + $$.x"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(variables("($x := 1; function($y){$x + $y}(2))").empty());
  EXPECT_TRUE(variables("a@$l.b#$i[$l = $i]").empty());
  EXPECT_TRUE(variables("$sum([1])").empty());
  EXPECT_TRUE(variables("$eval('1')").empty());
  EXPECT_EQ(variables("$eval('1')", Dialect::kStepFunctions), std::vector<std::string>{"eval"});
}

TEST(Expression, FunctionsAreNoResult) {
  EXPECT_EQ(Answer("function($x){$x}"), "undefined");
  EXPECT_EQ(Answer("[$sum, 1]"), R"(["",1])");
}

TEST(Expression, AnInputThatIsAnArrayIsOneValue) {
  const json::value input{1, 2};
  EXPECT_EQ(Answer("$", input), "[1,2]");
  EXPECT_EQ(Answer("$$", input), "[1,2]");
  EXPECT_EQ(Answer("$[0]", input), "1");
}

TEST(Expression, RegularExpressionsStandWhereverAnExpressionDoes) {
  EXPECT_EQ(Answer("(/a/(\"ba\")).start"), "1");
  EXPECT_EQ(Answer("(/a/(\"aa\").next)().start"), "1");
  EXPECT_EQ(Answer("4/2/1"), "2");
  EXPECT_EQ(Answer("(4)/2"), "2");
}

TEST(Expression, WhatNeverEndsIsStopped) {
  EXPECT_EQ(Answer("($f := function(){$f()}; $f())"), "U1001");
  EXPECT_EQ(Answer("($f := function(){1 + $f()}; $f())"), "U1001");
  EXPECT_EQ(Answer("($f := function($a){$f([$a, $a])}; $f([1..1000]))"), "U1001");
  EXPECT_EQ(Answer("($f := function($s){$f($s & $s)}; $f('x'))"), "U1001");
  EXPECT_EQ(Answer("$match('" + Repeated("a", 100) + "', /(a*)*b/)"), "U1001");
}

TEST(Expression, TailCallsGoOnForLong) {
  EXPECT_EQ(Answer("($f := function($n){$n = 0 ? 'end' : $f($n - 1)}; $f(100000))"), R"("end")");
}

TEST(Expression, DepthDoesNotHarm) {
  EXPECT_EQ(Answer(Repeated("(", 100'000)), "U1001");
  EXPECT_EQ(Answer(Repeated("[", 200) + Repeated("]", 200)), Repeated("[", 200) + Repeated("]", 200));
  EXPECT_EQ(Answer(Repeated("1+", 100'000) + "1"), "U1001");
  EXPECT_EQ(Answer(Repeated("-", 100'000) + "1"), "U1001");
}

TEST(Expression, ValuesThatHoldThemselvesDoNotHarm) {
  EXPECT_EQ(Answer("($x := {'a': 1} ~> |$|{'self': $}|; $x = $x)"), "U1001");
  EXPECT_EQ(Answer("$string({'a': 1} ~> |$|{'self': $}|)"), "U1001");
  EXPECT_EQ(Answer("{'a': 1} ~> |$|{'self': $}|"), "U1001");
}

TEST(Expression, DeepValuesDoNotHarm) {
  EXPECT_EQ(Answer("($f := function($a, $n){$n = 0 ? $a : $f([[$a]], $n - 1)}; $f([1], 20000).x)"), "U1001");
}

TEST(Expression, ChainsOfManyFunctionsDoNotHarm) {
  Limits limits;
  limits.steps = 100'000;
  const std::string chain =
      "($f := function($g, $n){$n = 0 ? $g : $f($g ~> $g, $n - 1)}; $f($string, 60)(1))";
  EXPECT_EQ(Answer(chain, {}, limits), "U1001");
}

TEST(Expression, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(Answer("'\xFF'"), "S0201");
  EXPECT_EQ(Answer(std::string((1 << 20) + 1, ' ')), "U1001");
  EXPECT_EQ(Answer(R"('\ud800')"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Expression, AFaultHasItsPlace) {
  const Fault fault = FaultOf(Expression::Compile("a + ]").status()).value();
  EXPECT_EQ(fault.code, "S0211");
  EXPECT_EQ(fault.token, "]");
  EXPECT_EQ(fault.position, 5);
  EXPECT_EQ(fault.message, "The symbol \"]\" cannot be used as a unary operator");
}

}  // namespace
}  // namespace penstock::jsonata
