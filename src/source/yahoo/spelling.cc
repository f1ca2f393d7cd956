#include "source/yahoo/spelling.h"

#include <algorithm>

#include "base/ascii.h"

namespace penstock::source::yahoo {
std::string YahooSpelling(std::string_view symbol) {
  std::string spelled(symbol.substr(symbol.find(':') + 1));
  const size_t size = spelled.size();
  if (size > 2 && spelled[size - 2] == '.' && spelled[size - 1] >= 'A' && spelled[size - 1] <= 'C') {
    spelled[size - 2] = '-';
  }
  return spelled;
}

bool SameSymbol(std::string_view a, std::string_view b) {
  const std::string left = YahooSpelling(a), right = YahooSpelling(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char x, char y) { return AsciiLower(x) == AsciiLower(y); });
}

}  // namespace penstock::source::yahoo
