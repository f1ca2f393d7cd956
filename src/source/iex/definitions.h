// definitions.json (IEX-1): what to ask IEX for, by key. Its JSON Schema, for editors, is
// pipelines/iex/definitions.schema.json; a test holds the two together.
//
//   {
//     "$schema": "…/definitions.schema.json",
//     "AAPL_month": {"endpoint": "chart", "symbol": "AAPL", "range": "1m", "params": {"format": "csv"}},
//     "watchlist":  {"endpoint": "batch", "symbols": ["AAPL", "MSFT"], "types": ["quote", "chart"], "range":
//     "5d"}
//   }
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "net/url.h"
#include "source/record_source.h"

namespace penstock::source::iex {

struct Definitions {
  // In the order of the file; `query` is complete: "endpoint" and, of a chart, "range" always stand there.
  std::vector<RecordSeries> series;
  struct Wrong {
    std::string key;
    int line = 0;     // of the key
    std::string why;  // all its faults: "/AAPL/rnage: no such member (did you mean range?); …"
  };
  std::vector<Wrong> wrong;  // left out
};

// What can be read of the text; a wrong key takes no other with it. A key that stands twice is wrong both
// times, for nobody knows which is meant; of two keys with one table (TableNameOf) the second is.
// InvalidData: the whole is no JSON object; names line and column.
Result<Definitions> ParseDefinitions(std::string_view text);

// All faults of one definition, as JSON Pointers below it: "/range: expected …". Empty: it can be asked for.
std::vector<std::string> FaultsOf(const json::object& definition);

// What a definition without faults asks for, below the endpoint: "/stock/AAPL/chart/date/20200514" and its
// query, without the token. Source: IEX Cloud API reference, "Historical Prices" and "Batch Requests" (2019).
struct IexRequest {
  std::string path;
  net::QueryParams query;
  bool csv = false;
};
IexRequest RequestOf(const json::object& definition);

}  // namespace penstock::source::iex
