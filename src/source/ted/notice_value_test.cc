#include "source/ted/notice_value.h"

#include <gtest/gtest.h>

namespace penstock::source::ted {
namespace {

TEST(NoticeValueTest, NumbersOfAllShapes) {
  const std::pair<const char*, double> kCases[] = {
      {"323087.07", 323087.07},
      {"55 712 000,00", 55712000},
      {"55\xC2\xA0"
       "712\xC2\xA0"
       "000,00",
       55712000},  // no-break spaces
      {"5\xE2\x80\xAF"
       "250\xE2\x80\xAF"
       "000",
       5250000},  // narrow ones
      {"1.234.567,89", 1234567.89},
      {"1,234,567.89", 1234567.89},
      {"1,234,567", 1234567},
      {"1.234.567", 1234567},
      {"1,234", 1234},
      {"23,00", 23},
      {"0,01", 0.01},
      {"1234,567", 1234.567},
      {"46 548,641", 46548.641},
      {"1.234", 1.234},
      {"1'234.50", 1234.5},
      {"-5", -5},
      {"+5", 5},
      {"1.5E6", 1500000},
      {" 7 ", 7},
      {"0", 0},
  };
  for (const auto& [text, value] : kCases) {
    const auto number = ParseNoticeNumber(text);
    ASSERT_TRUE(number.has_value()) << text;
    EXPECT_DOUBLE_EQ(*number, value) << text;
  }
  for (const char* text :
       {"", "-", "EUR 5", "5 EUR", "10-20", "10 000 - 20 000", "1,2,3", "1.23.456", "1.234.56,7,8", "nan",
        "inf", "1e999", "0x10", ",", ".", "1,,000", "12,3456,789"}) {
    EXPECT_FALSE(ParseNoticeNumber(text).has_value()) << text;
  }
  EXPECT_EQ(ParseNoticeInteger("9007199254740993"), 9007199254740993);
  EXPECT_EQ(ParseNoticeInteger("5.0"), 5);
  EXPECT_EQ(ParseNoticeInteger("1 000"), 1000);
  EXPECT_FALSE(ParseNoticeInteger("5.5").has_value());
  EXPECT_FALSE(ParseNoticeInteger("1e30").has_value());
}

TEST(NoticeValueTest, DatesOfAllShapes) {
  const Date day = MakeDate(2019, 3, 4);
  for (const char* text :
       {"2019-03-04", "2019-03-04Z", "2019-03-04+01:00", "2019-03-04-11:00", "2019-03-04T10:00:00+01:00",
        "2019-03-04 10:00", "20190304", "20190304 10:00", "20190304 9:30", "04/03/2019", "4.3.2019",
        "04-03-2019", "04 03 2019", "04 03 2019 10:00", " 2019-03-04\n"}) {
    EXPECT_EQ(ParseNoticeDate(text), day) << text;
  }
  for (const char* text :
       {"", "2019", "2019-02-30", "20191301", "2019-03-04x", "2019-03-04+1", "00.00.2019", "4.3.19",
        "4/3-2019", "2019-3-4", "0000-01-01", "Lot 1", "04032019x", "2019-03-04T25:00"}) {
    EXPECT_FALSE(ParseNoticeDate(text).has_value()) << text;
  }
}

TEST(NoticeValueTest, TimesOfAllShapes) {
  const std::pair<const char*, const char*> kCases[] = {
      {"12:00", "12:00"},
      {"9:30", "09:30"},
      {"10.15", "10:15"},
      {"20210630 12:00", "12:00"},
      {"11:30:00+01:00", "11:30+01:00"},
      {"23:59:59Z", "23:59:59Z"},
      {"2019-03-04T10:00:00.000Z", "10:00Z"},
      {"24:00", "24:00"},
  };
  for (const auto& [text, value] : kCases) EXPECT_EQ(ParseNoticeTime(text), value) << text;
  for (const char* text :
       {"", "12", "25:00", "12:60", "12:00:61", "20210630", "noon", "12:00 CET", "24:30"}) {
    EXPECT_FALSE(ParseNoticeTime(text).has_value()) << text;
  }
}

TEST(NoticeValueTest, NumbersOfNoticesAndTruth) {
  EXPECT_EQ(PlainNoticeNumber("2018/S 106-241021"), "241021-2018");
  EXPECT_EQ(PlainNoticeNumber("2021/S 8-1"), "1-2021");
  EXPECT_EQ(PlainNoticeNumber("00525037-2024"), "00525037-2024");
  EXPECT_EQ(PlainNoticeNumber("00783c31-8e58-4833-9ca7-0a8135f046e8-01"),
            "00783c31-8e58-4833-9ca7-0a8135f046e8-01");
  EXPECT_EQ(PlainNoticeNumber(""), "");
  EXPECT_EQ(ParseNoticeBool("true"), true);
  EXPECT_EQ(ParseNoticeBool("NO"), false);
  EXPECT_FALSE(ParseNoticeBool("maybe").has_value());
}

}  // namespace
}  // namespace penstock::source::ted
