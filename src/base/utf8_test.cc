#include "base/utf8.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences": both ends of each row, and just outside.
TEST(Utf8, WellFormed) {
  for (const char* good :
       {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "株価🚰é"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
    EXPECT_EQ(ReplaceInvalidUtf8(good), good);
  }
  EXPECT_TRUE(IsUtf8(std::string_view("\0", 1)));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xff", "ok\xfe"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
    EXPECT_TRUE(IsUtf8(ReplaceInvalidUtf8(bad)));
  }
  EXPECT_EQ(ReplaceInvalidUtf8("a\xff株\xE2\x82"), "a\xEF\xBF\xBD株\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace penstock
