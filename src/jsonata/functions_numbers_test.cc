#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

TEST(NumberFunctions, NumberOfText) {
  EXPECT_EQ(Answer("['-1.5e-1', '007', '0x1F', '0B11', '0o17'].$number($)"), "[-0.15,7,31,3,15]");
  for (const char* text : {"", "-", "1.", ".5", "1e", "1e400", "0x", "0b2", "0xg", " 1", "Infinity", "--1"}) {
    EXPECT_EQ(Answer("$number('" + std::string(text) + "')"), "D3030") << text;
  }
  EXPECT_EQ(Answer("$number(true)"), "1");
}

TEST(NumberFunctions, RoundsTiesToEvenInDecimal) {
  EXPECT_EQ(Answer("[0.5, 1.5, 2.5, -0.5, -1.5, 3.7].$round($)"), "[0,2,2,0,-2,4]");
  EXPECT_EQ(Answer("$round(4.525, 2)"), "4.52");
  EXPECT_EQ(Answer("$round(4.515, 2)"), "4.52");
  EXPECT_EQ(Answer("$round(12345, -2)"), "12300");
  EXPECT_EQ(Answer("$round(12350, -2)"), "12400");
  EXPECT_EQ(Answer("$round(1.5, 400)"), "1.5");
  EXPECT_EQ(Answer("$round(1.5, -400)"), "0");
}

TEST(NumberFunctions, FormatBase) {
  EXPECT_EQ(Answer("$formatBase(100, 2)"), R"("1100100")");
  EXPECT_EQ(Answer("$formatBase(-255, 16)"), R"("-ff")");
  EXPECT_EQ(Answer("$formatBase(2555.5, 36)"), R"("1z0")");
  EXPECT_EQ(Answer("$formatBase(0, 2)"), R"("0")");
  EXPECT_EQ(Answer("$formatBase(12)"), R"("12")");
  EXPECT_EQ(Answer("$length($formatBase(1e300, 2))"), "997");
  EXPECT_EQ(Answer("$formatBase(12, 1.4)"), "D3100");
}

TEST(NumberFunctions, Arithmetic) {
  EXPECT_EQ(Answer("$sqrt(-1)"), "D3060");
  EXPECT_EQ(Answer("$power(2, 10)"), "1024");
  EXPECT_EQ(Answer("$power(10, 1000)"), "D3061");
  EXPECT_EQ(Answer("$power(-1, 0.5)"), "D3061");
  EXPECT_EQ(Answer("[$floor(-1.5), $ceil(-1.5), $abs(-1.5)]"), "[-2,-1,1.5]");
  EXPECT_EQ(Answer("($r := $random(); $r >= 0 and $r < 1)"), "true");
}

TEST(NumberFunctions, OfMany) {
  EXPECT_EQ(Answer("[$sum([1, 2]), $average([1, 2]), $max([1, 2]), $min([1, 2])]"), "[3,1.5,2,1]");
  EXPECT_EQ(Answer("$sum([])"), "0");
  EXPECT_EQ(Answer("$average([])"), "undefined");
  EXPECT_EQ(Answer("$max([])"), "undefined");
  EXPECT_EQ(Answer("$max(nothing)"), "undefined");
  EXPECT_EQ(Answer("$max(5)"), "5");
}

TEST(NumberFunctions, Pictures) {
  EXPECT_EQ(Answer("$formatNumber(12345.6, '#,###.00')"), R"("12,345.60")");
  EXPECT_EQ(
      Answer("$formatNumber(1234.5, '#.##0,00', {'decimal-separator': ',', 'grouping-separator': '.'})"),
      R"("1.234,50")");
  EXPECT_EQ(Answer("$formatInteger(2789, 'w')"), R"("two thousand, seven hundred and eighty-nine")");
  EXPECT_EQ(Answer("$parseInteger('12,345', '#,##0')"), "12345");
}

}  // namespace
}  // namespace penstock::jsonata
