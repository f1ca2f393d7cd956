// The recorded set of daily bars of many symbols in one file (data/MANIFEST.tsv).
#pragma once

#include <map>
#include <string>

#include "source/replay/bar_text.h"

namespace penstock::source {

// Zstandard-compressed CSV with the header Date,Open,High,Low,Close,Volume,Name, rows grouped by Name and
// ascending by Date. NotFound: no such file. InvalidData: damaged, or of another form (names the line).
// TooLarge: over 1 GiB.
Result<std::map<std::string, BarText, std::less<>>> ReadBulkFile(const std::string& file);

}  // namespace penstock::source
