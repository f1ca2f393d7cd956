// MD5 (RFC 1321), by nettle: for the ETags of S3 and the digests of SQS, never for secrets.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// 32 lower-case hexadecimal digits.
std::string Md5Hex(std::string_view bytes);

}  // namespace penstock
