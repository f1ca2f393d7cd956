#include "base/json.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace penstock {
namespace {

void Pretty(const json::value& value, std::string& out, int indent) {
  const auto newline = [&](int level) {
    out += '\n';
    out.append(static_cast<size_t>(level) * 2, ' ');
  };
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& member : *object) {
      if (!first) out += ',';
      first = false;
      newline(indent + 1);
      out += JsonText(json::value(member.key()));
      out += ": ";
      Pretty(member.value(), out, indent + 1);
    }
    newline(indent);
    out += '}';
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    bool first = true;
    for (const auto& element : *array) {
      if (!first) out += ',';
      first = false;
      newline(indent + 1);
      Pretty(element, out, indent + 1);
    }
    newline(indent);
    out += ']';
  } else {
    out += JsonText(value);
  }
}

Result<const json::value*> Member(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  if (object == nullptr) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("expected an object with the key \"{}\"", key));
  }
  return object->if_contains(key);
}

Status WrongType(std::string_view key, std::string_view expected, const json::value* got) {
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("\"{}\": expected {}, got {}", key, expected,
                               got == nullptr ? "nothing" : JsonText(*got).substr(0, 80)));
}

}  // namespace

Result<json::value> ParseJson(std::string_view text) {
  json::parse_options options;
  options.max_depth = 100;
  json::error_code error;
  json::stream_parser parser({}, options);
  const size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size() && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
    error = json::error::extra_data;
  }
  if (!error) parser.finish(error);
  if (error) {
    const auto before = text.substr(0, std::min(used, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto newline = before.rfind('\n');
    const auto column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("not JSON, line {} column {}: {}", line, column, error.message()));
  }
  return parser.release();
}

std::string ToJson(const json::value& value) { return JsonText(value); }

std::string ToPrettyJson(const json::value& value) {
  std::string out;
  Pretty(value, out, 0);
  out += '\n';
  return out;
}

Result<std::string> GetString(const json::value& value, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* member, Member(value, key));
  if (member == nullptr || !member->is_string()) return WrongType(key, "a string", member);
  return std::string(member->get_string());
}

Result<int64_t> GetInt(const json::value& value, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* member, Member(value, key));
  if (member != nullptr) {
    if (member->is_int64()) return member->get_int64();
    if (member->is_uint64() && member->get_uint64() <= static_cast<uint64_t>(INT64_MAX)) {
      return static_cast<int64_t>(member->get_uint64());
    }
  }
  return WrongType(key, "a whole number", member);
}

Result<std::string> GetStringOr(const json::value& value, std::string_view key, std::string fallback) {
  ASSIGN_OR_RETURN(const auto* member, Member(value, key));
  if (member == nullptr) return fallback;
  return GetString(value, key);
}

Result<int64_t> GetIntOr(const json::value& value, std::string_view key, int64_t fallback) {
  ASSIGN_OR_RETURN(const auto* member, Member(value, key));
  if (member == nullptr) return fallback;
  return GetInt(value, key);
}

}  // namespace penstock
