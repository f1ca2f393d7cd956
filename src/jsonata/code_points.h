// Text as Unicode code points: JSONata counts characters, not bytes.
#pragma once

#include <string>
#include <string_view>

namespace penstock::jsonata {

// A byte that is not part of UTF-8 becomes U+FFFD.
std::u32string ToCodePoints(std::string_view text);

void AppendUtf8(char32_t point, std::string& out);
std::string ToUtf8(std::u32string_view points);

}  // namespace penstock::jsonata
