// MD5 (RFC 1321), by nettle: for the ETags of S3 and the digests of SQS, never for secrets.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace penstock {

// 32 lower-case hexadecimal digits.
std::string Md5Hex(std::string_view bytes);

// The same over pieces.
class Md5 {
 public:
  Md5();
  ~Md5();
  void Update(std::string_view bytes);
  // Ends the hash; the object may then be used for another.
  std::string FinishHex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock
