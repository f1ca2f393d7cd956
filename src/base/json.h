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

// What members are looked up in: an object, or a value that should be one. Refers to it; nothing is copied.
class ObjectView {
 public:
  ObjectView(const json::value& value) : object_(value.if_object()) {}
  ObjectView(const json::object& object) : object_(&object) {}
  // nullptr for a value that is no object.
  const json::object* object() const { return object_; }

 private:
  const json::object* object_;
};

// The member `key`; nullptr when there is none, when it is null, or when `from` is no object.
const json::value* FindMember(ObjectView from, std::string_view key);

// The member `key`. InvalidData names the key and the type expected.
Result<std::string> GetString(ObjectView from, std::string_view key);
Result<int64_t> GetInt(ObjectView from, std::string_view key);
Result<const json::array*> GetArray(ObjectView from, std::string_view key);
// The same with a default for a key that is absent (not for one of a wrong type).
Result<std::string> GetStringOr(ObjectView from, std::string_view key, std::string fallback);
Result<int64_t> GetIntOr(ObjectView from, std::string_view key, int64_t fallback);
Result<bool> GetBoolOr(ObjectView from, std::string_view key, bool fallback);

}  // namespace penstock
