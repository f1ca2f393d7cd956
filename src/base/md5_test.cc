#include "base/md5.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// RFC 1321, A.5.
TEST(Md5, TestSuiteOfTheStandard) {
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(Md5Hex("abcdefghijklmnopqrstuvwxyz"), "c3fcd3d76192e4007dfb496cca67e13b");
}

TEST(Md5, PiecesAreTheWhole) {
  Md5 hash;
  for (const char* piece : {"mess", "", "age digest"}) hash.Update(piece);
  EXPECT_EQ(hash.FinishHex(), Md5Hex("message digest"));
  EXPECT_EQ(hash.FinishHex(), Md5Hex(""));
}

}  // namespace
}  // namespace penstock
