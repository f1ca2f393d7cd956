// What is wrong with a definition as a whole: states that cannot be reached, machines that cannot end, loops
// that cannot be left, names that are there twice.
// Source: AWS Step Functions API reference, ValidateStateMachineDefinitionDiagnostic, for the codes.
#pragma once

#include <vector>

#include "workflow/definition.h"
#include "workflow/definition_outline.h"

namespace penstock::workflow {

// LOOP_WITHOUT_EXIT (a warning) is ours. Linear in the number of states and transitions.
void AnalyseTransitions(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out);

}  // namespace penstock::workflow
