// What stands in a field that is computed: a path, an intrinsic function, or a template full of them. The
// JSONPath query language; jsonata_field.h has the other one. Source: Amazon States Language, "Payload
// Template", "Intrinsic Functions".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "base/status.h"
#include "workflow/context_object.h"
#include "workflow/json_path.h"
#include "workflow/variables.h"

namespace penstock::workflow {

class StatesObject;

// What an expression sees. Lives on the stack of one state visit.
struct Scope {
  const json::value* input = nullptr;  // $, in a path
  const ContextObject* context = nullptr;
  Random* random = nullptr;
  Clock* clock = nullptr;
  const Variables* variables = nullptr;  // $name; null: there are none
  StatesObject* states = nullptr;        // $states, in a JSONata state

  // The same with another $.
  Scope On(const json::value& value) const {
    Scope scope = *this;
    scope.input = &value;
    return scope;
  }
};

// The value of a path in a scope. NotFound in Jayway's words when it leads nowhere.
Result<json::value> EvaluatePath(const JsonPath& path, const Scope& scope);
// The same for a definite path, without a copy; null when it leads nowhere.
const json::value* FindPath(const JsonPath& path, const Scope& scope);

struct IntrinsicCall;

// A path or an intrinsic function: "$.a", "$$.State.Name", "States.Format('{}', $.a)".
class Expression {
 public:
  // InvalidData: neither, an unknown function or a wrong number of arguments.
  static Result<Expression> Parse(std::string_view text);
  // A TaskError States.Runtime, States.ParameterPathFailure or States.IntrinsicFailure; `field` names the
  // place.
  Result<json::value> Evaluate(const Scope& scope, std::string_view field) const;
  const std::string& text() const { return text_; }
  const JsonPath* path() const { return path_.get(); }

 private:
  std::string text_;
  std::shared_ptr<const JsonPath> path_;
  std::shared_ptr<const IntrinsicCall> call_;
};

// A value with computed parts, compiled.
class Template {
 public:
  virtual ~Template() = default;
  virtual Result<json::value> Evaluate(const Scope& scope) const = 0;
  // Where the whole value is one expression: its text.
  virtual std::string_view text() const { return ""; }
};

// A fault found while compiling: where (a JSON pointer below the template's own) and what.
struct TemplateFault {
  std::string pointer;
  std::string message;
};

// The JSONPath payload template: keys that end in ".$" hold expressions. Every fault goes to `faults`.
std::unique_ptr<Template> CompilePayloadTemplate(const json::value& value,
                                                 std::vector<TemplateFault>& faults);

// RFC 6901: "~" and "/" in a token escaped.
std::string EscapePointer(std::string_view token);

}  // namespace penstock::workflow
