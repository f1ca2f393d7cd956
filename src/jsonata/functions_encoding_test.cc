#include <gtest/gtest.h>

#include "jsonata/answer_for_test.h"

namespace penstock::jsonata {
namespace {

// RFC 4648, section 10.
TEST(EncodingFunctions, Base64) {
  EXPECT_EQ(Answer("['', 'f', 'fo', 'foo', 'foob'].$base64encode($)"),
            R"(["","Zg==","Zm8=","Zm9v","Zm9vYg=="])");
  EXPECT_EQ(Answer("['', 'Zg==', 'Zm8', 'Zm 9v', 'Zm9vYg=='].$base64decode($)"),
            R"(["","f","fo","foo","foob"])");
  EXPECT_EQ(Answer("$base64encode('\xC3\xA4\xC3\xBF')"), R"("5P8=")");  // bytes E4 FF
  EXPECT_EQ(Answer("$base64decode('5P8=')"), "\"\xC3\xA4\xC3\xBF\"");
  EXPECT_EQ(Answer("$base64encode('\xE2\x82\xAC')"), "D3137");
}

TEST(EncodingFunctions, Urls) {
  EXPECT_EQ(Answer("$encodeUrl('https://x.org/?a=\xC3\xA4 b#c')"), R"("https://x.org/?a=%C3%A4%20b#c")");
  EXPECT_EQ(Answer(R"x($encodeUrlComponent("?a=b-_.!~*'()"))x"), R"x("%3Fa%3Db-_.!~*'()")x");
  EXPECT_EQ(Answer("$decodeUrl('%3Fa%20b%C3%A4')"), "\"%3Fa b\xC3\xA4\"");
  EXPECT_EQ(Answer("$decodeUrlComponent('%3Fa%20b')"), R"("?a b")");
  for (const char* malformed : {"%", "%4", "%zz", "%E0%A4%A", "%FF", "%C3"}) {
    EXPECT_EQ(Answer("$decodeUrl('" + std::string(malformed) + "')"), "D3140") << malformed;
  }
  EXPECT_EQ(Answer("$encodeUrl('\\uD800')"), "D3140");
}

}  // namespace
}  // namespace penstock::jsonata
