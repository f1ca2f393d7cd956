// $toMillis: moments from text, by a picture ("[D1o] [MNn] [Y0001]") or as ISO 8601.
// Source: docs.jsonata.org, $toMillis; the picture is that of $fromMillis (datetime_picture.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace penstock::jsonata {

// `picture`: empty for ISO 8601. `now_millis` gives the components larger than the first one that the picture
// has ("[H]:[m]" is a time of today, in UTC); those behind the last one are the least there are. As in
// ECMA-262 (Date.UTC), a year from 0 to 99 is one of the twentieth century.
//
// Nothing: the text is not of this picture, the picture has no component, or the day or time does not exist.
// Faults: D3110 (not ISO 8601), D3130 to D3135 (the picture), D3136 (components that make no moment: one is
// left out between others, hours of twelve without am or pm, weeks in place of days).
Result<std::optional<int64_t>> ParseDateTime(std::string_view text, std::string_view picture,
                                             int64_t now_millis);

}  // namespace penstock::jsonata
