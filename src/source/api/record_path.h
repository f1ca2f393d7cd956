// Where in a JSON document the records are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::source {

// A JSON Pointer (RFC 6901: "/chart/result/0/quotes") or dotted ("chart.result.0.quotes", "$.data"); empty:
// the whole document. A segment "*" goes through all members of an object, or all elements of an array; so
// does "{name}", which puts the member's key (of an element: its number, from 0) into a column of that name:
// "/{symbol}/chart" of {"AAPL":{"chart":[…]},"MSFT":{"chart":[…]}}.
struct RecordPath {
  struct Segment {
    bool each = false;  // goes through all
    std::string name;   // of the member; of the column where `each`, empty: none
  };
  std::vector<Segment> segments;

  // Configuration: an empty segment, an escape that is none, two columns of one name.
  static Result<RecordPath> Parse(std::string_view text);
  bool goes_through_all() const;
};

// The value at the end of a path that does not go through all. nullptr: it is not there.
const json::value* FindAt(const json::value& document, const RecordPath& path);

}  // namespace penstock::source
