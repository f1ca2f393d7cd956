// The works over tables of a file a ticker.
#pragma once

#include <string>

#include "base/status.h"

namespace penstock {

// One day of each ticker, EOD/SYMBOL.json, merged into OUT/clean/bars/SYMBOL.parquet.
Status UpdateTickers(const std::string& eod, const std::string& out);

}  // namespace penstock
