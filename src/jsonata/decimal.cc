#include "jsonata/decimal.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace penstock::jsonata {
namespace {

void Trim(Decimal& number) {
  while (!number.digits.empty() && number.digits.back() == '0') number.digits.pop_back();
  const size_t leading = number.digits.find_first_not_of('0');
  if (leading == std::string::npos) {
    number.digits.clear();
    number.point = 0;
    return;
  }
  number.digits.erase(0, leading);
  number.point -= static_cast<int>(leading);
}

// One more in the last place of `number`, whose digits end at `places`.
void Increment(Decimal& number) {
  size_t at = number.digits.size();
  while (at > 0 && number.digits[at - 1] == '9') number.digits[--at] = '0';
  if (at > 0) {
    ++number.digits[at - 1];
  } else {
    number.digits.insert(0, 1, '1');
    ++number.point;
  }
}

// Cuts the digits to `kept` of them (0: none) and answers what was cut off.
std::string CutTo(Decimal& number, int kept) {
  if (kept < 0) {
    // Zeros between the point and the first digit are cut off as well.
    number.digits.insert(0, static_cast<size_t>(-kept), '0');
    number.point -= kept;
    kept = 0;
  }
  std::string rest = number.digits.substr(static_cast<size_t>(kept));
  number.digits.resize(static_cast<size_t>(kept));
  return rest;
}

}  // namespace

std::string Decimal::IntegerDigits() const {
  if (point <= 0) return "";
  std::string out = digits.substr(0, static_cast<size_t>(point));
  out.resize(static_cast<size_t>(point), '0');
  return out;
}

std::string Decimal::FractionDigits() const {
  if (digits.empty()) return "";
  if (point <= 0) return std::string(static_cast<size_t>(-point), '0') + digits;
  return static_cast<size_t>(point) < digits.size() ? digits.substr(static_cast<size_t>(point)) : "";
}

Decimal ToDecimal(double value) {
  if (!std::isfinite(value) || value == 0) return {};
  Decimal number;
  number.negative = value < 0;
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t exponent = text.find('e');
  for (const char c : text.substr(0, exponent)) {
    if (c != '.') number.digits += c;
  }
  number.point = std::atoi(std::string(text.substr(exponent + 1)).c_str()) + 1;
  Trim(number);
  return number;
}

Decimal RoundHalfEven(Decimal number, int fraction_digits) {
  const int kept = number.point + fraction_digits;
  if (kept >= static_cast<int>(number.digits.size())) return number;
  const std::string rest = CutTo(number, kept);
  const bool tie = rest[0] == '5' && rest.find_first_not_of('0', 1) == std::string::npos;
  const bool odd = !number.digits.empty() && (number.digits.back() - '0') % 2 == 1;
  if (rest[0] >= '5' && (!tie || odd)) Increment(number);
  Trim(number);
  if (number.digits.empty()) number.negative = false;
  return number;
}

Decimal Floor(Decimal number) {
  if (number.point >= static_cast<int>(number.digits.size())) return number;
  const bool cut = CutTo(number, number.point).find_first_not_of('0') != std::string::npos;
  if (number.negative && cut) Increment(number);
  Trim(number);
  return number;
}

}  // namespace penstock::jsonata
