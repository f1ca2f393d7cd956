#include "base/base64.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// RFC 4648 section 10.
TEST(Base64, TestVectors) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text).ValueOrDie(), bytes);
    std::string out = "before";
    EXPECT_TRUE(AppendBase64Decoded(text, out)) << text;
    EXPECT_EQ(out, std::string("before") + bytes);
  }
}

TEST(Base64, AnyBytesAndBrokenTexts) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(Base64Decode(Base64Encode(all)).ValueOrDie(), all);
  for (const char* broken : {"Zg", "Zg=", "Z", "Zm9v!", "=Zg="}) {
    EXPECT_EQ(CodeOf(Base64Decode(broken).status()), ErrorCode::kInvalidData) << broken;
    std::string out = "before";
    EXPECT_FALSE(AppendBase64Decoded(broken, out)) << broken;
    EXPECT_EQ(out, "before") << broken;
  }
  std::string out;
  EXPECT_TRUE(AppendBase64Decoded(Base64Encode(all), out));
  EXPECT_EQ(out, all);
}

TEST(Base64, TheStrictOneTakesNoOtherSpelling) {
  // White space, bits behind the last byte (RFC 4648 section 3.5), padding in the middle, the letters of
  // URLs.
  for (const char* text :
       {"Zm9v Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "A===", "Zm9-", "Zm9_", "Zm\n9v==="}) {
    std::string out;
    EXPECT_FALSE(AppendBase64Decoded(text, out)) << text;
    EXPECT_EQ(out, "") << text;
  }
  // Each wrong letter at each place is found.
  const std::string text = Base64Encode("123456789");
  for (size_t at = 0; at < text.size(); ++at) {
    for (int letter = 0; letter < 256; ++letter) {
      std::string other = text;
      other[at] = static_cast<char>(letter);
      std::string fast;
      const bool taken = AppendBase64Decoded(other, fast);
      const auto slow = Base64Decode(other);
      if (taken) {
        EXPECT_EQ(slow.ValueOrDie(), fast);
      } else if (slow.ok()) {
        EXPECT_TRUE(letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r' || letter == '\f' ||
                    letter == '\v' || letter == '=')
            << other;
      }
    }
  }
}

}  // namespace
}  // namespace penstock
