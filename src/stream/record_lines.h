// Bodies of people without an SDK, taken apart into records: a JSON document a line, rows of CSV, lines of
// text.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "base/status.h"
#include "stream/record_log.h"

namespace penstock::stream {

enum class LineFormat {
  kJson,  // each line a JSON value (NDJSON); it is checked
  kCsv,   // RFC 4180, a header first; each row becomes a JSON object
  kText,  // each line as it is
};
// Of a Content-Type without its parameters, in lower case: application/x-ndjson, application/jsonl,
// application/json, application/json-lines and none are kJson, text/csv kCsv, text/plain kText. Usage:
// another.
Result<LineFormat> LineFormatOf(std::string_view content_type);

struct LineLimits {
  size_t records = std::numeric_limits<size_t>::max();
  size_t bytes = std::numeric_limits<size_t>::max();  // of the records: a row of CSV has all names
  size_t first_line = 1;  // what the body's first line is called in messages; of CSV it is the header
};

// Adds the records of a body; each ends with a line feed, the last one too. Empty lines are left out, a byte
// order mark and carriage returns at line ends too. CSV: a cell that is a number as JSON writes it, without
// an exponent, becomes that number; an empty one null; true and false those; all else, and whatever stands in
// quotation marks, a text. So "00700" and 1E5 stay as they are. InvalidData, with the line: no JSON, a row
// with more or fewer cells than the header or above 10,000, a quotation mark that is not closed, text that is
// not UTF-8. TooLarge: a record above kMostDataBytes, or more than `limits`.
Status ReadLines(std::string_view body, LineFormat format, RecordGroup* group, const LineLimits& limits = {});

}  // namespace penstock::stream
