#include "base/digest.h"

#include <fmt/format.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include <array>

namespace penstock {
namespace {

template <typename Context, size_t kSize>
std::string Digest(std::string_view text, void (*init)(Context*),
                   void (*update)(Context*, size_t, const uint8_t*),
                   void (*digest)(Context*, size_t, uint8_t*)) {
  Context context;
  init(&context);
  update(&context, text.size(), reinterpret_cast<const uint8_t*>(text.data()));
  std::array<uint8_t, kSize> bytes{};
  digest(&context, bytes.size(), bytes.data());
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

}  // namespace

std::optional<std::string> HexDigest(std::string_view algorithm, std::string_view bytes) {
  if (algorithm == "MD5") return Digest<md5_ctx, MD5_DIGEST_SIZE>(bytes, md5_init, md5_update, md5_digest);
  if (algorithm == "SHA-1") {
    return Digest<sha1_ctx, SHA1_DIGEST_SIZE>(bytes, sha1_init, sha1_update, sha1_digest);
  }
  if (algorithm == "SHA-256") {
    return Digest<sha256_ctx, SHA256_DIGEST_SIZE>(bytes, sha256_init, sha256_update, sha256_digest);
  }
  if (algorithm == "SHA-384") {
    return Digest<sha512_ctx, SHA384_DIGEST_SIZE>(bytes, sha384_init, sha512_update, sha384_digest);
  }
  if (algorithm == "SHA-512") {
    return Digest<sha512_ctx, SHA512_DIGEST_SIZE>(bytes, sha512_init, sha512_update, sha512_digest);
  }
  return std::nullopt;
}

}  // namespace penstock
