// A minute bar as the record that a collector puts on a stream (STREAM-4).
#pragma once

#include <string>
#include <string_view>

#include "base/date.h"
#include "source/minute_source.h"

namespace penstock::pipeline {

// 2020-05-14 09:30:00-04:00: local time and its offset from UTC, so that text sorts within a day and tells
// the hour.
std::string FormatLocalTime(const TimeZone& zone, TimePoint time);

// {"name":"FB","high":205.5,"low":205.1,"ts":"2020-05-14 09:30:00-04:00"}, on one line, without its end; a
// made-up bar says so by a fifth member, "generated":true.
std::string BarRecord(std::string_view name, const source::MinuteBar& bar, const TimeZone& zone,
                      bool generated);

}  // namespace penstock::pipeline
