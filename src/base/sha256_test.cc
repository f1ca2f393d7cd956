#include "base/sha256.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// FIPS 180-4's examples: csrc.nist.gov, "Cryptographic Standards and Guidelines, Example Values", SHA256.
TEST(Sha256, VectorsOfTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, InPiecesAndAgain) {
  Sha256 hash;
  for (int round = 0; round < 2; ++round) {
    const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (const char c : text) hash.Update(std::string_view(&c, 1));
    EXPECT_EQ(hash.FinishHex(), Sha256Hex(text));
  }
}

// RFC 4231 sections 4.2, 4.3 and 4.7: a key shorter than a block, and one longer.
TEST(HmacSha256, VectorsOfTheRfc) {
  EXPECT_EQ(HmacSha256Hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const std::string key(131, '\xaa');
  const std::string message = "Test Using Larger Than Block-Size Key - Hash Key First";
  EXPECT_EQ(HmacSha256Hex(key, message), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(HmacSha256(key, message).substr(0, 4), "\x60\xe4\x31\x59");
}

}  // namespace
}  // namespace penstock
