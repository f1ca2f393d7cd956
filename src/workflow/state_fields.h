// Which fields a state has, by its type and query language.
// Source: Amazon States Language; AWS Step Functions developer guide, "Recommended fields for each state".
#pragma once

#include <set>
#include <string_view>

#include "workflow/definition.h"

namespace penstock::workflow {

// Beside Comment.
const std::set<std::string_view>& FieldsOf(StateType type, QueryLanguage language);

}  // namespace penstock::workflow
