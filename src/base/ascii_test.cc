#include "base/ascii.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Ascii, DigitsAreReadAndWritten) {
  int digits = 0;
  for (int c = 0; c < 256; ++c) {
    const int value = HexValue(static_cast<char>(c));
    if (value < 0) continue;
    ++digits;
    const std::string text = HexText(std::string(1, static_cast<char>(value)));
    EXPECT_EQ(text[0], '0');
    EXPECT_EQ(AsciiLower(std::string(1, static_cast<char>(c))), text.substr(1));
  }
  EXPECT_EQ(digits, 22);
  EXPECT_EQ(HexText(std::string("\0\x7f\x80\xff", 4)), "007f80ff");
}

TEST(Ascii, OnlyLettersOfAsciiBecomeLower) { EXPECT_EQ(AsciiLower("AZ[az@\xC3\x84"), "az[az@\xC3\x84"); }

TEST(Ascii, SpacesAtBothEndsGo) {
  EXPECT_EQ(TrimAscii(" \t\r\na b\n"), "a b");
  EXPECT_EQ(TrimAscii(" \n "), "");
  EXPECT_EQ(TrimAscii(""), "");
  EXPECT_EQ(TrimAscii("\na ", " "), "\na");
}

}  // namespace
}  // namespace penstock
