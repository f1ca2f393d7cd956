// Strings: lengths and positions count characters.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "jsonata/evaluator.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

Result<Value> String(const Invocation& call) {
  Value value = call[0];
  if (value.is_undefined() || value.is_string()) return value;
  if (value.array() != nullptr && value.array()->wrapper && value.size() > 0) value = value.At(0);
  const bool pretty = call[1].is_boolean() && call[1].boolean();
  const size_t max_bytes = call.evaluator.environment().limits.memory_bytes;
  ASSIGN_OR_RETURN(std::string text, StringOf(value, pretty, max_bytes));
  return call.evaluator.Text(std::move(text));
}

Result<Value> Length(const Invocation& call) {
  if (!call[0]) return Value();
  return Value(CountCharacters(call[0].text()));
}

// An index as ECMA-262's slice takes it: from the end when negative.
size_t SliceIndex(double index, size_t size) {
  if (std::isnan(index)) return 0;
  index = std::trunc(index);
  if (index < 0) index += static_cast<double>(size);
  return static_cast<size_t>(std::clamp(index, 0.0, static_cast<double>(size)));
}

Result<Value> Substring(const Invocation& call) {
  if (!call[0]) return Value();
  const std::string_view text = call[0].text();
  const size_t size = CountCharacters(text);
  double start = call[1] ? call[1].number() : 0;
  if (static_cast<double>(size) + start < 0) start = 0;
  size_t end = size;
  if (call[2]) {
    const double length = call[2].number();
    if (length <= 0) return Value(std::string_view());
    end = SliceIndex(start >= 0 ? start + length : static_cast<double>(size) + start + length, size);
  }
  const size_t begin = SliceIndex(start, size);
  if (begin >= end) return Value(std::string_view());
  const std::string_view rest = text.substr(OffsetOfCharacter(text, begin));
  return Value(rest.substr(0, OffsetOfCharacter(rest, end - begin)));
}

Result<Value> SubstringBefore(const Invocation& call) {
  if (!call[0] || !call[1]) return call[0];
  const std::string_view text = call[0].text();
  return Value(text.substr(0, text.find(call[1].text())));
}

Result<Value> SubstringAfter(const Invocation& call) {
  if (!call[0] || !call[1]) return call[0];
  const std::string_view text = call[0].text();
  const size_t found = text.find(call[1].text());
  return found == text.npos ? call[0] : Value(text.substr(found + call[1].text().size()));
}

Result<Value> Uppercase(const Invocation& call) {
  if (!call[0]) return Value();
  return call.evaluator.Text(ToUpper(call[0].text()));
}

Result<Value> Lowercase(const Invocation& call) {
  if (!call[0]) return Value();
  return call.evaluator.Text(ToLower(call[0].text()));
}

// Whitespace inside becomes one space.
Result<Value> Trim(const Invocation& call) {
  if (!call[0]) return Value();
  std::string out;
  bool space = false;
  for (const char c : call[0].text()) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space = true;
      continue;
    }
    if (space && !out.empty()) out += ' ';
    space = false;
    out += c;
  }
  return call.evaluator.Text(std::move(out));
}

Result<Value> Pad(const Invocation& call) {
  if (!call[0] || !call[1]) return call[0];
  const std::string_view text = call[0].text();
  std::string_view fill = call[2] ? call[2].text() : std::string_view();
  if (fill.empty()) fill = " ";
  const double width = call[1].number();
  const double missing = std::trunc(std::fabs(width)) - static_cast<double>(CountCharacters(text));
  if (!(missing > 0)) return call[0];
  if (missing > std::numeric_limits<uint32_t>::max()) {
    return call.evaluator.Reserve(std::numeric_limits<size_t>::max());
  }
  const auto characters = static_cast<size_t>(missing);
  RETURN_IF_ERROR(call.evaluator.Reserve(text.size() + characters * fill.size()));
  const size_t size = CountCharacters(fill);
  std::string padding;
  for (size_t i = 0; i < characters / size; ++i) padding += fill;
  padding += fill.substr(0, OffsetOfCharacter(fill, characters % size));
  return call.evaluator.Text(width > 0 ? std::string(text) + padding : padding + std::string(text));
}

Result<Value> Join(const Invocation& call) {
  if (!call[0]) return Value();
  const std::string_view separator = call[1] ? call[1].text() : std::string_view();
  std::string out;
  for (size_t i = 0; i < call[0].size(); ++i) {
    const std::string_view item = call[0].At(i).text();
    RETURN_IF_ERROR(call.evaluator.Spend(1));
    RETURN_IF_ERROR(call.evaluator.Reserve(out.size() + separator.size() + item.size()));
    if (i > 0) out += separator;
    out += item;
  }
  return call.evaluator.Text(std::move(out));
}

constexpr std::array kRows{
    BuiltinRow{"string", "<x-b?:s>", String, 1},
    BuiltinRow{"length", "<s-:n>", Length},
    BuiltinRow{"substring", "<s-nn?:s>", Substring},
    BuiltinRow{"substringBefore", "<s-s:s>", SubstringBefore},
    BuiltinRow{"substringAfter", "<s-s:s>", SubstringAfter},
    BuiltinRow{"uppercase", "<s-:s>", Uppercase},
    BuiltinRow{"lowercase", "<s-:s>", Lowercase},
    BuiltinRow{"trim", "<s-:s>", Trim},
    BuiltinRow{"pad", "<s-ns?:s>", Pad},
    BuiltinRow{"join", "<a<s>s?:s>", Join},
};

}  // namespace

std::span<const BuiltinRow> StringFunctions() { return kRows; }

}  // namespace penstock::jsonata
