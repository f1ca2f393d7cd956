// Numbers: sums, rounding, and their many ways of being text.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "jsonata/decimal.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/integer_picture.h"
#include "jsonata/number_picture.h"
#include "jsonata/number_text.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

size_t SkipDigits(std::string_view text, size_t from) {
  while (from < text.size() && text[from] >= '0' && text[from] <= '9') ++from;
  return from;
}

// A number as JSON writes it, from end to end, but that zeros may lead.
bool IsDecimalNumber(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  size_t end = SkipDigits(text, at);
  if (end == at) return false;
  at = end;
  if (at < text.size() && text[at] == '.') {
    end = SkipDigits(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    end = SkipDigits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

// 0x1F, 0o17, 0b11; infinite for other text.
double Prefixed(std::string_view text) {
  if (text.size() < 3 || text[0] != '0') return HUGE_VAL;
  const char letter = static_cast<char>(text[1] | 0x20);
  const int radix = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  double number = 0;
  for (const char c : text.substr(2)) {
    const char lower = static_cast<char>(c | 0x20);
    int digit = 99;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (lower >= 'a' && lower <= 'f') digit = lower - 'a' + 10;
    if (digit >= radix) return HUGE_VAL;
    number = number * radix + digit;
  }
  return number;
}

Result<Value> Number(const Invocation& call) {
  const Value value = call[0];
  if (!value) return value;
  double number = HUGE_VAL;
  if (value.is_number()) number = value.number();
  if (value.is_boolean()) number = value.boolean() ? 1 : 0;
  if (value.is_string()) {
    number = IsDecimalNumber(value.text()) ? std::strtod(std::string(value.text()).c_str(), nullptr)
                                           : Prefixed(value.text());
  }
  if (std::isfinite(number)) return Value(number);
  return Failure("D3030", {.value = ValueText(value), .index = 1});
}

Result<Value> Abs(const Invocation& call) { return call[0] ? Value(std::fabs(call[0].number())) : Value(); }
Result<Value> Floor(const Invocation& call) {
  return call[0] ? Value(std::floor(call[0].number())) : Value();
}
Result<Value> Ceil(const Invocation& call) { return call[0] ? Value(std::ceil(call[0].number())) : Value(); }

// In decimal, where 4.525 is halfway between its neighbours.
double RoundTo(double number, int digits) {
  if (!std::isfinite(number)) return number;
  const Decimal rounded = RoundHalfEven(ToDecimal(number), digits);
  if (rounded.digits.empty()) return 0;
  const std::string text =
      (rounded.negative ? "-0." : "0.") + rounded.digits + "e" + std::to_string(rounded.point);
  return std::strtod(text.c_str(), nullptr);
}

Result<Value> Round(const Invocation& call) {
  if (!call[0]) return Value();
  const double digits = call[1] ? std::clamp(std::trunc(call[1].number()), -1000.0, 1000.0) : 0;
  return Value(RoundTo(call[0].number(), std::isnan(digits) ? 0 : static_cast<int>(digits)));
}

Result<Value> Sqrt(const Invocation& call) {
  if (!call[0]) return Value();
  if (call[0].number() < 0) return Failure("D3060", {.value = ValueText(call[0]), .index = 1});
  return Value(std::sqrt(call[0].number()));
}

Result<Value> Power(const Invocation& call) {
  if (!call[0] || !call[1]) return Value();
  const double power = std::pow(call[0].number(), call[1].number());
  if (std::isfinite(power)) return Value(power);
  return Failure("D3061", {.value = ValueText(call[0]), .value2 = ValueText(call[1]), .index = 1});
}

Result<Value> RandomNumber(const Invocation& call) {
  return Value(Fraction(call.evaluator.environment().random));
}

Result<Value> FormatNumberOf(const Invocation& call) {
  if (!call[0]) return Value();
  const std::string_view picture = call[1] ? call[1].text() : std::string_view();
  json::value options;
  if (call[2]) {
    constexpr size_t kMaxNodes = 1000;
    ASSIGN_OR_RETURN(options, ToJsonValue(call[2], kMaxNodes));
  }
  ASSIGN_OR_RETURN(std::string text, FormatNumber(call[0].number(), picture, options.if_object()));
  return call.evaluator.Text(std::move(text));
}

// Of an integer; what a double no longer tells apart is written as zeros.
std::string InRadix(double number, int radix) {
  if (radix == 10 || !std::isfinite(number)) return NumberText(number);
  std::string digits;
  double rest = std::fabs(number);
  constexpr double kExact = 9007199254740992.0;
  for (; rest > kExact; rest = std::floor(rest / radix)) digits += '0';
  do {
    const int digit = static_cast<int>(std::fmod(rest, radix));
    digits += "0123456789abcdefghijklmnopqrstuvwxyz"[digit];
    rest = (rest - digit) / radix;
  } while (rest >= 1);
  if (number < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

Result<Value> FormatBase(const Invocation& call) {
  if (!call[0]) return Value();
  const double radix = call[1] ? RoundTo(call[1].number(), 0) : 10;
  if (!(radix >= 2 && radix <= 36)) return Failure("D3100", {.value = NumberText(radix)});
  return call.evaluator.Text(InRadix(RoundTo(call[0].number(), 0), static_cast<int>(radix)));
}

Result<Value> FormatIntegerOf(const Invocation& call) {
  if (!call[0]) return Value();
  ASSIGN_OR_RETURN(std::string text,
                   FormatInteger(call[0].number(), call[1] ? call[1].text() : std::string_view()));
  return call.evaluator.Text(std::move(text));
}

Result<Value> ParseIntegerOf(const Invocation& call) {
  if (!call[0]) return Value();
  ASSIGN_OR_RETURN(const double number,
                   ParseInteger(call[0].text(), call[1] ? call[1].text() : std::string_view()));
  return Value(number);
}

double Total(const Value& numbers) {
  double total = 0;
  for (size_t i = 0; i < numbers.size(); ++i) total += numbers.At(i).number();
  return total;
}

Result<Value> Sum(const Invocation& call) { return call[0] ? Value(Total(call[0])) : Value(); }

Result<Value> Average(const Invocation& call) {
  if (call[0].size() == 0) return Value();
  return Value(Total(call[0]) / static_cast<double>(call[0].size()));
}

template <typename Better>
Value Best(const Value& numbers, Better better) {
  if (numbers.size() == 0) return {};
  double best = numbers.At(0).number();
  for (size_t i = 1; i < numbers.size(); ++i) {
    const double number = numbers.At(i).number();
    if (better(number, best)) best = number;
  }
  return Value(best);
}

Result<Value> Max(const Invocation& call) { return Best(call[0], std::greater<>()); }
Result<Value> Min(const Invocation& call) { return Best(call[0], std::less<>()); }

constexpr std::array kRows{
    BuiltinRow{"number", "<(nsb)-:n>", Number},
    BuiltinRow{"abs", "<n-:n>", Abs},
    BuiltinRow{"floor", "<n-:n>", Floor},
    BuiltinRow{"ceil", "<n-:n>", Ceil},
    BuiltinRow{"round", "<n-n?:n>", Round},
    BuiltinRow{"sqrt", "<n-:n>", Sqrt},
    BuiltinRow{"power", "<n-n:n>", Power},
    BuiltinRow{"random", "<:n>", RandomNumber},
    BuiltinRow{"formatNumber", "<n-so?:s>", FormatNumberOf},
    BuiltinRow{"formatBase", "<n-n?:s>", FormatBase},
    BuiltinRow{"formatInteger", "<n-s:s>", FormatIntegerOf},
    BuiltinRow{"parseInteger", "<s-s:n>", ParseIntegerOf},
    BuiltinRow{"sum", "<a<n>:n>", Sum},
    BuiltinRow{"average", "<a<n>:n>", Average},
    BuiltinRow{"max", "<a<n>:n>", Max},
    BuiltinRow{"min", "<a<n>:n>", Min},
};

}  // namespace

double Fraction(Random& random) { return std::ldexp(static_cast<double>(random.Next() >> 11), -53); }

std::span<const BuiltinRow> NumberFunctions() { return kRows; }

}  // namespace penstock::jsonata
