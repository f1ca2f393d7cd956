#include "base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace penstock {
namespace {

void AppendString(std::string_view text, std::string& out) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

template <typename Integer>
void AppendInteger(Integer number, std::string& out) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

void AppendDouble(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";  // cannot come from JSON; never write what is not JSON
    return;
  }
  const size_t start = out.size();
  fmt::format_to(std::back_inserter(out), "{}", number);
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

}  // namespace

int AppendJson(const json::value& value, std::string& out) {
  int depth = 0;
  switch (value.kind()) {
    case json::kind::null: out += "null"; break;
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case json::kind::int64: AppendInteger(value.get_int64(), out); break;
    case json::kind::uint64: AppendInteger(value.get_uint64(), out); break;
    case json::kind::double_: AppendDouble(value.get_double(), out); break;
    case json::kind::string: AppendString(value.get_string(), out); break;
    case json::kind::array: {
      char separator = '[';
      for (const auto& element : value.get_array()) {
        out += separator;
        depth = std::max(depth, AppendJson(element, out));
        separator = ',';
      }
      ++depth;
      out += separator == '[' ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& member : value.get_object()) {
        out += separator;
        AppendString(member.key(), out);
        out += ':';
        depth = std::max(depth, AppendJson(member.value(), out));
        separator = ',';
      }
      ++depth;
      out += separator == '{' ? "{}" : "}";
      break;
    }
  }
  return depth;
}

std::string JsonText(const json::value& value) {
  std::string out;
  AppendJson(value, out);
  return out;
}

std::string ToValidUtf8(std::string text) {
  // The shortest forms only, no surrogates, at most U+10FFFF: The Unicode Standard, table 3-7.
  const auto byte = [&](size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  };
  for (size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    const unsigned second = byte(i + 1);
    size_t length = 0;
    if (first < 0x80)
      length = 1;
    else if (first >= 0xc2 && first <= 0xdf)
      length = 2;
    else if ((first == 0xe0 && second >= 0xa0) ||
             (first >= 0xe1 && first <= 0xef && (first != 0xed || second < 0xa0)))
      length = 3;
    else if ((first == 0xf0 && second >= 0x90) || (first >= 0xf1 && first <= 0xf3) ||
             (first == 0xf4 && second < 0x90))
      length = 4;
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) length = 0;
    }
    if (length == 0) text[i] = '?';
    i += std::max<size_t>(length, 1);
  }
  return text;
}

bool JsonEquals(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_double() || b.is_double()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
  }
  if (a.kind() != b.kind()) return false;
  if (const auto* left = a.if_array()) {
    const auto& right = b.get_array();
    if (left->size() != right.size()) return false;
    for (size_t i = 0; i < left->size(); ++i) {
      if (!JsonEquals((*left)[i], right[i])) return false;
    }
    return true;
  }
  if (const auto* left = a.if_object()) {
    const auto& right = b.get_object();
    if (left->size() != right.size()) return false;
    for (const auto& member : *left) {
      const auto* other = right.if_contains(member.key());
      if (other == nullptr || !JsonEquals(member.value(), *other)) return false;
    }
    return true;
  }
  return a == b;
}

}  // namespace penstock
