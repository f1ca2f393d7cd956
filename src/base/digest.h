// Digests by the names under which AWS knows them, by nettle.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// Lower-case hexadecimal digits. `algorithm`: MD5, SHA-1, SHA-256, SHA-384 or SHA-512; nothing for another.
std::optional<std::string> HexDigest(std::string_view algorithm, std::string_view bytes);

}  // namespace penstock
