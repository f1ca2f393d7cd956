// Text from outside, checked before it is written as text.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// The bytes of the first code point of `text` (1 to 4); 0 when it does not begin with one, or is empty.
// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
size_t Utf8Length(std::string_view text);

// Code points; a byte that is not part of UTF-8 counts as one unless it looks like a continuation.
size_t CountCharacters(std::string_view text);

bool IsUtf8(std::string_view text);

// Each byte that is not part of UTF-8 becomes U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace penstock
