#include "jsonata/number_picture.h"

#include <gtest/gtest.h>

#include "jsonata/fault.h"

namespace penstock::jsonata {
namespace {

struct Case {
  double value;
  const char* picture;
  const char* options;   // JSON; empty: none
  const char* expected;  // or the code of the fault
};

void ExpectCase(const Case& one) {
  json::value options;
  if (*one.options != 0) options = *ParseJson(one.options);
  const auto text = FormatNumber(one.value, one.picture, options.if_object());
  const auto fault = FaultOf(text.status());
  EXPECT_EQ(text.ok() ? *text : fault ? fault->code : text.status().ToString(), one.expected) << one.picture;
}

// Cases of JSONata's own suite, function-formatNumber.
TEST(FormatNumber, PublishedCases) {
  const Case cases[] = {
      {12345678.9, "9,999.99", "", "12,345,678.90"},
      {1234.56789, "9,999.999,999", "", "1,234.567,890"},
      {123.9, "9999", "", "0124"},
      {0.14, "01%", "", "14%"},
      {0.4857, "###.###‰", "", "485.7‰"},
      {-6, "000", "", "-006"},
      {1234.5678, "00.000e0", "", "12.346e2"},
      {1234.5678, "①①.①①①e①", "{\"zero-digit\": \"⑟\"}", "①②.③④⑥e②"},
      {0.234, "#.00e0", "", "0.23e0"},
      {0.234, ".00e0", "", ".23e0"},
      {2392.14 * (-36.58), "000,000.000###;###,###.000###", "", "87,504.4812"},
      {2.14 * 86.58, "PREFIX##00.000###SUFFIX", "", "PREFIX185.2812SUFFIX"},
      {1E20, "#,######", "", "100,000000,000000,000000"},
      {20, "#;#;#", "", "D3080"},
      {20, "#0%%", "", "D3082"},
      {20, "0,.e0", "", "D3087"},
      {20, "0,,0", "", "D3089"},
      {20, "0#.e0", "", "D3090"},
      {20, "#0.#0e0", "", "D3091"},
      {20, "#0.0e0%", "", "D3092"},
      {2, "000.000", "", "002.000"},
      {2, "AAA.AAA", "{\"zero-digit\": \"A\"}", "AAC.AAA"},
      {0, "0.00e0", "", "0.00e0"},
      {42, "%%", "", "D3086"},
      {42, "‰‰", "", "D3086"},
  };
  for (const Case& one : cases) ExpectCase(one);
}

// fn:format-number, its examples and rules.
TEST(FormatNumber, OfTheSpecification) {
  const Case cases[] = {
      {12345.6, "#,###.00", "", "12,345.60"},
      {12345678.9, "9,999.99", "", "12,345,678.90"},
      {123.9, "9999", "", "0124"},
      {0.14, "01%", "", "14%"},
      {-6, "000", "", "-006"},
      {1234.5678, "00.000e0", "", "12.346e2"},
      {0.234, "0.0e0", "", "2.3e-1"},
      {0.234, "#.00e0", "", "0.23e0"},
      {-3.5, "0.0;(0.0)", "", "(3.5)"},
      {1234567.891, "#.##0,00", R"({"decimal-separator": ",", "grouping-separator": "."})", "1.234.567,89"},
      {-0.5, "0%", R"({"minus-sign": "−"})", "−50%"},
      {0, "#", "", "0"},
      {0, "#.#", "", ".0"},
      {0.5, "#.#", "", ".5"},
      {2.5, "0", "", "2"},
      {3.5, "0", "", "4"},
      {1.005, "0.00", "", "1.00"},
      {7, "#;x;y", R"({"pattern-separator": "|"})", "7;x;y"},
      {1234567, "0,00,000", "", "12,34,567"},
      {5, "0.0E0", R"({"exponent-separator": "E"})", "5.0E0"},
      {5e-10, "0.0e00", "", "5.0e-10"},
      {1e300, "#e0", "", "0.1e301"},
      {20, "prefix0", "", "prefix20"},
  };
  for (const Case& one : cases) ExpectCase(one);
}

TEST(FormatNumber, EachRuleThatAPictureCanBreak) {
  const Case cases[] = {
      {20, "#;#;#", "", "D3080"},   {20, "#.0.0", "", "D3081"},   {20, "#0%%", "", "D3082"},
      {20, "#0‰‰", "", "D3083"},    {20, "#0%‰", "", "D3084"},    {20, ".e0", "", "D3085"},
      {20, "", "", "D3085"},        {20, "0+.e0", "", "D3086"},   {20, "0,.e0", "", "D3087"},
      {20, "0,", "", "D3088"},      {20, "0,,0", "", "D3089"},    {20, "0#.e0", "", "D3090"},
      {20, "#0.#0e0", "", "D3091"}, {20, "#0.0e0%", "", "D3092"}, {20, "#0.0e0,0", "", "D3093"},
      {20, "0;", "", "D3085"},      {20, "words", "", "D3086"},
  };
  for (const Case& one : cases) ExpectCase(one);
}

}  // namespace
}  // namespace penstock::jsonata
