// One value of a result as text or as JSON; every type that an engine may give. Deterministic: no locale,
// UTC.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::query {

// As shown in a table, CSV and Markdown. NULL adds nothing.
//   numbers     shortest text that reads back as the same number; NaN, Infinity; decimals and HUGEINT exactly
//   DATE        2017-08-11            TIME       09:30:00[.123456]
//   TIMESTAMP   2017-08-11 09:30:00[.123456]     WITH TIME ZONE: the same in UTC, with +00
//   INTERVAL    1 year 2 months 3 days 04:05:06  BLOB  \xdeadbeef
//   BOOLEAN     true, false           UUID, ENUM, VARCHAR  their text
//   LIST, STRUCT, MAP, UNION          their JSON
void AppendText(const arrow::Array& column, int64_t row, std::string* out);

// As a JSON value: numbers (all digits; NaN and infinities are null, JSON has none), true, false, null; LIST
// as an array, STRUCT as an object, MAP as an object of its keys' texts; times as ISO 8601
// (2017-08-11T09:30:00Z); everything else as the text above, in quotes.
void AppendJson(const arrow::Array& column, int64_t row, std::string* out);

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);

// Right-aligned in a table.
bool IsNumeric(const arrow::DataType& type);

}  // namespace penstock::query
