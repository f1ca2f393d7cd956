// How many columns of a terminal a text takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::query {

// 0 for combining marks, 2 for East Asian wide characters and emoji, otherwise 1 a code point. A byte that is
// not UTF-8 counts as 1. Source: Unicode 15, EastAsianWidth.txt (W and F) and categories Mn, Me, Cf, by their
// main ranges.
size_t DisplayWidth(std::string_view text);

// The longest beginning that takes at most `width` columns; with '…' as its last when something was cut off.
std::string FitToWidth(std::string_view text, size_t width);

// The text with control characters (data must not move the cursor) as \t, \r, \x1b; line ends stay. Bytes
// that are not UTF-8 as \xNN.
std::string WithoutControls(std::string_view text);

}  // namespace penstock::query
