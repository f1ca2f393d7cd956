#include "stream/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace penstock::stream {

uint32_t Crc32c(uint32_t crc, std::string_view bytes) {
  constexpr size_t kMost = 1 << 30;  // ISA-L counts in int
  crc = ~crc;
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, kMost);
    // It reads only; the header of this version has no const.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(part.data()));
    crc = ::crc32_iscsi(data, static_cast<int>(part.size()), crc);
    bytes.remove_prefix(part.size());
  }
  return ~crc;
}

uint32_t Crc32c(std::string_view bytes) { return Crc32c(0, bytes); }

}  // namespace penstock::stream
