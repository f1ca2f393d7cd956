// Expressions tested as data: one case a line, in the shape of the JSONata project's own test suite. The
// fields are in tests/jsonata/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/case_file.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::jsonata {

// Runs one case on a clock that stands still. InvalidData: not a case.
Result<CaseResult> RunCase(const json::value& value, const json::object& datasets);
// Every line of a JSONL text; empty lines and lines that begin with '#' are left out. `datasets_json`: an
// object of inputs by name. InvalidData names the line.
Result<std::vector<CaseResult>> RunCases(std::string_view jsonl, std::string_view datasets_json);

}  // namespace penstock::jsonata
