// Base64 (RFC 4648 section 4), by nettle.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock {

// With padding, on one line.
std::string Base64Encode(std::string_view bytes);
// White space is skipped. InvalidData: other letters, or a wrong length.
Result<std::string> Base64Decode(std::string_view text);

}  // namespace penstock
