#include "stream/text_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/date.h"

namespace penstock::stream {
namespace {

constexpr size_t kExactDigits = 15;  // of a decimal, that a double holds

template <typename Number>
bool ParseAll(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Takes digits, at least one and at most `most`.
bool TakeNumber(std::string_view* text, int most, int* out) {
  int count = 0;
  *out = 0;
  while (count < most && !text->empty() && text->front() >= '0' && text->front() <= '9') {
    *out = *out * 10 + (text->front() - '0');
    text->remove_prefix(1);
    ++count;
  }
  return count > 0;
}
bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeDay(std::string_view* text, int32_t* days) {
  int year = 0, month = 0, day = 0;
  const size_t before = text->size();
  if (!TakeNumber(text, 4, &year) || before - text->size() != 4 || !Take(text, '-') ||
      !TakeNumber(text, 2, &month) || !Take(text, '-') || !TakeNumber(text, 2, &day)) {
    return false;
  }
  const std::chrono::year_month_day ymd{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return false;
  *days = DaysSinceEpoch(Date(ymd));
  return true;
}

// Behind the time: nothing, Z, +05:30, +0530.
bool TakeOffset(std::string_view* text, int64_t* seconds) {
  *seconds = 0;
  if (text->empty() || Take(text, 'Z')) return text->empty();
  const bool west = text->front() == '-';
  if (!west && text->front() != '+') return false;
  text->remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!TakeNumber(text, 2, &hours)) return false;
  Take(text, ':');
  if (!text->empty() && !TakeNumber(text, 2, &minutes)) return false;
  *seconds = (hours * 60 + minutes) * (west ? -60 : 60);
  return text->empty() && hours <= 18 && minutes < 60;
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  return ParseAll(text, &number) ? std::optional(number) : std::nullopt;
}

std::optional<double> ParseReal(std::string_view text) {
  double number = 0;
  return ParseAll(text, &number) && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<int64_t> FromEpoch(double value) {
  const double micros = value * (std::abs(value) < 1e12 ? 1e6 : 1e3);
  if (!(std::abs(micros) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(std::llround(micros));
}
std::optional<int64_t> FromEpoch(int64_t value) {
  int64_t micros = 0;
  const bool seconds = value < 1'000'000'000'000 && value > -1'000'000'000'000;
  if (__builtin_mul_overflow(value, seconds ? 1'000'000 : 1000, &micros)) return std::nullopt;
  return micros;
}

bool IsLongNumber(std::string_view text) {
  if (text.size() <= kExactDigits) return false;
  size_t digits = 0;
  const auto take = [&] {
    size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
    text.remove_prefix(count);
    digits += count;
    return count;
  };
  Take(&text, '-');
  const bool zero = text.starts_with('0');
  const size_t whole = take();
  if (whole == 0 || (zero && whole > 1) || (Take(&text, '.') && take() == 0)) return false;
  const bool is_long = digits > kExactDigits;
  if (Take(&text, 'e') || Take(&text, 'E')) {
    if (!Take(&text, '+')) Take(&text, '-');
    if (take() == 0) return false;
  }
  return is_long && text.empty();
}

void QuoteLongNumbers(std::string_view text, std::string* out) {
  constexpr std::string_view kNumber = "0123456789+-.eE";
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (text[at] == '"') {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
    } else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
      end = std::min(text.find_first_not_of(kNumber, at), text.size());
    } else {
      end = std::min(text.find_first_of("\"-0123456789", at), text.size());
    }
    const std::string_view piece = text.substr(at, end - at);
    const bool quote = piece[0] != '"' && IsLongNumber(piece);
    if (quote) *out += '"';
    *out += piece;
    if (quote) *out += '"';
    at = end;
  }
}

std::optional<__int128> ParseDecimal(std::string_view text, int precision, int scale) {
  const bool negative = Take(&text, '-');
  if (!negative) Take(&text, '+');
  std::string digits;    // without leading zeros
  int64_t exponent = 0;  // the number is digits * 10^exponent
  bool point = false, any = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (!digits.empty() || c != '0') digits += c;
      exponent -= point ? 1 : 0;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (Take(&text, 'e') || Take(&text, 'E')) {
    const bool plus = Take(&text, '+');
    int32_t given = 0;
    if ((plus && text.starts_with('-')) || !ParseAll(text, &given)) return std::nullopt;
    exponent += given;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  if (digits.empty()) return 0;
  if (static_cast<int64_t>(digits.size()) + exponent > precision - scale) return std::nullopt;
  // Digits of the result: all to the left of the last place that the scale keeps.
  const int64_t kept = static_cast<int64_t>(digits.size()) + exponent + scale;
  __int128 number = 0;
  for (int64_t i = 0; i < kept; ++i) {
    number =
        number * 10 + (i < static_cast<int64_t>(digits.size()) ? digits[static_cast<size_t>(i)] - '0' : 0);
  }
  if (kept >= 0 && kept < static_cast<int64_t>(digits.size()) && digits[static_cast<size_t>(kept)] >= '5')
    ++number;
  __int128 most = 1;
  for (int i = 0; i < precision; ++i) most *= 10;
  if (number >= most) return std::nullopt;
  return negative ? -number : number;
}

std::optional<int32_t> ParseDay(std::string_view text) {
  int32_t days = 0;
  return TakeDay(&text, &days) && text.empty() ? std::optional(days) : std::nullopt;
}

std::optional<int64_t> ParseMoment(std::string_view text) {
  int32_t days = 0;
  int hour = 0, minute = 0, second = 0;
  if (!TakeDay(&text, &days) || !(Take(&text, 'T') || Take(&text, ' ')) || !TakeNumber(&text, 2, &hour) ||
      !Take(&text, ':') || !TakeNumber(&text, 2, &minute) || !Take(&text, ':') ||
      !TakeNumber(&text, 2, &second) || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  int64_t micros = 0;
  if (Take(&text, '.')) {
    int count = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9' && count < 9;
         ++count, text.remove_prefix(1)) {
      if (count < 6) micros = micros * 10 + (text.front() - '0');
    }
    if (count == 0) return std::nullopt;
    for (; count < 6; ++count) micros *= 10;
  }
  int64_t offset = 0;
  if (!TakeOffset(&text, &offset)) return std::nullopt;
  return (int64_t{days} * 86400 + hour * 3600 + minute * 60 + second - offset) * 1'000'000 + micros;
}

}  // namespace penstock::stream
