// The work `interpreter` of bench/run.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace penstock {

// A Map of `items` items over one Pass state, whole: parsed, run, ended. `how`: memory, durable (SQLite,
// fsync), distributed (durable; each item a child execution of the type EXPRESS). Prints items, seconds and
// state transitions a second.
Status RunInterpreter(const std::string& how, const std::string& folder, int64_t items);

}  // namespace penstock
