// Backfill from what was kept: every raw object that no marker speaks of (FTSE-3).
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "pipeline/market/transform.h"

namespace penstock::pipeline {

struct ProcessOptions {
  bool again = false;        // also what is done
  std::optional<Date> only;  // of this raw day
  std::stop_token stop;
};

// Transforms, raw day by raw day, then publishes the tables. A summary for each raw day that has objects,
// ascending. Safe to repeat and to interrupt.
Result<std::vector<TransformSummary>> ProcessRaw(const Pipeline& pipeline, const Runtime& runtime,
                                                 const ProcessOptions& options);

}  // namespace penstock::pipeline
