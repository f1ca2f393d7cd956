// --listen: where a server of ours answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::cli {

struct ListenAddress {
  std::string address;  // without the brackets of IPv6
  uint16_t port = 0;    // 0: any free one

  // Seen from this machine only.
  bool is_loopback() const { return address == "::1" || address.starts_with("127."); }
};

// ADDRESS:PORT, [::1]:PORT, localhost:PORT. Usage.
Result<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace penstock::cli
