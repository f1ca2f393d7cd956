#include "query/display_width.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "query/sql_text.h"

namespace penstock::query {
namespace {

struct Range {
  uint32_t first, last;
};

constexpr std::array<Range, 26> kZero = {{
    {0x0300, 0x036F},   {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0670, 0x0670},   {0x06D6, 0x06DC}, {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948},
    {0x094D, 0x094D},   {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},   {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0},
    {0x302A, 0x302D},   {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    {0xE0100, 0xE01EF},
}};
constexpr std::array<Range, 22> kWide = {{
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A}, {0x23E9, 0x23EC}, {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x2705, 0x2705}, {0x274C, 0x274C}, {0x2795, 0x2797},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
    {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
}};

template <size_t N>
bool In(const std::array<Range, N>& ranges, uint32_t code) {
  const auto* after = std::upper_bound(ranges.begin(), ranges.end(), code,
                                       [](uint32_t c, const Range& r) { return c < r.first; });
  return after != ranges.begin() && code <= (after - 1)->last;
}

struct CodePoint {
  uint32_t code;
  size_t bytes;
  bool valid;
};

CodePoint Decode(std::string_view text, size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x80) return {c, 1, true};
  const size_t size = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
  if (at + size > text.size() || !IsUtf8(text.substr(at, size))) return {0xFFFD, 1, false};
  uint32_t code = c & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  return {code, size, true};
}

size_t WidthOf(uint32_t code) { return code < 0x300 ? 1 : In(kZero, code) ? 0 : In(kWide, code) ? 2 : 1; }

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text, at);
    width += WidthOf(point.code);
    at += point.bytes;
  }
  return width;
}

std::string FitToWidth(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  size_t used = 0;
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = Decode(text, at);
    if (used + WidthOf(point.code) > width - 1) break;
    used += WidthOf(point.code);
    at += point.bytes;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string WithoutControls(std::string_view text) {
  std::string clean;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text, at);
    if (point.code == '\n') {
      clean += '\n';
    } else if (point.code == '\t') {
      clean += "\\t";
    } else if (point.code == '\r') {
      clean += "\\r";
    } else if (!point.valid || point.code < 0x20 || point.code == 0x7F ||
               (point.code >= 0x80 && point.code < 0xA0) || (point.code >= 0x202A && point.code <= 0x202E) ||
               (point.code >= 0x2066 && point.code <= 0x2069)) {
      const uint32_t shown = point.valid ? point.code : static_cast<unsigned char>(text[at]);
      clean += shown > 0xFF ? fmt::format("\\u{:04x}", shown) : fmt::format("\\x{:02x}", shown);
    } else {
      clean += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
  return clean;
}

}  // namespace penstock::query
