// Named points around commits at which a test can make the process fail or die.
//
//   PENSTOCK_FAULT="lake.put.before=kill@3,queue.send.after=error"
//
// `kill` ends the process at once, as kill -9 would; `error` makes the point return Io; `@N` is the N-th
// passage (1 by default; only that one). Unset, a point costs one relaxed load.
#pragma once

#include <atomic>
#include <string_view>

#include "base/status.h"

namespace penstock {

namespace fault_internal {
extern std::atomic<bool> armed;
Status Pass(std::string_view point);
}  // namespace fault_internal

inline Status FaultPoint(std::string_view point) {
  if (!fault_internal::armed.load(std::memory_order_relaxed)) return Status::OK();
  return fault_internal::Pass(point);
}

// Replaces what is armed; an empty text disarms. Usage: a text of another form.
Status ArmFaults(std::string_view text);
// Arms what PENSTOCK_FAULT says, if set.
Status ArmFaultsFromEnvironment();

}  // namespace penstock
