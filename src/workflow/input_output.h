// How a state's input becomes what it works on, and its result becomes its output.
// Source: Amazon States Language, "Input and Output Processing".
#pragma once

#include "workflow/definition.h"

namespace penstock::workflow {

// One for each query language. Stateless. Failures are TaskErrors.
class InputOutput {
 public:
  virtual ~InputOutput() = default;
  // The effective input: `raw` itself, or a value made in `buffer`. `scope` gives the context object; its
  // input is not used.
  virtual Result<const json::value*> Input(const State& state, const json::value& raw, const Scope& scope,
                                           json::value& buffer) const = 0;
  // The output of a state with a result.
  virtual Result<json::value> Output(const State& state, json::value raw, json::value result,
                                     const Scope& scope) const = 0;
  // The output of a state that passes its effective input on (Choice, Wait, Succeed).
  virtual Result<json::value> PassOn(const State& state, json::value effective, const Scope& scope) const = 0;
  // The output of a state whose error was caught.
  virtual Result<json::value> Caught(const Catcher& catcher, json::value raw,
                                     const TaskError& error) const = 0;
};

// Of the JSONPath query language: InputPath, Parameters, ResultSelector, ResultPath, OutputPath.
const InputOutput& JsonPathInputOutput();

}  // namespace penstock::workflow
