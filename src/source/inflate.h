// Gzip, for bodies that were kept compressed.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::source {

// RFC 1952 section 2.3.1: the two first bytes.
inline bool IsGzip(std::string_view bytes) { return bytes.substr(0, 2) == "\x1f\x8b"; }

// All members of a gzip stream. TooLarge: more than `max_bytes` come out. InvalidData: damaged or cut short.
Result<std::string> Inflate(std::string_view bytes, size_t max_bytes);

// One gzip member.
Result<std::string> Deflate(std::string_view bytes);

}  // namespace penstock::source
