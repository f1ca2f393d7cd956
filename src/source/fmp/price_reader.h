// The shapes of a price history that body.h lists, read into a Series.
#pragma once

#include <string_view>

#include "source/series.h"

namespace penstock::source::fmp {

// JSON. InvalidData: broken, another shape, or another symbol than the context's; an error object of FMP:
// what ProviderError says.
Status ReadPrices(std::string_view bytes, const ParseContext& context, Series* series);

}  // namespace penstock::source::fmp
