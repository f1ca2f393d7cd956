// Texts as numbers, days and moments, as Firehose's conversions read them. Source: json_cell.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::stream {

// All of the text; finite.
std::optional<int64_t> ParseInteger(std::string_view text);
std::optional<double> ParseReal(std::string_view text);

// Microseconds since the epoch of a number: below 1e12 in size seconds, else milliseconds. Nothing: too far
// away.
std::optional<int64_t> FromEpoch(int64_t value);
std::optional<int64_t> FromEpoch(double value);

// A number of JSON with more than 15 digits, which a double need not hold: conversions to decimals read it as
// a text.
bool IsLongNumber(std::string_view text);
// Appends the JSON with such numbers in quotation marks.
void QuoteLongNumbers(std::string_view json, std::string* out);

// "2020-5-14", days since the epoch.
std::optional<int32_t> ParseDay(std::string_view text);
// "2017-02-07T15:13:01.39256Z", "2017-2-7 15:13:01.14", with or without Z or an offset; microseconds since
// the epoch.
std::optional<int64_t> ParseMoment(std::string_view text);
// "-1.25", "2e-3": times 10^scale, rounded half up. Nothing: no number, or one of more digits before the
// point than `precision - scale`.
std::optional<__int128> ParseDecimal(std::string_view text, int precision, int scale);

}  // namespace penstock::stream
