// Base64 (RFC 4648 section 4).
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock {

// With padding, on one line.
std::string Base64Encode(std::string_view bytes);
// White space is skipped. InvalidData: other letters, or a wrong length.
Result<std::string> Base64Decode(std::string_view text);
// Adds the bytes behind `out`; for many texts into one buffer, some five times as fast. Strict: padding, no
// white space, no bits behind the last byte. False, and `out` as it was: not such a text.
bool AppendBase64Decoded(std::string_view text, std::string& out);

}  // namespace penstock
