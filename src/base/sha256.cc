#include "base/sha256.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include "base/ascii.h"

namespace penstock {
namespace {

const uint8_t* Bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

std::string Hex(const uint8_t (&digest)[SHA256_DIGEST_SIZE]) {
  return HexText({reinterpret_cast<const char*>(digest), sizeof digest});
}

void Hmac(std::string_view key, std::string_view message, uint8_t (&digest)[SHA256_DIGEST_SIZE]) {
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), Bytes(key));
  hmac_sha256_update(&context, message.size(), Bytes(message));
  hmac_sha256_digest(&context, sizeof digest, digest);
}

}  // namespace

struct Sha256::State {
  sha256_ctx context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { sha256_init(&state_->context); }
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) { sha256_update(&state_->context, bytes.size(), Bytes(bytes)); }

std::string Sha256::FinishHex() {
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_digest(&state_->context, sizeof digest, digest);
  return Hex(digest);
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.FinishHex();
}

std::string HmacSha256(std::string_view key, std::string_view message) {
  uint8_t digest[SHA256_DIGEST_SIZE];
  Hmac(key, message, digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof digest);
}

std::string HmacSha256Hex(std::string_view key, std::string_view message) {
  uint8_t digest[SHA256_DIGEST_SIZE];
  Hmac(key, message, digest);
  return Hex(digest);
}

}  // namespace penstock
