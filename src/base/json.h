// Documents (definitions, markers, messages, API bodies) as Boost.JSON values. Objects keep the order of
// their keys, so writing one is deterministic. Provider bodies have a parser of their own in source/.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock {

namespace json = boost::json;

// One JSON value, RFC 8259, nothing behind it, at most 100 levels deep. InvalidData names line and column.
Result<json::value> ParseJson(std::string_view text);

// Compact, on one line.
std::string ToJson(const json::value& value);
// Two spaces an indent, a newline at the end.
std::string ToPrettyJson(const json::value& value);

// The member `key` of the object `value`. InvalidData names the key and the type expected.
Result<std::string> GetString(const json::value& value, std::string_view key);
Result<int64_t> GetInt(const json::value& value, std::string_view key);
// The same with a default for a key that is absent (not for one of a wrong type).
Result<std::string> GetStringOr(const json::value& value, std::string_view key, std::string fallback);
Result<int64_t> GetIntOr(const json::value& value, std::string_view key, int64_t fallback);

}  // namespace penstock
