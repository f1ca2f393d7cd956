// SHA-256 (FIPS 180-4), by nettle.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace penstock {

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

// The same over pieces.
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
