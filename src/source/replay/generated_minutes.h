// Made-up minute bars of a session, the same for a symbol and a day on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "source/replay/generated_prices.h"

namespace penstock::source {

// `count` minutes whose first opens and whose last closes as the day's made-up bar (PriceModel) does, and
// whose highest high and lowest low are its. Nothing: a minute in which nobody traded, as the site has them
// now and then; never the first or the last.
std::vector<std::optional<GeneratedBar>> GenerateMinutes(std::string_view symbol, Date day, int count,
                                                         uint64_t seed);

}  // namespace penstock::source
