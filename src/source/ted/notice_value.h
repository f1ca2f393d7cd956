// Values of tender notices as they are written there: many shapes in thirty years of forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"

namespace penstock::source::ted {

// 1234.5, 1 234,50 (with any Unicode space), 1.234.567,89, 1,234,567.89, 1'234.50, -5, 1.5E6. One comma and
// no point: a decimal comma, but where exactly three digits follow at most three (1,234): thousands, as a
// value has two decimals or none. One point is a decimal point, as XML Schema writes it. nullopt: none of
// these.
std::optional<double> ParseNoticeNumber(std::string_view text);
// The same where it is whole and fits.
std::optional<int64_t> ParseNoticeInteger(std::string_view text);

// The civil day of 2019-03-04, 2019-03-04Z, 2019-03-04+01:00, 2019-03-04T10:00:00+01:00, 20190304, 20190304
// 10:00, 04/03/2019, 4.3.2019, 04-03-2019, 04 03 2019 10:00: as written, whatever the zone. nullopt: none of
// these, or no such day.
std::optional<Date> ParseNoticeDate(std::string_view text);

// Of 10:00, 9:30, 10.00, 10:00:00+01:00, 20190304 10:00, 2019-03-04T10:00:00Z: HH:MM, seconds where they are
// not 0, and the zone as written. nullopt: no time of day, or none there is.
std::optional<std::string> ParseNoticeTime(std::string_view text);

// true, yes, 1; false, no, 0; in any case.
std::optional<bool> ParseNoticeBool(std::string_view text);

// 2018/S 106-241021 as 241021-2018; anything else as it is.
std::string PlainNoticeNumber(std::string_view text);

}  // namespace penstock::source::ted
