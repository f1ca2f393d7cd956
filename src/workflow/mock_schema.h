// Whether a mocked result has the shape of the service's answer. Knows the answers that matter here; others
// are accepted as they are. Source: API references of the services; developer guide, "TestState", "Field
// validation modes".
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::workflow {

// InvalidData, in the service's words. `strict`: required fields must be there.
Status CheckMockResult(std::string_view resource, const json::value& result, bool strict);

}  // namespace penstock::workflow
