// A JSON value as a cell of a column, with the conversions of Hive's JSON SerDes. For json_*.cc only: brings
// in simdjson. Source: as json_rows.h; numbers below 1e12 are seconds since the epoch, others milliseconds,
// as the service was measured.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lake/row_columns.h"

namespace penstock::stream {

enum class CellType { kBool, kInt8, kInt16, kInt32, kInt64, kFloat, kDouble, kDate, kTimestamp, kText };
// Nothing: no type of the catalog.
std::optional<CellType> CellTypeOf(std::string_view hive_type);

// Adds the value to the column. The answer is empty, or says why it does not fit, and nothing was added.
std::string AddCell(const simdjson::dom::element& value, CellType type, int column, lake::RowColumns* rows);

// A text as it is, any other value as its JSON.
std::string TextOf(const simdjson::dom::element& value);

// "2020-5-14", days since the epoch.
std::optional<int32_t> ParseDay(std::string_view text);
// "2017-02-07T15:13:01.39256Z", "2017-2-7 15:13:01.14", with or without Z or an offset; microseconds since
// the epoch.
std::optional<int64_t> ParseMoment(std::string_view text);

}  // namespace penstock::stream
