// Tests as data: one case a line of JSON, for all who run such cases (state machines, JSONata).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock {

struct CaseResult {
  std::string id;
  bool passed = false;
  bool skipped = false;    // of a kind or with a need that is not supported
  std::string difference;  // why it did not pass, or was skipped
};

// Runs every line of a JSONL text; empty lines and lines that begin with '#' are left out. InvalidData, or
// what `run` returned, names the line.
Result<std::vector<CaseResult>> RunCaseFile(
    std::string_view jsonl, const std::function<Result<CaseResult>(const json::value& line)>& run);

// The first case of the text; null when it has none. InvalidData names the line.
Result<json::value> FirstCase(std::string_view jsonl);

}  // namespace penstock
