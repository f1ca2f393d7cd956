// Intrinsic functions: "States.Format('{} of {}', $.a, 3)". Parsed once; the functions stand in one table.
// Source: Amazon States Language, "Intrinsic Functions"; AWS Step Functions developer guide, "Intrinsic
// functions".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/expression.h"

namespace penstock::workflow {

struct IntrinsicFunction {
  std::string_view name;
  int min_arguments;
  int max_arguments;  // -1: any number
  // A TaskError States.IntrinsicFailure.
  Result<json::value> (*call)(const std::vector<json::value>& arguments, const Scope& scope);
};

// Null: unknown. A `name` begins with "States.".
const IntrinsicFunction* FindIntrinsic(std::string_view name);

// One argument: a literal, a path or a nested call.
struct IntrinsicArgument {
  json::value literal;
  std::unique_ptr<const JsonPath> path;
  std::unique_ptr<const IntrinsicCall> call;
};

struct IntrinsicCall {
  std::string text;
  const IntrinsicFunction* function = nullptr;
  std::vector<IntrinsicArgument> arguments;
};

// InvalidData: syntax, an unknown function, a wrong number of arguments; at most 10,000 characters.
Result<IntrinsicCall> ParseIntrinsic(std::string_view text);
Result<json::value> EvaluateIntrinsic(const IntrinsicCall& call, const Scope& scope);

}  // namespace penstock::workflow
