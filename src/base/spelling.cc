#include "base/spelling.h"

#include <algorithm>
#include <cctype>

namespace penstock {
namespace {

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Optimal string alignment distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t cost = Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> NearestWord(std::string_view word, const std::vector<std::string>& choices) {
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  std::optional<std::string> best;
  size_t least = limit + 1;
  if (word.size() > 64) return best;
  for (const auto& choice : choices) {
    if (choice.size() > 64) continue;
    const size_t distance = Distance(word, choice);
    if (distance < least) {
      least = distance;
      best = choice;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& choices) {
  const auto nearest = NearestWord(word, choices);
  return nearest ? " (did you mean " + *nearest + "?)" : "";
}

}  // namespace penstock
