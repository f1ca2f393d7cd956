#include "jsonata/integer_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "jsonata/fault.h"
#include "jsonata/integer_words.h"
#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

// Unicode 15, general category Nd: the first of ten in a row.
constexpr std::array<char32_t, 68> kZeros = {
    0x0030,  0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
    0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,
    0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,
    0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
    0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8,
    0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0,
};

struct Numeral {
  const char* text;
  int value;
};
constexpr std::array<Numeral, 13> kNumerals = {{{"m", 1000},
                                                {"cm", 900},
                                                {"d", 500},
                                                {"cd", 400},
                                                {"c", 100},
                                                {"xc", 90},
                                                {"l", 50},
                                                {"xl", 40},
                                                {"x", 10},
                                                {"ix", 9},
                                                {"v", 5},
                                                {"iv", 4},
                                                {"i", 1}}};
// Beyond it a numeral would be a row of hundreds of M: digits are written (as the specification allows).
constexpr size_t kMaxRomanDigits = 5;

std::string RomanNumeral(const std::string& digits) {
  if (digits.size() > kMaxRomanDigits) return digits;
  int value = std::atoi(digits.c_str());
  std::string out;
  for (const Numeral& numeral : kNumerals) {
    for (; value >= numeral.value; value -= numeral.value) out += numeral.text;
  }
  return out;
}

std::optional<double> ReadRoman(std::string_view text) {
  double total = 0;
  double largest = 0;
  // From the right: a smaller numeral in front of a larger one is taken away.
  for (size_t at = text.size(); at-- > 0;) {
    const auto* numeral = std::find_if(kNumerals.begin(), kNumerals.end(), [&](const Numeral& one) {
      return one.text[1] == 0 && one.text[0] == text[at];
    });
    if (numeral == kNumerals.end()) return std::nullopt;
    total += numeral->value < largest ? -numeral->value : numeral->value;
    largest = std::max<double>(largest, numeral->value);
  }
  return total;
}

