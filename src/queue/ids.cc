#include "queue/ids.h"

#include <fmt/format.h>

#include <random>

namespace penstock::queue {
namespace {
constexpr size_t kIdSize = 32;
}

std::string NewId() {
  std::random_device device;  // getentropy(3) or the CPU's own: nothing that a fork would copy
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

std::string NewReceipt(std::string_view id) { return fmt::format("{}:{}", id, NewId()); }

std::optional<std::string> IdOfReceipt(std::string_view receipt) {
  if (receipt.size() != 2 * kIdSize + 1 || receipt[kIdSize] != ':') return std::nullopt;
  return std::string(receipt.substr(0, kIdSize));
}

}  // namespace penstock::queue
