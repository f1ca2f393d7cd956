// FMP's lists of symbols.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "base/status.h"

namespace penstock::source::fmp {

// The symbols of [{"symbol",…}], as FMP spells them. InvalidData: not such a list.
Result<std::unordered_set<std::string>> ReadSymbolList(std::string_view bytes, std::string_view raw_key);

}  // namespace penstock::source::fmp
