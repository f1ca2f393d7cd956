// ISO 8601 in the profile of ECMA-262 (Date Time String Format), and offsets from UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jsonata/civil_time.h"

namespace penstock::jsonata {

// 2018-03-23T10:33:36.617Z, ...+05:30; years beyond 0000 to 9999 with a sign and six digits.
std::string IsoText(const CivilTime& local, int offset_minutes);

// YYYY, YYYY-MM, YYYY-MM-DD, behind it THH:MM, :SS, .digits and an offset (without one: UTC). Nothing for
// other text and for a day that does not exist. Digits beyond milliseconds are dropped.
std::optional<int64_t> ParseIsoTime(std::string_view text);

// Z, +05, +0530, -05:30, also without a sign: minutes east of UTC.
std::optional<int> ParseZone(std::string_view text);

// The letter of an offset of whole hours: A to I, K to M: those east; N to Y: those west; Z: none. Empty for
// another offset.
std::string MilitaryZone(int offset_minutes);

// The moment of a local time; nothing when a field is out of its range (an hour of 24 is the end of the day).
std::optional<int64_t> CheckedMillis(CivilTime local, int offset_minutes);

}  // namespace penstock::jsonata
