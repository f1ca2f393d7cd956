#include "jsonata/number_picture.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

#include "jsonata/decimal.h"
#include "jsonata/fault.h"
#include "jsonata/integer_picture.h"
#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

// The signs of a picture. Specification: section 4.7.1, "Defining a decimal format".
struct DecimalFormat {
  char32_t decimal_separator = U'.';
  char32_t grouping_separator = U',';
  char32_t exponent_separator = U'e';
  char32_t zero = U'0';
  char32_t digit = U'#';
  char32_t pattern_separator = U';';
  char32_t percent = U'%';
  char32_t per_mille = U'\u2030';
  std::u32string minus_sign = U"-";
  std::u32string infinity = U"Infinity";
  std::u32string not_a_number = U"NaN";

  explicit DecimalFormat(const json::object* options) {
    if (options == nullptr) return;
    const auto text = [&](const char* name, std::u32string& target) {
      const json::value* value = options->if_contains(name);
      if (value == nullptr || !value->is_string() || value->as_string().empty()) return;
      target = ToCodePoints(value->as_string());
    };
    const auto sign = [&](const char* name, char32_t& target) {
      std::u32string value(1, target);
      text(name, value);
      target = value[0];
    };
    sign("decimal-separator", decimal_separator);
    sign("grouping-separator", grouping_separator);
    sign("exponent-separator", exponent_separator);
    sign("zero-digit", zero);
    sign("digit", digit);
    sign("pattern-separator", pattern_separator);
    sign("percent", percent);
    sign("per-mille", per_mille);
    text("minus-sign", minus_sign);
    text("infinity", infinity);
    text("NaN", not_a_number);
  }

  bool IsFamily(char32_t point) const { return point >= zero && point - zero <= 9; }
  bool IsDigit(char32_t point) const { return IsFamily(point) || point == digit; }
  // Without the exponent separator, which is active only between active signs.
  bool IsActive(char32_t point) const {
    return IsDigit(point) || point == decimal_separator || point == grouping_separator;
  }
};

// Section 4.7.3, "Syntax of the picture string": a sub-picture in its parts.
struct Parts {
  std::u32string_view whole, prefix, active, suffix, mantissa, integer, fraction;
  std::optional<std::u32string_view> exponent;
};

Parts Split(std::u32string_view picture, const DecimalFormat& format) {
  Parts parts;
  parts.whole = parts.active = picture;
  const auto active = [&](char32_t point) { return format.IsActive(point); };
  const auto first = std::find_if(picture.begin(), picture.end(), active);
  if (first != picture.end()) {
    const auto last = std::find_if(picture.rbegin(), picture.rend(), active).base();
    const auto begin = static_cast<size_t>(first - picture.begin());
    const auto end = static_cast<size_t>(last - picture.begin());
    parts.prefix = picture.substr(0, begin);
    parts.active = picture.substr(begin, end - begin);
    parts.suffix = picture.substr(end);
  }
  const size_t exponent = parts.active.find(format.exponent_separator);
  parts.mantissa = parts.active.substr(0, exponent);
  if (exponent != parts.active.npos) parts.exponent = parts.active.substr(exponent + 1);
  const size_t point = parts.mantissa.find(format.decimal_separator);
  parts.integer = parts.mantissa.substr(0, point);
  if (point != parts.mantissa.npos) parts.fraction = parts.mantissa.substr(point + 1);
  return parts;
}

struct Rule {
  const char* code;
  const char* text;
  bool broken;
};

