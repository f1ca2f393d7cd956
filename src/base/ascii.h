// Letters, digits and spaces of ASCII, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Of a hexadecimal digit of either case; -1: it is none.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
// Two digits a byte, in lower case.
std::string HexText(std::string_view bytes);

// A to Z; other bytes stay.
constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string AsciiLower(std::string_view text);

constexpr std::string_view TrimAscii(std::string_view text, std::string_view spaces = " \t\r\n") {
  const size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

}  // namespace penstock
