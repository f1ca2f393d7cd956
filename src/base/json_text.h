// JSON values as text, the only writer: compact, numbers as people write them (1.1, not 1.1E0; 1.0 stays a
// double when read back).
#pragma once

#include <string>

#include "base/json.h"

namespace penstock {

// How many levels deep a value may be: what ParseJson reads back.
inline constexpr int kMaxJsonDepth = 100;

// Answers how many levels deep the value is; 0 for one that is neither array nor object.
int AppendJson(const json::value& value, std::string& out);
std::string JsonText(const json::value& value);

// Equal as JSON: numbers by value (1 and 1.0 are equal), objects whatever the order of their keys.
bool JsonEquals(const json::value& a, const json::value& b);

// The text with every byte that is not UTF-8 replaced by '?'.
std::string ToValidUtf8(std::string text);

}  // namespace penstock
