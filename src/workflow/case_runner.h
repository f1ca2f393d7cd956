// State machines tested as data: one case a line, with the definition, the input, what tasks answer and how
// the execution is to end. The format is that of tests/workflow/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/case_file.h"
#include "base/json.h"
#include "base/status.h"

namespace penstock::workflow {

// Runs one case in memory, on a clock that jumps over every wait. InvalidData: not a case.
Result<CaseResult> RunCase(const json::value& value);
// Every line of a JSONL text; empty lines and lines that begin with '#' are left out. InvalidData names the
// line.
Result<std::vector<CaseResult>> RunCases(std::string_view jsonl);

}  // namespace penstock::workflow
