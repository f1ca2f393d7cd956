// "did you mean": the nearest known word to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// The choice with the least edit distance to `word` (insert, delete, replace, swap of neighbours; without
// case), if it is at most a third of the word's length, and at least 1.
std::optional<std::string> NearestWord(std::string_view word, const std::vector<std::string>& choices);

// " (did you mean X?)" or nothing.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& choices);

}  // namespace penstock
