// SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), by nettle.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace penstock {

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

// 32 bytes, not text.
std::string HmacSha256(std::string_view key, std::string_view message);
// The same in 64 lower-case hexadecimal digits.
std::string HmacSha256Hex(std::string_view key, std::string_view message);

// The hash over pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Update(std::string_view bytes);
  // Ends the hash; the object may then be used for another.
  std::string FinishHex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock
