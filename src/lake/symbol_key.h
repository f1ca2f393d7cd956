// A symbol as one segment of a key.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::lake {

// Letters, digits, '-' and '.' stay, everything else is percent-encoded, upper-case (^GSPC: %5EGSPC, RDS/A:
// RDS%2FA, "..": %2E%2E). RFC 3986 section 2.1.
std::string EncodeSymbol(std::string_view symbol);
// InvalidData: not what EncodeSymbol writes.
Result<std::string> DecodeSymbol(std::string_view segment);

}  // namespace penstock::lake
