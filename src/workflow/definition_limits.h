// What runs here and what Step Functions would stop later, or read otherwise than it was meant: warnings,
// each with what to do. Quotas: AWS Step Functions developer guide, "Service quotas". NO_DOLLAR, NO_PATH and
// PASS_RESULT_IS_STATIC are codes of ValidateStateMachineDefinition; LIMIT_… and NO_DELIMITERS are ours.
#pragma once

#include <vector>

#include "workflow/definition.h"
#include "workflow/definition_outline.h"

namespace penstock::workflow {

void CheckLimits(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out);
// Values that look like paths where nothing evaluates them.
void CheckStaticPaths(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out);

}  // namespace penstock::workflow
