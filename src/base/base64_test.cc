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
  }
}

TEST(Base64, AnyBytesAndBrokenTexts) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(Base64Decode(Base64Encode(all)).ValueOrDie(), all);
  for (const char* broken : {"Zg", "Zg=", "Z", "Zm9v!", "=Zg="}) {
    EXPECT_EQ(CodeOf(Base64Decode(broken).status()), ErrorCode::kInvalidData) << broken;
  }
}

}  // namespace
}  // namespace penstock
