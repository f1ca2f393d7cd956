// Text within XML, HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// Fit for content and for attributes in double quotes. Control characters, of which XML 1.0 has none but
// three, become spaces.
std::string EscapeMarkup(std::string_view text);

}  // namespace penstock
