// The functions at the end of a JSONPath: "$.numbers.sum()".
// Source: github.com/json-path/JsonPath, README, "Functions".
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "workflow/json_path.h"

namespace penstock::workflow {

struct PathFunctionArgument {
  json::value literal;
  std::shared_ptr<const JsonPath> path;  // null: the literal
};

struct PathFunctionCall {
  Result<json::value> (*function)(const json::value& subject, const std::vector<json::value>& arguments);
  std::vector<PathFunctionArgument> arguments;
};

// min, max, avg, stddev, sum, length, size, keys, concat, append, first, last, index. InvalidData: another
// name, or wrong arguments.
Result<std::shared_ptr<const PathFunctionCall>> ParsePathFunction(std::string_view name,
                                                                  std::string_view arguments);
// NotFound, in Jayway's words, where the subject is of the wrong kind.
Result<json::value> CallPathFunction(const PathFunctionCall& call, const json::value& subject,
                                     const json::value& root);

}  // namespace penstock::workflow