Status Validate(const Parts& parts, const DecimalFormat& format) {
  const auto count = [&](char32_t sign) { return std::count(parts.whole.begin(), parts.whole.end(), sign); };
  const auto any = [](std::u32string_view text, const auto& is) {
    return std::any_of(text.begin(), text.end(), is);
  };
  const auto family = [&](char32_t point) { return format.IsFamily(point); };
  const auto passive = [&](char32_t point) {
    return !format.IsActive(point) && point != format.exponent_separator;
  };
  const std::u32string two_groups(2, format.grouping_separator);
  const size_t point = parts.whole.find(format.decimal_separator);
  const bool has_point = point != parts.whole.npos;
  const bool group_at_point =
      has_point && ((point > 0 && parts.whole[point - 1] == format.grouping_separator) ||
                    (point + 1 < parts.whole.size() && parts.whole[point + 1] == format.grouping_separator));
  const auto first_family = std::find_if(parts.integer.begin(), parts.integer.end(), family);
  const auto first_optional = std::find(parts.fraction.begin(), parts.fraction.end(), format.digit);
  const Rule rules[] = {
      {"D3081",
       "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
       count(format.decimal_separator) > 1},
      {"D3082", "The sub-picture must not contain more than one instance of the 'percent' character",
       count(format.percent) > 1},
      {"D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character",
       count(format.per_mille) > 1},
      {"D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
       count(format.percent) > 0 && count(format.per_mille) > 0},
      {"D3085",
       "The mantissa part of a sub-picture must contain at least one character that is either an 'optional "
       "digit character' or a member of the 'decimal digit family'",
       !any(parts.mantissa, [&](char32_t one) { return format.IsDigit(one); })},
      {"D3086",
       "The sub-picture must not contain a passive character that is preceded by an active character and "
       "that "
       "is followed by another active character",
       any(parts.active, passive)},
      {"D3087",
       "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a "
       "'decimal-separator' character",
       group_at_point},
      {"D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
       !has_point && !parts.integer.empty() && parts.integer.back() == format.grouping_separator},
      {"D3089",
       "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
       parts.whole.find(two_groups) != parts.whole.npos},
      {"D3090",
       "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is "
       "followed by an instance of the 'optional digit character'",
       std::find(first_family, parts.integer.end(), format.digit) != parts.integer.end()},
      {"D3091",
       "The fractional part of the sub-picture must not contain an instance of the 'optional digit "
       "character' "
       "that is followed by a member of the 'decimal digit family'",
       std::any_of(first_optional, parts.fraction.end(), family)},
      {"D3092",
       "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character "
       "treated "
       "as an 'exponent-separator'",
       parts.exponent && count(format.percent) + count(format.per_mille) > 0},
      {"D3093",
       "The exponent part of the sub-picture must comprise only of one or more characters that are members "
       "of "
       "the 'decimal digit family'",
       parts.exponent &&
           (parts.exponent->empty() || !std::all_of(parts.exponent->begin(), parts.exponent->end(), family))},
  };
  const Rule* broken = nullptr;
  for (const Rule& rule : rules) {
    if (rule.broken) broken = &rule;
  }
  if (broken == nullptr) return Status::OK();
  return MakeFault(broken->code, std::string(broken->text) + ": \"" + ToUtf8(parts.whole) + "\"",
                   ToUtf8(parts.whole));
}

// Section 4.7.4, "Analyzing the picture string": what decides the layout.
struct Layout {
  size_t min_integer = 0;
  size_t scaling = 0;  // digits in front of the point of a mantissa
  size_t min_fraction = 0;
  size_t max_fraction = 0;
  size_t min_exponent = 0;
  std::vector<Separator> integer_groups;  // from the right
  size_t group = 0;                       // RegularGroup
  std::vector<size_t> fraction_groups;    // digits to the left
};

Layout Analyze(const Parts& parts, const DecimalFormat& format) {
  const auto family = [&](char32_t point) { return format.IsFamily(point); };
  const auto digit = [&](char32_t point) { return format.IsDigit(point); };
  const auto count = [](std::u32string_view text, const auto& is) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), is));
  };
  Layout layout;
  layout.min_integer = layout.scaling = count(parts.integer, family);
  layout.min_fraction = count(parts.fraction, family);
  layout.max_fraction = count(parts.fraction, digit);
  if (layout.min_integer == 0 && layout.max_fraction == 0) {
    if (parts.exponent) {
      layout.min_fraction = layout.max_fraction = 1;
    } else {
      layout.min_integer = 1;
    }
  }
  if (parts.exponent && layout.min_integer == 0 && parts.integer.find(format.digit) != parts.integer.npos) {
    layout.min_integer = 1;
  }
  if (layout.min_integer == 0 && layout.min_fraction == 0) layout.min_fraction = 1;
  if (parts.exponent) layout.min_exponent = count(*parts.exponent, family);

  size_t seen = 0;
  for (size_t i = parts.integer.size(); i-- > 0;) {
    if (digit(parts.integer[i])) ++seen;
    if (parts.integer[i] == format.grouping_separator)
      layout.integer_groups.push_back({seen, parts.integer[i]});
  }
  layout.group = RegularGroup(layout.integer_groups);
  seen = 0;
  for (const char32_t point : parts.fraction) {
    if (digit(point)) ++seen;
    if (point == format.grouping_separator) layout.fraction_groups.push_back(seen);
  }
  return layout;
}

