#include "jsonata/number_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "jsonata/decimal.h"

namespace penstock::jsonata {
namespace {

// Cases of JSONata's own suite (function-string) and the borders that ECMA-262 draws.
TEST(NumberText, AsJavaScriptWritesThem) {
  EXPECT_EQ(NumberText(22.0 / 7), "3.14285714285714");
  EXPECT_EQ(NumberText(1e100), "1e+100");
  EXPECT_EQ(NumberText(1e-6), "0.000001");
  EXPECT_EQ(NumberText(1e-7), "1e-7");
  EXPECT_EQ(NumberText(1.25e-7), "1.25e-7");
  EXPECT_EQ(NumberText(1e20), "100000000000000000000");
  EXPECT_EQ(NumberText(1e21), "1e+21");
  EXPECT_EQ(NumberText(-1.5e300), "-1.5e+300");
  EXPECT_EQ(NumberText(5890840712243076), "5890840712243076");
  EXPECT_EQ(NumberText(39.4), "39.4");
  EXPECT_EQ(NumberText(0.1 + 0.2), "0.3");
  EXPECT_EQ(NumberText(90.57000000000001), "90.57");
  EXPECT_EQ(NumberText(5.0), "5");
  EXPECT_EQ(NumberText(-0.0), "0");
  EXPECT_EQ(NumberText(-120), "-120");
  EXPECT_EQ(NumberText(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(NumberText(std::numeric_limits<double>::infinity()), "Infinity");
}

TEST(Decimal, RoundsTiesToEven) {
  const auto rounded = [](double value, int digits) {
    const Decimal number = RoundHalfEven(ToDecimal(value), digits);
    return (number.negative ? "-" : "") + number.IntegerDigits() + "." + number.FractionDigits();
  };
  EXPECT_EQ(rounded(0.5, 0), ".");
  EXPECT_EQ(rounded(1.5, 0), "2.");
  EXPECT_EQ(rounded(2.5, 0), "2.");
  EXPECT_EQ(rounded(1.005, 2), "1.");
  EXPECT_EQ(rounded(1.015, 2), "1.02");
  EXPECT_EQ(rounded(-99.96, 1), "-100.");
  EXPECT_EQ(rounded(0.0004, 3), ".");
  EXPECT_EQ(rounded(0.0006, 3), ".001");
  EXPECT_EQ(rounded(0.06, 0), ".");
  EXPECT_EQ(rounded(12345, 2), "12345.");
}

TEST(Decimal, FloorsTowardsMinusInfinity) {
  const auto floored = [](double value) { return Floor(ToDecimal(value)).IntegerDigits(); };
  EXPECT_EQ(floored(3.9), "3");
  EXPECT_EQ(floored(-3.1), "4");
  EXPECT_EQ(floored(-0.001), "1");
  EXPECT_EQ(floored(-9.5), "10");
  EXPECT_EQ(floored(0.5), "");
  EXPECT_EQ(floored(1e22), "1" + std::string(22, '0'));
}

}  // namespace
}  // namespace penstock::jsonata