// Bijective, to the base 26: a is 1, z is 26, aa is 27. Division of a row of digits, since they may be many.
std::string Letters(std::string digits) {
  std::string out;
  while (digits.find_first_not_of('0') != std::string::npos) {
    int remainder = 0;
    for (char& digit : digits) {
      const int value = remainder * 10 + (digit - '0');
      digit = static_cast<char>('0' + value / 26);
      remainder = value % 26;
    }
    if (remainder == 0) {
      // No letter is zero: z, and one less to its left.
      remainder = 26;
      size_t at = digits.size();
      while (at > 0 && digits[at - 1] == '0') digits[--at] = '9';
      if (at > 0) --digits[at - 1];
    }
    out += static_cast<char>('a' + remainder - 1);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::optional<double> ReadLetters(std::string_view text) {
  double value = 0;
  for (const char c : text) {
    if (c < 'a' || c > 'z') return std::nullopt;
    value = value * 26 + (c - 'a' + 1);
  }
  return value;
}

void ToCase(IntegerPicture::Case letters, std::string& text) {
  for (char& c : text) {
    if (letters == IntegerPicture::Case::kUpper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (letters == IntegerPicture::Case::kLower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
}

const char* OrdinalSuffix(const std::string& digits) {
  if (digits.size() > 1 && digits[digits.size() - 2] == '1') return "th";
  switch (digits.empty() ? '0' : digits.back()) {
    case '1': return "st";
    case '2': return "nd";
    case '3': return "rd";
    default: return "th";
  }
}

}  // namespace

size_t RegularGroup(const std::vector<Separator>& separators) {
  if (separators.empty()) return 0;
  const size_t group = separators[0].position;
  for (size_t i = 0; i < separators.size(); ++i) {
    if (separators[i].sign != separators[0].sign || separators[i].position != group * (i + 1)) return 0;
  }
  return group;
}

std::optional<char32_t> ZeroOf(char32_t point) {
  const auto* after = std::upper_bound(kZeros.begin(), kZeros.end(), point);
  if (after == kZeros.begin() || point - *(after - 1) > 9) return std::nullopt;
  return *(after - 1);
}

Result<IntegerPicture> IntegerPicture::ParsePrimary(std::u32string_view primary) {
  IntegerPicture picture;
  const auto named = [&](Kind kind, Case letters) {
    picture.kind = kind;
    picture.letters = letters;
    return picture;
  };
  if (primary == U"I") return named(Kind::kRoman, Case::kUpper);
  if (primary == U"i") return named(Kind::kRoman, Case::kLower);
  if (primary == U"A") return named(Kind::kLetters, Case::kUpper);
  if (primary == U"a") return named(Kind::kLetters, Case::kLower);
  if (primary == U"W") return named(Kind::kWords, Case::kUpper);
  if (primary == U"w") return named(Kind::kWords, Case::kLower);
  if (primary == U"Ww") return named(Kind::kWords, Case::kTitle);

  for (size_t i = primary.size(); i-- > 0;) {
    const std::optional<char32_t> zero = ZeroOf(primary[i]);
    if (zero) {
      if (picture.mandatory > 0 && *zero != picture.zero) {
        return MakeFault("D3131",
                         "In a decimal digit pattern, all digits must be from the same decimal group",
                         ToUtf8(primary));
      }
      picture.zero = *zero;
      ++picture.mandatory;
    } else if (primary[i] == U'#') {
      ++picture.optional;
    } else {
      picture.separators.push_back({picture.mandatory + picture.optional, primary[i]});
    }
  }
  if (picture.mandatory == 0) {
    return MakeFault("D3130",
                     "Formatting or parsing an integer as a sequence starting with \"" + ToUtf8(primary) +
                         "\" is not supported by this implementation",
                     ToUtf8(primary));
  }
  picture.group = RegularGroup(picture.separators);
  return picture;
}

Result<IntegerPicture> IntegerPicture::Parse(std::u32string_view picture) {
  const size_t semicolon = picture.rfind(U';');
  ASSIGN_OR_RETURN(IntegerPicture out, ParsePrimary(picture.substr(0, semicolon)));
  out.ordinal = semicolon != picture.npos && picture.substr(semicolon + 1).substr(0, 1) == U"o";
  return out;
}

std::string IntegerPicture::Format(const Decimal& number) const {
  const std::string digits = number.IntegerDigits();
  std::string text;
  switch (kind) {
    case Kind::kRoman:
      text = RomanNumeral(digits);
      ToCase(letters, text);
      break;
    case Kind::kLetters:
      text = Letters(digits);
      ToCase(letters, text);
      break;
    case Kind::kWords:
      text = IntegerWords(digits, ordinal);
      ToCase(letters, text);
      break;
    case Kind::kDigits: {
      std::string padded = digits;
      if (padded.size() < mandatory) padded.insert(0, mandatory - padded.size(), '0');
      size_t left = separators.size();  // of the separators, those not passed yet
      for (size_t i = 0; i < padded.size(); ++i) {
        const size_t right = padded.size() - i;
        if (group > 0) {
          if (i > 0 && right % group == 0) AppendCharacter(text, separators[0].sign);
        } else {
          for (; left > 0 && separators[left - 1].position >= right; --left) {
            if (i > 0 && separators[left - 1].position == right)
              AppendCharacter(text, separators[left - 1].sign);
          }
        }
        AppendCharacter(text, zero + static_cast<char32_t>(padded[i] - '0'));
      }
      if (ordinal) text += OrdinalSuffix(padded);
      break;
    }
  }
  return number.negative ? "-" + text : text;
}

std::optional<double> IntegerPicture::Read(std::u32string_view text) const {
  const bool negative = !text.empty() && text[0] == U'-';
  if (negative) text.remove_prefix(1);
  std::optional<double> value;
  if (kind == Kind::kDigits) {
    if (ordinal && text.size() > 2 && !ZeroOf(text.back())) text.remove_suffix(2);
    std::string digits;
    for (const char32_t point : text) {
      const bool separator = std::any_of(separators.begin(), separators.end(),
                                         [&](const Separator& one) { return one.sign == point; });
      if (separator) continue;
      if (point < zero || point > zero + 9) return std::nullopt;
      digits += static_cast<char>('0' + (point - zero));
    }
    if (digits.empty()) return std::nullopt;
    value = std::strtod(digits.c_str(), nullptr);
  } else {
    std::string plain = ToUtf8(text);
    ToCase(Case::kLower, plain);
    value = kind == Kind::kRoman     ? ReadRoman(plain)
            : kind == Kind::kLetters ? ReadLetters(plain)
                                     : ParseIntegerWords(plain);
  }
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return negative && *value != 0 ? -*value : *value;
}

Result<std::string> FormatInteger(double value, std::string_view picture) {
  ASSIGN_OR_RETURN(const IntegerPicture parsed, IntegerPicture::Parse(ToCodePoints(picture)));
  return parsed.Format(Floor(ToDecimal(value)));
}

Result<double> ParseInteger(std::string_view text, std::string_view picture) {
  ASSIGN_OR_RETURN(const IntegerPicture parsed, IntegerPicture::Parse(ToCodePoints(picture)));
  const std::optional<double> value = parsed.Read(ToCodePoints(text));
  if (value) return *value;
  return MakeFault("D3030",
                   "Unable to cast value to a number: \"" + std::string(text) +
                       "\" is not an integer written as \"" + std::string(picture) + "\"",
                   std::string(text));
}

}  // namespace penstock::jsonata