// Section 4.7.5, "Formatting the number".
std::u32string Render(Decimal number, const Parts& parts, const DecimalFormat& format) {
  const Layout layout = Analyze(parts, format);
  const auto append = [&](char digit, std::u32string& out) {
    out += format.zero + static_cast<char32_t>(digit - '0');
  };
  if (parts.whole.find(format.percent) != parts.whole.npos && !number.digits.empty()) number.point += 2;
  if (parts.whole.find(format.per_mille) != parts.whole.npos && !number.digits.empty()) number.point += 3;
  int exponent = 0;
  if (parts.exponent && !number.digits.empty()) {
    exponent = number.point - static_cast<int>(layout.scaling);
    number.point = static_cast<int>(layout.scaling);
  }
  // No double has more digits behind its point than this.
  constexpr size_t kMaxDigits = 2000;
  number = RoundHalfEven(std::move(number), static_cast<int>(std::min(layout.max_fraction, kMaxDigits)));
  std::string integer = number.IntegerDigits();
  std::string fraction = number.FractionDigits();
  if (integer.size() < layout.min_integer) integer.insert(0, layout.min_integer - integer.size(), '0');
  if (fraction.size() < layout.min_fraction) fraction.resize(layout.min_fraction, '0');

  std::u32string out;
  size_t left = layout.integer_groups.size();
  for (size_t i = 0; i < integer.size(); ++i) {
    const size_t right = integer.size() - i;
    bool separated = layout.group > 0 && right % layout.group == 0;
    for (; left > 0 && layout.integer_groups[left - 1].position >= right; --left) {
      separated |= layout.integer_groups[left - 1].position == right;
    }
    if (separated && i > 0) out += format.grouping_separator;
    append(integer[i], out);
  }
  if (!fraction.empty()) out += format.decimal_separator;
  auto group = layout.fraction_groups.begin();
  for (size_t i = 0; i < fraction.size(); ++i) {
    for (; group != layout.fraction_groups.end() && *group <= i; ++group) {
      if (i > 0 && *group == i) out += format.grouping_separator;
    }
    append(fraction[i], out);
  }
  if (parts.exponent) {
    out += format.exponent_separator;
    if (exponent < 0) out += format.minus_sign;
    std::string digits = std::to_string(std::abs(exponent));
    if (digits.size() < layout.min_exponent) digits.insert(0, layout.min_exponent - digits.size(), '0');
    for (const char digit : digits) append(digit, out);
  }
  return out;
}

}  // namespace

Result<std::string> FormatNumber(double value, std::string_view picture, const json::object* options) {
  const DecimalFormat format(options);
  const std::u32string points = ToCodePoints(picture);
  std::vector<std::u32string_view> pictures;
  for (std::u32string_view rest = points;;) {
    const size_t end = rest.find(format.pattern_separator);
    pictures.push_back(rest.substr(0, end));
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  if (pictures.size() > 2) {
    return MakeFault("D3080", "The picture string must only contain a maximum of two sub-pictures",
                     std::string(picture));
  }
  for (const std::u32string_view one : pictures) RETURN_IF_ERROR(Validate(Split(one, format), format));
  if (std::isnan(value)) return ToUtf8(format.not_a_number);

  const bool negative = value < 0;
  const Parts parts = Split(negative ? pictures.back() : pictures.front(), format);
  std::u32string out;
  if (negative && pictures.size() == 1) out += format.minus_sign;
  out += parts.prefix;
  out += std::isinf(value) ? format.infinity : Render(ToDecimal(std::fabs(value)), parts, format);
  out += parts.suffix;
  return ToUtf8(out);
}

}  // namespace penstock::jsonata
