// The works over tables of a file a ticker.
#pragma once

#include <string>

#include "base/status.h"

namespace penstock {

// One day of each ticker, EOD/SYMBOL.json, merged into OUT/clean/bars/SYMBOL.parquet.
Status UpdateTickers(const std::string& eod, const std::string& out);

// The last row of each file of BUCKET/clean/bars to one Parquet file, from the files' tails, or from the tail
// index (which is made when there is none).
Status LatestOfTickers(const std::string& bucket, const std::string& out, bool from_index);

}  // namespace penstock
