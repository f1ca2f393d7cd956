// Fields of a JSONata state: strings "{% … %}", alone or anywhere in a value.
// Source: Amazon States Language, "JSONata"; AWS Step Functions developer guide, "Transforming data with
// JSONata". The wording of failures is the service's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jsonata/expression.h"
#include "workflow/expression.h"

namespace penstock::workflow {

// $states in one visit of a state; its parts are copied only when an expression names them. Belongs to one
// thread. What it is given outlives it.
class StatesObject {
 public:
  enum Part : unsigned { kInput = 1, kContext = 2, kResult = 4, kErrorOutput = 8, kAll = 15 };

  StatesObject(const json::value& input, const ContextObject& context) : input_(&input), context_(&context) {}
  // What the state got from its task, iterations or branches.
  void set_result(const json::value& result) { result_ = &result, Forget("result", kResult); }
  // In a Catcher.
  void set_error_output(const json::value& error) { error_ = &error, Forget("errorOutput", kErrorOutput); }
  // The context object changed ($states.context.State.RetryCount).
  void ForgetContext() { Forget("context", kContext); }
  // The object with (at least) these parts, where there are such.
  const json::value& With(unsigned parts);

 private:
  void Forget(std::string_view key, unsigned part);

  const json::value* input_;
  const ContextObject* context_;
  const json::value* result_ = nullptr;
  const json::value* error_ = nullptr;
  unsigned made_ = 0;
  json::value value_ = json::object();
};

// One "{% … %}".
class JsonataField {
 public:
  // Whether the string is meant as one. A string that only begins or only ends so is not; see IsBroken.
  static bool Is(std::string_view text);
  static bool IsBroken(std::string_view text);
  // `field` is the place in the state, as failures name it: "Output/a[0]". InvalidData: not JSONata.
  static Result<JsonataField> Parse(std::string_view text, std::string field);

  // A TaskError States.QueryEvaluationError: it failed, or is undefined.
  Result<json::value> Evaluate(const Scope& scope) const;
  // And: it is of another type. `type` is "array", "boolean", "number", "string", …
  Result<json::value> EvaluateAs(std::string_view type, const Scope& scope) const;

  const std::string& text() const { return expression_.text(); }
  const std::string& field() const { return field_; }

 private:
  JsonataField(jsonata::Expression expression, std::string field);
  Status Failure(std::string_view what) const;

  jsonata::Expression expression_;
  std::string field_;
  unsigned parts_ = 0;  // of $states, that the text names
};

// The failure of a value that an expression made, where the value is not what the field takes.
Status MakeQueryError(std::string cause, std::string field);

// A value with expressions in it. Every fault goes to `faults`, with pointers below the value's own.
std::unique_ptr<Template> CompileJsonataTemplate(const json::value& value, const std::string& field,
                                                 std::vector<TemplateFault>& faults);

// "null", "array", …, as $type names it.
std::string_view JsonTypeName(const json::value& value);

}  // namespace penstock::workflow
