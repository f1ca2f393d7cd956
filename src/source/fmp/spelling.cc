#include "source/fmp/spelling.h"

#include <algorithm>

namespace penstock::source::fmp {
namespace {

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// What stands for the letter behind a dot or a slash; nothing: it names an exchange.
std::string_view Suffix(std::string_view letters, bool slash) {
  if (letters == "W" || letters == "WS" || letters == "WT") return "WT";
  if (letters == "U" || letters == "UN") return "UN";
  if (letters == "R" || letters == "RT" || letters == "RI") return "RI";
  // One letter behind a dot may be an exchange (.L, .F, .T, .V); A to C are classes everywhere.
  if (letters.size() == 1 && (slash || (letters[0] >= 'A' && letters[0] <= 'C'))) return letters;
  return {};
}

}  // namespace

std::string FmpSpelling(std::string_view symbol) {
  symbol = symbol.substr(symbol.find(':') + 1);
  const size_t at = symbol.find_last_of("./$");
  if (at == std::string_view::npos || at == 0) return std::string(symbol);
  const std::string stem(symbol.substr(0, at));
  const std::string_view letters = symbol.substr(at + 1);
  if (symbol[at] == '$') return stem + "-P" + std::string(letters);
  const std::string_view suffix = Suffix(letters, symbol[at] == '/');
  return suffix.empty() ? std::string(symbol) : stem + "-" + std::string(suffix);
}

bool SameSymbol(std::string_view a, std::string_view b) {
  const std::string left = FmpSpelling(a), right = FmpSpelling(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char x, char y) { return Upper(x) == Upper(y); });
}

}  // namespace penstock::source::fmp
