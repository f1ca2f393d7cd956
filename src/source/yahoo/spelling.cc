#include "source/yahoo/spelling.h"

#include <algorithm>

namespace penstock::source::yahoo {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

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
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

}  // namespace penstock::source::yahoo
