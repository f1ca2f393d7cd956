// Makes what the checks of a definition found readable: places in the text, AWS's form of a location, the
// order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "workflow/definition.h"

namespace penstock::workflow {

// Faults of a text that is no JSON object: `parsed` is what ParseJson said of it.
Diagnostic NotADocument(std::string_view text, const Result<json::value>& parsed);
// Of a text that is JSON: adds duplicate keys, joins the required fields of one object, fills in line, column
// and location, and sorts by place.
void Locate(std::string_view text, std::vector<Diagnostic>& diagnostics);
// "Invalid State Machine Definition: 'CODE: message at /place, …'": what CreateStateMachine answers. Without
// an error: empty.
std::string InvalidDefinitionMessage(const std::vector<Diagnostic>& diagnostics);

// As ValidateStateMachineDefinition reports: its own codes only, and no transitions of a document whose
// schema is broken.
std::vector<Diagnostic> AsAwsReports(std::vector<Diagnostic> diagnostics);

}  // namespace penstock::workflow
