#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

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

Result<const json::value*> Member(ObjectView from, std::string_view key) {
  if (from.object() == nullptr) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("expected an object with the key \"{}\"", key));
  }
  return from.object()->if_contains(key);
}

Status WrongType(std::string_view key, std::string_view expected, const json::value* got) {
  return MakeError(ErrorCode::kInvalidData,
                   fmt::format("\"{}\": expected {}, got {}", key, expected,
                               got == nullptr ? "nothing" : JsonText(*got).substr(0, 80)));
}

// Builds the value as Boost's own parser does, but for numbers with a fraction: that one (1.81) misses the
// nearest double in the last digit at times.
struct ValueBuilder {
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  json::value_stack stack;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(size_t count, json::error_code&) { return stack.push_array(count), true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(size_t count, json::error_code&) { return stack.push_object(count), true; }
  bool on_key_part(json::string_view part, size_t, json::error_code&) { return stack.push_chars(part), true; }
  bool on_key(json::string_view part, size_t, json::error_code&) { return stack.push_key(part), true; }
  bool on_string_part(json::string_view part, size_t, json::error_code&) {
    return stack.push_chars(part), true;
  }
  bool on_string(json::string_view part, size_t, json::error_code&) { return stack.push_string(part), true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t number, json::string_view, json::error_code&) {
    return stack.push_int64(number), true;
  }
  bool on_uint64(uint64_t number, json::string_view, json::error_code&) {
    return stack.push_uint64(number), true;
  }
  // `text` is the whole number, as the document is given in one piece.
  bool on_double(double number, json::string_view text, json::error_code&) {
    double nearest = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), nearest);
    stack.push_double(parsed.ec == std::errc() ? nearest : number);
    return true;
  }
  bool on_bool(bool value, json::error_code&) { return stack.push_bool(value), true; }
  bool on_null(json::error_code&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

Result<json::value> ParseJson(std::string_view text) {
  json::parse_options options;
  options.max_depth = 100;
  json::error_code error;
  json::basic_parser<ValueBuilder> parser(options);
  parser.handler().stack.reset();
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size() && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
    error = json::error::extra_data;
  }
  if (error) {
    const auto before = text.substr(0, std::min(used, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto newline = before.rfind('\n');
    const auto column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("not JSON, line {} column {}: {}", line, column, error.message()));
  }
  return parser.handler().stack.release();
}

std::string ToJson(const json::value& value) { return JsonText(value); }

std::string ToPrettyJson(const json::value& value) {
  std::string out;
  Pretty(value, out, 0);
  out += '\n';
  return out;
}

const json::value* FindMember(ObjectView from, std::string_view key) {
  const auto* member = from.object() == nullptr ? nullptr : from.object()->if_contains(key);
  return member == nullptr || member->is_null() ? nullptr : member;
}

Result<std::string> GetString(ObjectView from, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* member, Member(from, key));
  if (member == nullptr || !member->is_string()) return WrongType(key, "a string", member);
  return std::string(member->get_string());
}

Result<int64_t> GetInt(ObjectView from, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* member, Member(from, key));
  if (member != nullptr) {
    if (member->is_int64()) return member->get_int64();
    if (member->is_uint64() && member->get_uint64() <= static_cast<uint64_t>(INT64_MAX)) {
      return static_cast<int64_t>(member->get_uint64());
    }
  }
  return WrongType(key, "a whole number", member);
}

Result<const json::array*> GetArray(ObjectView from, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* member, Member(from, key));
  if (member == nullptr || !member->is_array()) return WrongType(key, "a list", member);
  return &member->get_array();
}

Result<std::string> GetStringOr(ObjectView from, std::string_view key, std::string fallback) {
  ASSIGN_OR_RETURN(const auto* member, Member(from, key));
  if (member == nullptr) return fallback;
  return GetString(from, key);
}

Result<int64_t> GetIntOr(ObjectView from, std::string_view key, int64_t fallback) {
  ASSIGN_OR_RETURN(const auto* member, Member(from, key));
  if (member == nullptr) return fallback;
  return GetInt(from, key);
}

Result<bool> GetBoolOr(ObjectView from, std::string_view key, bool fallback) {
  ASSIGN_OR_RETURN(const auto* member, Member(from, key));
  if (member == nullptr) return fallback;
  if (!member->is_bool()) return WrongType(key, "true or false", member);
  return member->get_bool();
}

}  // namespace penstock
