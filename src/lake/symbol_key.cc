#include "lake/symbol_key.h"

#include <fmt/format.h>

namespace penstock::lake {
namespace {

bool StaysAsItIs(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EncodeSymbol(std::string_view symbol) {
  std::string out;
  const bool dots = symbol.find_first_not_of('.') == std::string_view::npos;
  for (const char c : symbol) {
    if (StaysAsItIs(c) && !(dots && c == '.')) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Result<std::string> DecodeSymbol(std::string_view segment) {
  std::string out;
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      if (!StaysAsItIs(segment[i])) break;
      out += segment[i];
      continue;
    }
    if (i + 2 >= segment.size() || HexValue(segment[i + 1]) < 0 || HexValue(segment[i + 2]) < 0) break;
    out += static_cast<char>(HexValue(segment[i + 1]) * 16 + HexValue(segment[i + 2]));
    i += 2;
  }
  if (out.empty() || EncodeSymbol(out) != segment) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("not a symbol as keys write it: {}", segment));
  }
  return out;
}

}  // namespace penstock::lake
