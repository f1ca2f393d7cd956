// The filters of JSONPath, "[?(@.price < 10 && @.isbn)]", as Jayway JsonPath reads and evaluates them.
// Source: github.com/json-path/JsonPath, README, "Filter Operators" and "Predicates".
#pragma once

#include <memory>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::workflow {

// Immutable; read by many threads.
class PathFilter {
 public:
  virtual ~PathFilter() = default;
  // Whether `node` (@) is chosen; `root` is $. A path that leads nowhere makes a comparison false.
  virtual bool Matches(const json::value& node, const json::value& root) const = 0;
};

// `text` is what stands between "[?(" and ")]". InvalidData: what is wrong. `depth` counts filters in
// filters.
Result<std::shared_ptr<const PathFilter>> ParsePathFilter(std::string_view text, int depth);

}  // namespace penstock::workflow
