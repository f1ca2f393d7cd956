#include "base/md5.h"

#include <nettle/md5.h>

#include "base/ascii.h"

namespace penstock {

struct Md5::State {
  md5_ctx context;
};

Md5::Md5() : state_(std::make_unique<State>()) { md5_init(&state_->context); }
Md5::~Md5() = default;

void Md5::Update(std::string_view bytes) {
  md5_update(&state_->context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
}

std::string Md5::FinishHex() {
  uint8_t digest[MD5_DIGEST_SIZE];
  md5_digest(&state_->context, sizeof digest, digest);
  return HexText({reinterpret_cast<const char*>(digest), sizeof digest});
}

std::string Md5Hex(std::string_view bytes) {
  Md5 hash;
  hash.Update(bytes);
  return hash.FinishHex();
}

}  // namespace penstock
