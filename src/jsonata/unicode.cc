#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

uint32_t UpperOf(uint32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  if (c == 0xB5) return 0x39C;
  if (c >= 0xE0 && c <= 0xFE && c != 0xF7) return c - 32;
  if (c == 0xFF) return 0x178;
  if (c == 0x131) return 'I';
  if (c == 0x17F) return 'S';
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) return c & ~1U;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return (c & 1) == 0 ? c - 1 : c;
  if (c == 0x3AC) return 0x386;
  if (c >= 0x3AD && c <= 0x3AF) return c - 37;
  if (c == 0x3C2) return 0x3A3;
  if (c >= 0x3B1 && c <= 0x3CB) return c - 32;
  if (c == 0x3CC) return 0x38C;
  if (c == 0x3CD || c == 0x3CE) return c - 63;
  if (c >= 0x430 && c <= 0x44F) return c - 32;
  if (c >= 0x450 && c <= 0x45F) return c - 80;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F)) return c & ~1U;
  if (c >= 0x561 && c <= 0x586) return c - 48;
  if (c >= 0x1E00 && c <= 0x1EFF && !(c >= 0x1E96 && c <= 0x1E9F)) return c & ~1U;
  return c;
}

uint32_t LowerOf(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
  if (c == 0x178) return 0xFF;
  if (c == 0x130) return 'i';
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) return c | 1U;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return (c & 1) == 1 ? c + 1 : c;
  if (c == 0x386) return 0x3AC;
  if (c >= 0x388 && c <= 0x38A) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) return c + 32;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F)) return c | 1U;
  if (c >= 0x531 && c <= 0x556) return c + 48;
  if (c == 0x1E9E) return 0xDF;
  if (c >= 0x1E00 && c <= 0x1EFF && !(c >= 0x1E96 && c <= 0x1E9F)) return c | 1U;
  return c;
}

}  // namespace

void AppendCharacter(std::string& out, uint32_t c) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | c >> 6);
    byte(0x80 | (c & 63));
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12);
    byte(0x80 | (c >> 6 & 63));
    byte(0x80 | (c & 63));
  } else {
    byte(0xF0 | c >> 18);
    byte(0x80 | (c >> 12 & 63));
    byte(0x80 | (c >> 6 & 63));
    byte(0x80 | (c & 63));
  }
}

uint32_t ReadCharacter(std::string_view text, size_t& offset) {
  const auto first = static_cast<uint8_t>(text[offset++]);
  const int more = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0;
  if (more == 0 || offset + more > text.size()) return first;
  uint32_t c = first & (0x3F >> more);
  for (int i = 0; i < more; ++i) {
    if (!IsContinuation(text[offset + i])) return first;
    c = c << 6 | (static_cast<uint8_t>(text[offset + i]) & 63);
  }
  offset += more;
  return c;
}

std::u32string ToCodePoints(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const uint32_t c = ReadCharacter(text, offset);
    points += c >= 0x80 && offset == start + 1 ? U'\uFFFD' : static_cast<char32_t>(c);
  }
  return points;
}

std::string ToUtf8(std::u32string_view points) {
  std::string out;
  for (const char32_t point : points) AppendCharacter(out, point);
  return out;
}

size_t OffsetOfCharacter(std::string_view text, size_t index) {
  size_t offset = 0;
  for (; index > 0 && offset < text.size(); --index) ReadCharacter(text, offset);
  return offset;
}

size_t CountUnits(std::string_view text) {
  size_t count = 0;
  for (size_t offset = 0; offset < text.size();) count += ReadCharacter(text, offset) > 0xFFFF ? 2 : 1;
  return count;
}

size_t OffsetOfUnit(std::string_view text, size_t index) {
  size_t offset = 0;
  size_t count = 0;
  while (offset < text.size() && count < index) count += ReadCharacter(text, offset) > 0xFFFF ? 2 : 1;
  return offset;
}

int CompareTexts(std::string_view a, std::string_view b) {
  size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  if (same == a.size() || same == b.size()) return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  // By bytes as by code points; only the characters of two units come before U+E000 to U+FFFF.
  const auto first = static_cast<uint8_t>(a[same]);
  const auto second = static_cast<uint8_t>(b[same]);
  const bool less =
      first >= 0xEE && second >= 0xEE && (first >= 0xF0) != (second >= 0xF0) ? first >= 0xF0 : first < second;
  return less ? -1 : 1;
}

std::string ToUpper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const uint32_t c = ReadCharacter(text, offset);
    if (offset - start == 1 && c >= 0x80) {
      out += text[start];
    } else if (c == 0xDF) {
      out += "SS";
    } else {
      AppendCharacter(out, UpperOf(c));
    }
  }
  return out;
}

std::string ToLower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const uint32_t c = ReadCharacter(text, offset);
    if (offset - start == 1 && c >= 0x80) {
      out += text[start];
    } else {
      AppendCharacter(out, LowerOf(c));
    }
  }
  return out;
}

}  // namespace penstock::jsonata
