// The operators of JSONPath's filters: how two values compare in Jayway JsonPath.
// Source: github.com/json-path/JsonPath, README, "Filter Operators".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::workflow {

// /pattern/flags; matches a whole text.
class PathPattern {
 public:
  virtual ~PathPattern() = default;
  virtual bool Matches(std::string_view text) const = 0;
  // InvalidData: not a regular expression. Flags: i.
  static Result<std::shared_ptr<const PathPattern>> Compile(const std::string& pattern,
                                                            std::string_view flags);
};

// One side; neither: a path that led nowhere.
struct PathOperand {
  const json::value* value = nullptr;
  const PathPattern* pattern = nullptr;
};

using PathOperator = bool (*)(const PathOperand& left, const PathOperand& right);

// "==", "=~", "in", "subsetof", …; null: there is none of this name.
PathOperator FindPathOperator(std::string_view name);

}  // namespace penstock::workflow
