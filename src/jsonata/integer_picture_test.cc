#include "jsonata/integer_picture.h"

#include <gtest/gtest.h>

#include "jsonata/fault.h"
#include "jsonata/integer_words.h"
#include "jsonata/number_text.h"

namespace penstock::jsonata {
namespace {

std::string CodeOfFault(const Status& status) {
  const auto fault = FaultOf(status);
  return fault ? fault->code : status.ToString();
}

std::string Formatted(double value, std::string_view picture) {
  const Result<std::string> text = FormatInteger(value, picture);
  return text.ok() ? *text : CodeOfFault(text.status());
}

std::string Parsed(std::string_view text, std::string_view picture) {
  const Result<double> value = ParseInteger(text, picture);
  return value.ok() ? NumberText(*value) : CodeOfFault(value.status());
}

struct Case {
  double value;
  const char* picture;
  const char* expected;  // or the code of the fault
};

// Cases of JSONata's own suite, function-formatInteger.
TEST(FormatInteger, PublishedCases) {
  const Case cases[] = {
      {-3, "0000", "-0003"},
      {1234, "0;c", "1234"},
      {12, "###0", "12"},
      {1, "0;o", "1st"},
      {28, "#0;o", "28th"},
      {1234, "###0;o", "1234th"},
      {12, "###0;o", "12th"},
      {12340, "###١", "١٢٣٤٠"},
      {1200, "#,##0", "1,200"},
      {12345678, "#,##0", "12,345,678"},
      {1234567890, "#,##0", "1,234,567,890"},
      {1234567890, "#,###,##0", "1,234,567,890"},
      {1234567890, "#:###,##0", "1234:567,890"},
      {1234567890, "##,##,##0", "12345,67,890"},
      {0, "I", ""},
      {1984, "I", "MCMLXXXIV"},
      {99, "i", "xcix"},
      {20, "w", "twenty"},
      {99, "W", "NINETY-NINE"},
      {555, "W", "FIVE HUNDRED AND FIFTY-FIVE"},
      {919, "w", "nine hundred and nineteen"},
      {730, "w", "seven hundred and thirty"},
      {1000, "w", "one thousand"},
      {1000000000000000, "w", "one thousand trillion"},
      {1e+46, "w", "ten billion trillion trillion trillion"},
      {1234567890123456, "w",
       "one thousand, two hundred and thirty-four trillion, five hundred and sixty-seven billion, eight "
       "hundred and ninety million, one hundred and twenty-three thousand, four hundred and fifty-six"},
      {12, "w;o", "twelfth"},
      {20, "w;o", "twentieth"},
      {34, "w;o", "thirty-fourth"},
      {99, "W;o", "NINETY-NINTH"},
      {100, "w;o", "one hundredth"},
      {555, "W;o", "FIVE HUNDRED AND FIFTY-FIFTH"},
      {919, "w;o", "nine hundred and nineteenth"},
      {3731, "w;o", "three thousand, seven hundred and thirty-first"},
      {327713, "w;o", "three hundred and twenty-seven thousand, seven hundred and thirteenth"},
      {4327732, "w;o",
       "four million, three hundred and twenty-seven thousand, seven hundred and thirty-second"},
      {1000000000001, "w;o", "one trillion and first"},
      {1, "A", "A"},
      {12, "a", "l"},
      {26, "a", "z"},
      {123456, "A", "FZPH"},
      {123456, "α", "D3130"},
  };
  for (const Case& one : cases) EXPECT_EQ(Formatted(one.value, one.picture), one.expected) << one.picture;
}

// fn:format-integer, its examples and rules.
TEST(FormatInteger, OfTheSpecification) {
  const Case cases[] = {
      {123, "0000", "0123"},
      {21, "1;o(-en)", "21st"},
      {111, "0;o", "111th"},
      {112, "0;o", "112th"},
      {1003, "#,##0;o", "1,003rd"},
      {7, "a", "g"},
      {27, "a", "aa"},
      {52, "A", "AZ"},
      {702, "a", "zz"},
      {703, "a", "aaa"},
      {57, "I", "LVII"},
      {1234, "#;##0;", "1;234"},
      {5, "0,000", "0,005"},
      {0, "w", "zero"},
      {0, "w;o", "zeroth"},
      {-42, "Ww", "-Forty-Two"},
      {105, "Ww", "One Hundred and Five"},
      {1000, "w;o", "one thousandth"},
      {1100, "w", "one thousand, one hundred"},
      {2.9, "0", "2"},
      {-2.1, "0", "-3"},
      {12, "𝟎𝟏", "𝟏𝟐"},
      {1, "0١", "D3131"},
      {1, "", "D3130"},
      {1e300, "#", "D3130"},
      {1e21, "0", "1000000000000000000000"},
  };
  for (const Case& one : cases) EXPECT_EQ(Formatted(one.value, one.picture), one.expected) << one.picture;
}

struct TextCase {
  const char* text;
  const char* picture;
  const char* expected;
};

// Cases of JSONata's own suite, function-parseInteger.
TEST(ParseInteger, PublishedCases) {
  const TextCase cases[] = {
      {"123", "000", "123"},
      {"12", "###0", "12"},
      {"123rd", "000;o", "123"},
      {"１２３４０", "###０", "12340"},
      {"12", "#,##0", "12"},
      {"1,234,567,890", "#,##0", "1234567890"},
      {"1,234,567,890", "#,###,##0", "1234567890"},
      {"12345,67,890", "##,##,##0", "1234567890"},
      {"xcix", "i", "99"},
      {"twenty", "w", "20"},
      {"thirty-four", "w", "34"},
      {"NINETY-NINE", "W", "99"},
      {"one hundred", "w", "100"},
      {"FIVE HUNDRED AND FIFTY-FIVE", "W", "555"},
      {"seven hundred and thirty", "w", "730"},
      {"one thousand", "w", "1000"},
      {"four million, three hundred and twenty-seven thousand, seven hundred and thirty", "w", "4327730"},
      {"one trillion and one", "w", "1000000000001"},
      {"one trillion, two hundred and thirty-four billion, five hundred and sixty-seven million, eight "
       "hundred and ninety thousand, one hundred and twenty-three",
       "w", "1234567890123"},
      {"one thousand trillion", "w", "1000000000000000"},
      {"twelfth", "w;o", "12"},
      {"twentieth", "w;o", "20"},
      {"one hundredth", "w;o", "100"},
      {"FIVE HUNDRED AND FIFTY-FIFTH", "W;o", "555"},
      {"nine hundred and nineteenth", "w;o", "919"},
      {"seven hundred and thirtieth", "w;o", "730"},
      {"three thousand, seven hundred and thirty-first", "w;o", "3731"},
      {"three hundred and twenty-seven thousand, seven hundred and thirteenth", "w;o", "327713"},
      {"four million, three hundred and twenty-seven thousand, seven hundred and thirty-second", "w;o",
       "4327732"},
      {"one trillion and first", "w;o", "1000000000001"},
      {"l", "a", "12"},
      {"aa", "a", "27"},
      {"KN", "A", "300"},
      {"FZPH", "A", "123456"},
      {"50", "#", "D3130"},
  };
  for (const TextCase& one : cases) EXPECT_EQ(Parsed(one.text, one.picture), one.expected) << one.text;
}

TEST(ParseInteger, SaysWhenTheTextIsNotOfThePicture) {
  const TextCase cases[] = {
      {"-0012", "0000", "-12"},
      {"", "0", "D3030"},
      {"12x", "0", "D3030"},
      {"twelve", "0", "D3030"},
      {"two cats", "w", "D3030"},
      {"MCQ", "I", "D3030"},
      {"a1", "a", "D3030"},
      {"1", "α", "D3130"},
      {"", "I", "0"},
      {"nineteen hundred and eighty-four", "w", "1984"},
      {"21ST", "0;o", "21"},
      {"٣", "0", "D3030"},
  };
  for (const TextCase& one : cases) EXPECT_EQ(Parsed(one.text, one.picture), one.expected) << one.text;
}

// What is written is read back as the same number.
TEST(ParseInteger, ReadsWhatIsWritten) {
  for (const char* picture : {"0", "0;o", "#,##0", "##,##,#0", "I", "a", "A", "w", "Ww", "W;o", "w;o", "١"}) {
    for (const double value : {1.0, 2.0, 9.0, 12.0, 21.0, 26.0, 40.0, 99.0, 100.0, 113.0, 676.0, 999.0,
                               1000.0, 1001.0, 1984.0, 4999.0, 12340.0, 54321.0, 99999.0}) {
      EXPECT_EQ(Parsed(Formatted(value, picture), picture), NumberText(value)) << picture;
    }
  }
  for (const double value : {1e6, 1000001.0, 1234567890123456.0, 1e15, 2e12, 1e46, 20000300000.0}) {
    for (const char* picture : {"w", "w;o", "#,##0"}) {
      EXPECT_EQ(Parsed(Formatted(value, picture), picture), NumberText(value)) << picture;
    }
  }
}

}  // namespace
}  // namespace penstock::jsonata
