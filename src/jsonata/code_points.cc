#include "jsonata/code_points.h"

#include "base/utf8.h"

namespace penstock::jsonata {

std::u32string ToCodePoints(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      points += U'\uFFFD';
      text.remove_prefix(1);
      continue;
    }
    // The lead byte keeps 7, 5, 4 or 3 bits; each byte behind it 6.
    const auto lead = static_cast<unsigned char>(text[0]);
    char32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    points += point;
    text.remove_prefix(length);
  }
  return points;
}

void AppendUtf8(char32_t point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) point = 0xFFFD;
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::string ToUtf8(std::u32string_view points) {
  std::string out;
  for (const char32_t point : points) AppendUtf8(point, out);
  return out;
}

}  // namespace penstock::jsonata
