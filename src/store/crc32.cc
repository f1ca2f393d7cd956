#include "store/crc32.h"

#include <zlib.h>

namespace penstock::store {

uint32_t Crc32(std::string_view bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

uint32_t CombineCrc32(uint32_t a, uint32_t b, int64_t b_size) {
  return static_cast<uint32_t>(::crc32_combine(a, b, b_size));
}

std::string Crc32Header(uint32_t crc) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint64_t bits = static_cast<uint64_t>(crc) << 4;  // 36 bits: six digits
  std::string text;
  for (int shift = 30; shift >= 0; shift -= 6) text += kDigits[(bits >> shift) & 63];
  return text + "==";
}

}  // namespace penstock::store
