// Undoes the Content-Encoding of a body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::net {

// What a request asks for in Accept-Encoding.
inline constexpr const char* kAcceptEncoding = "gzip, deflate";

// `body` as it came, decoded by `coding` (the value of Content-Encoding: gzip, x-gzip, deflate, identity or
// empty; RFC 9110 section 8.4.1, RFC 1952, and for deflate both RFC 1950 and the bare RFC 1951 that some
// servers send). An empty body stays empty. Unavailable: a stream that is broken or ends early (libcurl's own
// decoder takes the latter for whole). TooLarge: more than `max_bytes`, noticed before they are made.
// InvalidData: another coding.
Result<std::string> DecodeContent(std::string body, std::string_view coding, int64_t max_bytes);

}  // namespace penstock::net
