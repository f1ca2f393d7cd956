// Integers as English words: "one thousand, two hundred and thirty-fourth".
// Source: XPath and XQuery Functions and Operators 3.1, fn:format-integer (w, W, Ww); what is written beyond
// a trillion, and where commas stand, is decided by JSONata's test suite.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::jsonata {

// `digits` are decimal, without a sign; "" is zero. In title case ("Twenty-One"), as cardinal or ordinal.
std::string IntegerWords(std::string_view digits, bool ordinal);

// What such words say, in any case, cardinal or ordinal, also "nineteen hundred and eighty-four"; nothing for
// other text.
std::optional<double> ParseIntegerWords(std::string_view text);

// Whether `word` may be part of a number ("and" may); in any case.
bool IsNumberWord(std::string_view word);

}  // namespace penstock::jsonata
