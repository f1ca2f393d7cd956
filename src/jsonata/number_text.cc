#include "jsonata/number_text.h"

#include <charconv>
#include <cmath>

#include "jsonata/decimal.h"

namespace penstock::jsonata {
namespace {

// ECMA-262: from here on, and below a millionth, with an exponent.
constexpr int kMaxPlainIntegerDigits = 21;
constexpr int kMaxPlainLeadingZeros = 5;
constexpr int kSignificantDigits = 15;

double ToSignificantDigits(double value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific,
                                 kSignificantDigits - 1)
                       .ptr;
  double rounded = value;
  std::from_chars(buffer, end, rounded);
  return rounded;
}

}  // namespace

std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const Decimal number = ToDecimal(value == std::trunc(value) ? value : ToSignificantDigits(value));
  if (number.digits.empty()) return "0";
  std::string text = number.negative ? "-" : "";
  if (number.point > kMaxPlainIntegerDigits || number.point < -kMaxPlainLeadingZeros) {
    const int exponent = number.point - 1;
    text += number.digits[0];
    if (number.digits.size() > 1) text += "." + number.digits.substr(1);
    return text + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
  }
  const std::string integer = number.IntegerDigits();
  const std::string fraction = number.FractionDigits();
  text += integer.empty() ? "0" : integer;
  return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace penstock::jsonata
