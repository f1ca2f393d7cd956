// Members of Firehose's JSON, read or refused as AWS refuses them. Source: Smithy, "AWS JSON 1.1 protocol";
// messages as the service gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::stream {

// InvalidArgumentException; SerializationException; ValidationException.
Status InvalidArgument(std::string message);
Status WrongType(std::string_view key, const char* expected);
Status Violated(std::string_view key, std::string_view constraint);

// A member that is null is absent (FindMember). Each leaves `out` as it is when the member is absent.
Status ReadText(const json::object& from, std::string_view key, size_t most, std::string* out);
Status ReadInt(const json::object& from, std::string_view key, int64_t least, int64_t most, int64_t* out);
Result<bool> BoolOr(const json::object& from, std::string_view key, bool fallback);
// nullptr: absent.
Result<const json::object*> ObjectOf(const json::object& from, std::string_view key);
// ValidationException: it is missing.
Result<std::string> RequiredText(const json::object& from, std::string_view key);

}  // namespace penstock::stream
