// Workflow variables: assigned by states, seen by the states after them.
// Source: AWS Step Functions developer guide, "Passing data between states with variables".
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"

namespace penstock::workflow {

// Of one variable, and of all that one Assign makes: 256 KiB of JSON text.
inline constexpr size_t kMaxVariableBytes = 262'144;

// Those of one line of states. An iteration or branch sees the variables of the line around it and cannot
// change them (the definition is refused when it assigns one of their names). The outer ones must not change
// meanwhile; apart from that it belongs to one thread.
class Variables {
 public:
  explicit Variables(const Variables* outer = nullptr) : outer_(outer) {}
  // Null: there is none of this name.
  const json::value* Find(std::string_view name) const;
  // Each member of `values` becomes a variable, or replaces one.
  void Assign(json::object values);
  // All that are seen here, by name.
  json::object All() const;

 private:
  const Variables* outer_;
  std::map<std::string, json::value, std::less<>> own_;
};

// Letters, digits and '_' (and everything beyond ASCII), not a digit first, at most 80 characters, not
// "states".
bool IsVariableName(std::string_view name);
// What an Assign made, checked for its size: a TaskError States.DataLimitExceeded; `text` gets it as JSON.
Status CheckAssigned(const json::value& values, std::string& text);

}  // namespace penstock::workflow
