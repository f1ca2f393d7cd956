// Characters in UTF-8 text. JSONata counts code points in its functions on strings and UTF-16 units where a
// position comes from a regular expression. Bytes that are not UTF-8 count as a character each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::jsonata {

void AppendCharacter(std::string& out, uint32_t code_point);
// Reads the character at `offset` and moves behind it; a byte that begins none is answered as itself.
uint32_t ReadCharacter(std::string_view text, size_t& offset);

// A byte that is not part of UTF-8 becomes U+FFFD.
std::u32string ToCodePoints(std::string_view text);
std::string ToUtf8(std::u32string_view points);

// The bytes before character number `index`; all of them beyond the end.
size_t OffsetOfCharacter(std::string_view text, size_t index);

size_t CountUnits(std::string_view text);
size_t OffsetOfUnit(std::string_view text, size_t index);
// Below, at or above 0, as JavaScript orders strings: by their UTF-16 units.
int CompareTexts(std::string_view a, std::string_view b);

// The simple mappings of the C library's UTF-8 locale are not at hand everywhere: Latin, Greek, Cyrillic,
// Armenian and Georgian letters by rule, and ß to SS.
std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);

}  // namespace penstock::jsonata
