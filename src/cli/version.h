#pragma once

#include <string_view>

namespace penstock::cli {

inline constexpr std::string_view kVersion = "penstock " PENSTOCK_VERSION;

}  // namespace penstock::cli
