// Base 64 of characters up to U+00FF as bytes, and percent signs of URLs as ECMA-262 puts them
// (encodeURIComponent and its kin).
#include <nettle/base64.h>

#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

constexpr std::string_view kUnreserved = "-_.!~*'()";
constexpr std::string_view kReserved = ";/?:@&=+$,#";

Result<Value> Base64Encode(const Invocation& call) {
  if (!call[0]) return Value();
  const std::string_view text = call[0].text();
  std::string bytes;
  for (size_t offset = 0; offset < text.size();) {
    const uint32_t c = ReadCharacter(text, offset);
    if (c > 0xFF) {
      return Failure("D3137",
                     {.value = "$base64encode takes characters up to U+00FF: " + ValueText(call[0])});
    }
    bytes += static_cast<char>(c);
  }
  std::string out(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  base64_encode_raw(out.data(), bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
  return call.evaluator.Text(std::move(out));
}

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

// As lenient as the original: either alphabet, and other characters are passed over.
Result<Value> Base64Decode(const Invocation& call) {
  if (!call[0]) return Value();
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : call[0].text()) {
    if (c == '=') break;
    const int digit = Base64Digit(c);
    if (digit < 0) continue;
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0xFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    AppendCharacter(out, bits >> count & 0xFF);
  }
  return call.evaluator.Text(std::move(out));
}

Status Malformed(const Value& text) { return Failure("D3140", {.value = ValueText(text)}); }

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Result<Value> Encode(const Invocation& call, std::string_view kept) {
  if (!call[0]) return Value();
  const std::string_view text = call[0].text();
  if (!IsUtf8(text)) return Malformed(call[0]);
  RETURN_IF_ERROR(call.evaluator.Reserve(3 * text.size()));
  std::string out;
  for (const char c : text) {
    if (IsAlphanumeric(c) || kUnreserved.find(c) != kUnreserved.npos || kept.find(c) != kept.npos) {
      out += c;
      continue;
    }
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<uint8_t>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return call.evaluator.Text(std::move(out));
}

// `kept`: what stays written with a percent sign.
Result<Value> Decode(const Invocation& call, std::string_view kept) {
  if (!call[0]) return Value();
  const std::string_view text = call[0].text();
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Malformed(call[0]);
    const char c = static_cast<char>(high << 4 | low);
    if (kept.find(c) != kept.npos) {
      out += text.substr(i, 3);
    } else {
      out += c;
    }
    i += 2;
  }
  if (!IsUtf8(out)) return Malformed(call[0]);
  return call.evaluator.Text(std::move(out));
}

Result<Value> EncodeUrlComponent(const Invocation& call) { return Encode(call, ""); }
Result<Value> EncodeUrl(const Invocation& call) { return Encode(call, kReserved); }
Result<Value> DecodeUrlComponent(const Invocation& call) { return Decode(call, ""); }
Result<Value> DecodeUrl(const Invocation& call) { return Decode(call, kReserved); }

constexpr std::array kRows{
    BuiltinRow{"base64encode", "<s-:s>", Base64Encode},
    BuiltinRow{"base64decode", "<s-:s>", Base64Decode},
    BuiltinRow{"encodeUrlComponent", "<s-:s>", EncodeUrlComponent},
    BuiltinRow{"encodeUrl", "<s-:s>", EncodeUrl},
    BuiltinRow{"decodeUrlComponent", "<s-:s>", DecodeUrlComponent},
    BuiltinRow{"decodeUrl", "<s-:s>", DecodeUrl},
};

}  // namespace

std::span<const BuiltinRow> EncodingFunctions() { return kRows; }

}  // namespace penstock::jsonata
