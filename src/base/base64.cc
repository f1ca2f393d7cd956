#include "base/base64.h"

#include <nettle/base64.h>

namespace penstock {

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

}  // namespace penstock
