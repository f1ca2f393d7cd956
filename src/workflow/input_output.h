// How a state's input becomes what it works on, and its result becomes its output and its variables.
// Source: Amazon States Language, "Input and Output Processing"; AWS Step Functions developer guide,
// "Transforming data with JSONata", "Passing data between states with variables".
#pragma once

#include "workflow/definition.h"

namespace penstock::workflow {

// One for each query language. Stateless. Failures are TaskErrors. `scope` is that of the visit; its input is
// not used.
class InputOutput {
 public:
  virtual ~InputOutput() = default;
  // The effective input: `raw` itself, or a value made in `buffer`.
  virtual Result<const json::value*> Input(const State& state, const json::value& raw, const Scope& scope,
                                           json::value& buffer) const = 0;
  // What a Task or the branches of a Parallel get, and the result of a Pass: `effective` itself, or a value
  // made in `buffer` (which may be where `effective` is).
  virtual Result<const json::value*> Arguments(const State& state, const json::value& effective,
                                               const Scope& scope, json::value& buffer) const = 0;
  // The output of a state with a result.
  virtual Result<json::value> Output(const State& state, json::value raw, json::value result,
                                     const Scope& scope) const = 0;
  // The output of a state that passes its effective input on (Choice, Wait, Succeed). `output` is the
  // template that applies: the state's, or that of the rule that matched; null: none.
  virtual Result<json::value> PassOn(const State& state, const Template* output, json::value effective,
                                     const Scope& scope) const = 0;
  // The output of a state whose error was caught; `error` is {"Error": …, "Cause": …}.
  virtual Result<json::value> Caught(const Catcher& catcher, json::value raw, json::value error,
                                     const Scope& scope) const = 0;
};

const InputOutput& InputOutputOf(QueryLanguage language);

}  // namespace penstock::workflow
