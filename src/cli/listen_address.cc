#include "cli/listen_address.h"

#include <fmt/format.h>

#include <charconv>

namespace penstock::cli {

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  ListenAddress listen;
  const size_t colon = text.rfind(':');
  const char* const end = text.data() + text.size();
  if (colon != std::string_view::npos && colon > 0 && colon + 1 < text.size()) {
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, listen.port);
    if (error == std::errc() && at == end) {
      std::string_view address = text.substr(0, colon);
      if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
      listen.address = address == "localhost" ? "127.0.0.1" : address;
      return listen;
    }
  }
  return MakeError(ErrorCode::kUsage, fmt::format("--listen: expected ADDRESS:PORT, got {}", text));
}

}  // namespace penstock::cli
