// How Yahoo Finance spells symbols.
#pragma once

#include <string>
#include <string_view>

namespace penstock::source::yahoo {

// Whether both name the same share: without case, in Yahoo's spelling.
bool SameSymbol(std::string_view a, std::string_view b);

// How Yahoo spells a symbol: share classes with a hyphen (BRK.B is BRK-B), for .A to .C name no exchange
// there, and without an exchange in front (NYSE:LMT is LMT).
std::string YahooSpelling(std::string_view symbol);

}  // namespace penstock::source::yahoo
