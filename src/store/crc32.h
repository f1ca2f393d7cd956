// CRC-32 as S3 wants it: of each part of an upload, and of the whole from those of the parts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::store {

// The CRC-32 of gzip and zlib (RFC 1952 section 8).
uint32_t Crc32(std::string_view bytes);
// Of a's bytes followed by b's, of which there are `b_size`.
uint32_t CombineCrc32(uint32_t a, uint32_t b, int64_t b_size);
// Big-endian in base64: the value of x-amz-checksum-crc32. Source: Amazon S3 API Reference, PutObject.
std::string Crc32Header(uint32_t crc);

}  // namespace penstock::store
