#include "jsonata/integer_words.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/ascii.h"

namespace penstock::jsonata {
namespace {

struct Word {
  const char* cardinal;
  const char* ordinal;
  double value;
};

constexpr std::array<Word, 20> kFew = {{
    {"Zero", "Zeroth", 0},
    {"One", "First", 1},
    {"Two", "Second", 2},
    {"Three", "Third", 3},
    {"Four", "Fourth", 4},
    {"Five", "Fifth", 5},
    {"Six", "Sixth", 6},
    {"Seven", "Seventh", 7},
    {"Eight", "Eighth", 8},
    {"Nine", "Ninth", 9},
    {"Ten", "Tenth", 10},
    {"Eleven", "Eleventh", 11},
    {"Twelve", "Twelfth", 12},
    {"Thirteen", "Thirteenth", 13},
    {"Fourteen", "Fourteenth", 14},
    {"Fifteen", "Fifteenth", 15},
    {"Sixteen", "Sixteenth", 16},
    {"Seventeen", "Seventeenth", 17},
    {"Eighteen", "Eighteenth", 18},
    {"Nineteen", "Nineteenth", 19},
}};
// From twenty.
constexpr std::array<Word, 8> kTens = {{
    {"Twenty", "Twentieth", 20},
    {"Thirty", "Thirtieth", 30},
    {"Forty", "Fortieth", 40},
    {"Fifty", "Fiftieth", 50},
    {"Sixty", "Sixtieth", 60},
    {"Seventy", "Seventieth", 70},
    {"Eighty", "Eightieth", 80},
    {"Ninety", "Ninetieth", 90},
}};
constexpr Word kHundred = {"Hundred", "Hundredth", 100};
// Three digits each.
constexpr std::array<Word, 4> kMagnitudes = {{
    {"Thousand", "Thousandth", 1e3},
    {"Million", "Millionth", 1e6},
    {"Billion", "Billionth", 1e9},
    {"Trillion", "Trillionth", 1e12},
}};
constexpr double kTrillion = 1e12;

const char* Of(const Word& word, bool ordinal) { return ordinal ? word.ordinal : word.cardinal; }

std::string_view WithoutLeadingZeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

// What stands between a larger part of the number and this remainder of it.
const char* Joint(std::string_view digits) { return digits.size() > 2 ? ", " : " and "; }

// A number below a thousand, not zero.
std::string SmallWords(std::string_view digits, bool ordinal) {
  digits = WithoutLeadingZeros(digits);
  if (digits.size() == 3) {
    const auto hundreds = static_cast<size_t>(digits[0] - '0');
    const std::string_view rest = WithoutLeadingZeros(digits.substr(1));
    const std::string text = std::string(kFew[hundreds].cardinal) + " ";
    if (rest.empty()) return text + Of(kHundred, ordinal);
    return text + kHundred.cardinal + " and " + SmallWords(rest, ordinal);
  }
  size_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<size_t>(c - '0');
  if (value < kFew.size()) return Of(kFew[value], ordinal);
  const Word& ten = kTens[value / 10 - 2];
  if (value % 10 == 0) return Of(ten, ordinal);
  return std::string(ten.cardinal) + "-" + Of(kFew[value % 10], ordinal);
}

std::string Words(std::string_view digits, bool ordinal) {
  digits = WithoutLeadingZeros(digits);
  if (digits.size() <= 3) return SmallWords(digits, ordinal);
  const size_t magnitude = std::min((digits.size() - 1) / 3, kMagnitudes.size());
  const size_t cut = digits.size() - 3 * magnitude;
  const std::string_view rest = WithoutLeadingZeros(digits.substr(cut));
  const std::string text = Words(digits.substr(0, cut), false) + " ";
  if (rest.empty()) return text + Of(kMagnitudes[magnitude - 1], ordinal);
  return text + kMagnitudes[magnitude - 1].cardinal + Joint(rest) + Words(rest, ordinal);
}

const std::map<std::string, double>& Values() {
  static const std::map<std::string, double> values = [] {
    std::map<std::string, double> out;
    const auto add = [&](const Word& word) {
      out.emplace(AsciiLower(word.cardinal), word.value);
      out.emplace(AsciiLower(word.ordinal), word.value);
    };
    for (const Word& word : kFew) add(word);
    for (const Word& word : kTens) add(word);
    add(kHundred);
    for (const Word& word : kMagnitudes) add(word);
    return out;
  }();
  return values;
}

// The parts of a number that were read, largest first; their sum is what was read up to here.
class Sum {
 public:
  void Add(double value) {
    // "thirty-four" is one part; "thousand ... four" are two.
    if (parts_.empty() || parts_.back() >= kMagnitudes[0].value || multiplied_) parts_.push_back(0);
    parts_.back() += value;
    multiplied_ = false;
  }

  void Multiply(double by) {
    if (parts_.empty()) parts_.push_back(1);
    // "one thousand, two hundred and thirty-four trillion": both parts count trillions.
    double factor = parts_.back();
    parts_.pop_back();
    while (by >= kMagnitudes[0].value && !parts_.empty() && (by == kTrillion || parts_.back() < by)) {
      factor += parts_.back();
      parts_.pop_back();
    }
    parts_.push_back(factor * by);
    multiplied_ = by >= kMagnitudes[0].value;
  }

  double Total() const {
    double total = 0;
    for (const double part : parts_) total += part;
    return total;
  }

 private:
  std::vector<double> parts_;
  bool multiplied_ = false;
};

}  // namespace

std::string IntegerWords(std::string_view digits, bool ordinal) {
  digits = WithoutLeadingZeros(digits);
  if (digits.empty()) return Of(kFew[0], ordinal);
  return Words(digits, ordinal);
}

bool IsNumberWord(std::string_view word) {
  const std::string lower = AsciiLower(word);
  return lower == "and" || Values().count(lower) > 0;
}

std::optional<double> ParseIntegerWords(std::string_view text) {
  Sum sum;
  bool any = false;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(" ,-");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::string word = AsciiLower(text.substr(0, text.find_first_of(" ,-")));
    text.remove_prefix(word.size());
    if (word == "and") continue;
    const auto value = Values().find(word);
    if (value == Values().end()) return std::nullopt;
    if (value->second < kHundred.value) {
      sum.Add(value->second);
    } else {
      sum.Multiply(value->second);
    }
    any = true;
  }
  if (!any) return std::nullopt;
  return sum.Total();
}

}  // namespace penstock::jsonata
