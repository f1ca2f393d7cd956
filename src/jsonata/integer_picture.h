// $formatInteger and $parseInteger: integers by a picture.
// Source: XPath and XQuery Functions and Operators 3.1, fn:format-integer; docs.jsonata.org.
//
//   #,##0   digits, of any decimal family of Unicode ('#': optional), with grouping separators
//   I i     Roman numerals          A a   letters: A, B ... Z, AA
//   W w Ww  English words           ;o    behind any of them: ordinal ("1st", "first")
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "jsonata/decimal.h"

namespace penstock::jsonata {

// `value` is rounded down. Faults: D3130 (a sequence that is not known), D3131 (digits of two families).
Result<std::string> FormatInteger(double value, std::string_view picture);

// The same faults; D3030: the text is not an integer of this picture.
Result<double> ParseInteger(std::string_view text, std::string_view picture);

// A grouping separator in a row of digits.
struct Separator {
  size_t position = 0;  // digits to its right
  char32_t sign = 0;
};

// The distance at which separators (from the right) repeat: the same sign at N, 2N, 3N ..., also when there
// is only one; 0 when they do not, and stand only where the picture has them.
size_t RegularGroup(const std::vector<Separator>& separators);

// A picture that was read; what the pictures of dates and times are made of too.
struct IntegerPicture {
  enum class Kind { kDigits, kRoman, kLetters, kWords };
  enum class Case { kLower, kUpper, kTitle };
  Kind kind = Kind::kDigits;
  Case letters = Case::kLower;
  bool ordinal = false;
  char32_t zero = U'0';               // of the family of digits
  size_t mandatory = 0;               // digits
  size_t optional = 0;                // signs '#'
  std::vector<Separator> separators;  // from the right
  size_t group = 0;                   // RegularGroup

  static Result<IntegerPicture> Parse(std::u32string_view picture);
  // Without the modifier behind the semicolon.
  static Result<IntegerPicture> ParsePrimary(std::u32string_view primary);

  // `number` is an integer.
  std::string Format(const Decimal& number) const;
  std::optional<double> Read(std::u32string_view text) const;
};

// The zero of the family of decimal digits (Unicode: Nd) that `point` belongs to; nothing for another sign.
std::optional<char32_t> ZeroOf(char32_t point);

}  // namespace penstock::jsonata
