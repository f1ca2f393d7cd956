// A gzipped tar archive in memory.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace penstock::source {

// ustar (POSIX.1-1988), files of mode 0644 in the order given; the same input gives the same bytes.
Result<std::string> MakeTarGz(const std::vector<std::pair<std::string, std::string>>& files,
                              TimePoint modified);

}  // namespace penstock::source
