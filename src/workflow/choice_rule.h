// The rules of a Choice state: compiled once, evaluated against the state's input.
// Source: Amazon States Language, "Choice State" (Boolean expression, Data-test expression).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "workflow/expression.h"

namespace penstock::workflow {

class ChoiceRule {
 public:
  virtual ~ChoiceRule() = default;
  // A TaskError States.Runtime when a path leads nowhere (but for IsPresent).
  virtual Result<bool> Matches(const Scope& scope) const = 0;
};

// Compiles the rule `value` (And, Or, Not or one comparison); keys that belong to the top level (Next,
// Comment, Assign, Output) are left alone. Every fault goes to `faults`; null when there was one.
std::unique_ptr<ChoiceRule> CompileChoiceRule(const json::value& value, bool top_level,
                                              std::vector<TemplateFault>& faults);

// The Condition of a rule of a JSONata state: an expression, true or false. `field` as in JsonataField.
std::unique_ptr<ChoiceRule> CompileCondition(const json::value& value, const std::string& field,
                                             std::vector<TemplateFault>& faults);

// StringMatches: '*' stands for any number of characters, '\*' for a star, '\\' for a backslash.
bool WildcardMatches(std::string_view pattern, std::string_view text);

}  // namespace penstock::workflow
