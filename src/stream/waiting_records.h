// What of a stream's log is not delivered, whoever serves it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace penstock::stream {

struct WaitingRecords {
  uint64_t records = 0, bytes = 0;
  std::optional<TimePoint> oldest;  // arrival
};
// Reads all of them. None: no such stream. `folder` has all streams (stream_folder.h).
Result<WaitingRecords> ReadWaiting(const std::string& folder, std::string_view name);

}  // namespace penstock::stream
