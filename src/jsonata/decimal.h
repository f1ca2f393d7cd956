// A double as the decimal number that people read it as: the shortest digits that are still that double.
#pragma once

#include <string>

namespace penstock::jsonata {

struct Decimal {
  bool negative = false;
  std::string digits;  // significant: neither leading nor trailing zeros; empty: zero
  int point = 0;       // the value is 0.DIGITS times ten to the power of point

  // 12.5 is "12" and "5"; zero is "" and "".
  std::string IntegerDigits() const;
  std::string FractionDigits() const;
};

// `value` is finite (zero is taken for another).
Decimal ToDecimal(double value);

// To so many digits behind the point; a tie goes to the even digit (1.5 and 2.5 are 2).
Decimal RoundHalfEven(Decimal number, int fraction_digits);

// The next integer below, as digits of its absolute value; -0.5 is "1", negative.
Decimal Floor(Decimal number);

}  // namespace penstock::jsonata
