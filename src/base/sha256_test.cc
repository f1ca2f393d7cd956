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

}  // namespace
}  // namespace penstock
