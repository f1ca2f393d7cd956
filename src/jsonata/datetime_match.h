// What a text says of a date and a time, by a picture: the inverse of writing one, before it is a moment.
// Source: docs.jsonata.org, $toMillis; XPath and XQuery Functions and Operators 3.1, section 9.8.4.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "jsonata/datetime_picture.h"

namespace penstock::jsonata {

// Values by component, as they were written: 'f' in milliseconds, 'P' 0 or 1, 'F' from 1 (Monday), 'Z' and
// 'z' both as 'Z', in minutes east of UTC. None is checked for its range; all are below a thousand million.
using DateTimeFields = std::map<char, int64_t>;

// The whole text is matched, in any case (ASCII). Digits are a run of any length, or of the picture's length
// where other digits follow directly. Of several ways to match, the one whose first components are longest.
// Nothing: another text, and one of more than a thousand characters. Fault D3133: a name that has no
// value ([C], [E]).
Result<std::optional<DateTimeFields>> MatchDateTime(const DateTimePicture& picture, std::string_view text);

}  // namespace penstock::jsonata
