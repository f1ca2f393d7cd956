// CRC-32C (Castagnoli), by the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::stream {

// Of `bytes`: "123456789" gives 0xE3069283. Source: RFC 3720, appendix B.4.
uint32_t Crc32c(std::string_view bytes);
// Of what `crc` is of, followed by `bytes`.
uint32_t Crc32c(uint32_t crc, std::string_view bytes);

}  // namespace penstock::stream
