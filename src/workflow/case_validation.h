// Cases of the kinds create_invalid and validate: what is said of a definition before it runs.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace penstock::workflow {

// Why the definition's diagnostics are not those of the case (expected_result, expected_diagnostics;
// expected_message for create_invalid); empty: they are.
std::string CompareValidation(const json::object& description, std::string_view definition);

}  // namespace penstock::workflow
