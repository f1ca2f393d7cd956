// Timestamps as the Amazon States Language wants them.
#pragma once

#include <string_view>

#include "base/clock.h"

namespace penstock::workflow {

// RFC 3339 with 'T' and 'Z' or an offset, both upper case; a day and a time of day that exist. InvalidData
// otherwise. Source: Amazon States Language, "Timestamps".
Result<TimePoint> ParseAslTimestamp(std::string_view text);

}  // namespace penstock::workflow
