// Moments, as milliseconds since 1970-01-01T00:00Z and as text. One evaluation sees one time.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "jsonata/datetime_parse.h"
#include "jsonata/datetime_picture.h"
#include "jsonata/evaluator.h"

namespace penstock::jsonata {
namespace {

std::string_view TextOr(const Value& value) { return value ? value.text() : std::string_view(); }

Result<Value> Now(const Invocation& call) {
  ASSIGN_OR_RETURN(std::string text,
                   FormatDateTime(call.evaluator.now_millis(), TextOr(call[0]), TextOr(call[1])));
  return call.evaluator.Text(std::move(text));
}

Result<Value> Millis(const Invocation& call) {
  return Value(static_cast<double>(call.evaluator.now_millis()));
}

Result<Value> FromMillis(const Invocation& call) {
  if (!call[0]) return Value();
  if (!IsNumeric(call[0])) return OutOfRange(call[0].number());
  if (call[1] && call[1].text().empty()) return call.evaluator.Text("");  // a picture of nothing
  const double millis = std::clamp(std::trunc(call[0].number()), -9e18, 9e18);
  ASSIGN_OR_RETURN(std::string text,
                   FormatDateTime(static_cast<int64_t>(millis), TextOr(call[1]), TextOr(call[2])));
  return call.evaluator.Text(std::move(text));
}

Result<Value> ToMillisOf(const Invocation& call) {
  if (!call[0]) return Value();
  if (call[1] && call[1].text().empty()) return Value();  // no marker: no moment
  ASSIGN_OR_RETURN(const std::optional<int64_t> millis,
                   ParseDateTime(call[0].text(), TextOr(call[1]), call.evaluator.now_millis()));
  return millis ? Value(static_cast<double>(*millis)) : Value();
}

constexpr std::array kRows{
    BuiltinRow{"now", "<s?s?:s>", Now},
    BuiltinRow{"millis", "<:n>", Millis},
    BuiltinRow{"fromMillis", "<n-s?s?:s>", FromMillis},
    BuiltinRow{"toMillis", "<s-s?:n>", ToMillisOf},
};

}  // namespace

std::span<const BuiltinRow> TimeFunctions() { return kRows; }

}  // namespace penstock::jsonata
