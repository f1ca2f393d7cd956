// JSON values as text the way payloads and history show them: compact, numbers as people write them (1.1, not 1.1E0;
// 1.0 stays a double when read back).
#pragma once

#include <string>

#include "base/json.h"

namespace penstock::workflow {

void AppendJson(const json::value& value, std::string& out);
std::string JsonText(const json::value& value);

// Equal as JSON: numbers by value (1 and 1.0 are equal), objects whatever the order of their keys.
bool JsonEquals(const json::value& a, const json::value& b);

}  // namespace penstock::workflow
