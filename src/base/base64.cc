#include "base/base64.h"

#include <nettle/base64.h>

#include <array>
#include <cstring>

namespace penstock {
namespace {

constexpr uint32_t kNoLetter = 0xff000000;

// What a letter stands for, already where it belongs in the 24 bits of four; table 0 is of the first letter.
constexpr std::array<std::array<uint32_t, 256>, 4> kLetters = [] {
  std::array<std::array<uint32_t, 256>, 4> tables{};
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t place = 0; place < 4; ++place) {
    for (auto& value : tables[place]) value = kNoLetter;
    for (size_t i = 0; i < letters.size(); ++i) {
      tables[place][static_cast<unsigned char>(letters[i])] = static_cast<uint32_t>(i) << (18 - 6 * place);
    }
  }
  return tables;
}();

uint32_t Four(const unsigned char* at) {
  return kLetters[0][at[0]] | kLetters[1][at[1]] | kLetters[2][at[2]] | kLetters[3][at[3]];
}

void Put(uint32_t bits, size_t bytes, char* to) {
  for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<char>(bits >> (16 - 8 * i));
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string out(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  base64_encode_raw(out.data(), bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
  return out;
}

Result<std::string> Base64Decode(std::string_view text) {
  std::string out(BASE64_DECODE_LENGTH(text.size()), '\0');
  size_t length = out.size();
  base64_decode_ctx context;
  base64_decode_init(&context);
  if (base64_decode_update(&context, &length, reinterpret_cast<uint8_t*>(out.data()), text.size(),
                           text.data()) != 1 ||
      base64_decode_final(&context) != 1) {
    return MakeError(ErrorCode::kInvalidData, "not Base64");
  }
  out.resize(length);
  return out;
}

bool AppendBase64Decoded(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  if (text.empty()) return true;
  const size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  const size_t before = out.size();
  out.resize(before + text.size() / 4 * 3 - padding);
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const last = at + text.size() - 4;
  char* to = out.data() + before;
  uint32_t wrong = 0;
  for (; at < last; at += 4, to += 3) {
    const uint32_t bits = Four(at);
    wrong |= bits;
    Put(bits, 3, to);
  }
  std::array<unsigned char, 4> end{};
  std::memcpy(end.data(), last, 4);
  for (size_t i = 4 - padding; i < 4; ++i) end[i] = 'A';
  const uint32_t bits = Four(end.data());
  wrong |= bits | ((bits & ((1U << (8 * padding)) - 1)) != 0 ? kNoLetter : 0);
  Put(bits, 3 - padding, to);
  if ((wrong & kNoLetter) == 0) return true;
  out.resize(before);
  return false;
}

}  // namespace penstock
