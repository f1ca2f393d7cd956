#include "stream/firehose_member.h"

#include <fmt/format.h>

#include "stream/firehose_error.h"

namespace penstock::stream {

Status InvalidArgument(std::string message) {
  return FirehoseError("InvalidArgumentException", std::move(message));
}
Status WrongType(std::string_view key, const char* expected) {
  return FirehoseError("SerializationException", fmt::format("{}: expected {}", key, expected));
}
Status Violated(std::string_view key, std::string_view constraint) {
  return FirehoseError(
      "ValidationException",
      fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: {}", key,
                  constraint));
}

Status ReadText(const json::object& from, std::string_view key, size_t most, std::string* out) {
  const auto* value = FindMember(from, key);
  if (value == nullptr) return Status::OK();
  if (!value->is_string()) return WrongType(key, "a text");
  if (value->get_string().size() > most) {
    return Violated(key, fmt::format("Member must have length less than or equal to {}", most));
  }
  *out = value->get_string();
  return Status::OK();
}
Status ReadInt(const json::object& from, std::string_view key, int64_t least, int64_t most, int64_t* out) {
  const auto* value = FindMember(from, key);
  if (value == nullptr) return Status::OK();
  if (!value->is_int64() && !value->is_uint64()) return WrongType(key, "a whole number");
  const int64_t number = value->is_int64() ? value->get_int64() : most + 1;
  if (number < least)
    return Violated(key, fmt::format("Member must have value greater than or equal to {}", least));
  if (number > most)
    return Violated(key, fmt::format("Member must have value less than or equal to {}", most));
  *out = number;
  return Status::OK();
}
Result<bool> BoolOr(const json::object& from, std::string_view key, bool fallback) {
  const auto* value = FindMember(from, key);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) return WrongType(key, "true or false");
  return value->get_bool();
}
Result<const json::object*> ObjectOf(const json::object& from, std::string_view key) {
  const auto* value = FindMember(from, key);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return WrongType(key, "an object");
  return &value->get_object();
}

Result<std::string> RequiredText(const json::object& from, std::string_view key) {
  const auto* value = FindMember(from, key);
  if (value == nullptr) {
    std::string where(key);
    where[0] = static_cast<char>(where[0] >= 'A' && where[0] <= 'Z' ? where[0] - 'A' + 'a' : where[0]);
    return FirehoseError(
        "ValidationException",
        fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
                    "Member must not be null",
                    where));
  }
  if (!value->is_string()) return WrongType(key, "a text");
  return std::string(value->get_string());
}

}  // namespace penstock::stream
