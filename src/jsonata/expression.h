// A JSONata expression: compiled once, evaluated often, from many threads at once.
// Source: docs.jsonata.org (2.0); AWS Step Functions developer guide, "Transforming data with JSONata".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/status.h"
#include "jsonata/fault.h"  // Fault, FaultOf

namespace penstock::jsonata {

enum class Dialect {
  kStandard,       // docs.jsonata.org
  kStepFunctions,  // without $eval, with $partition, $range, $hash, $random(seed), $uuid, $parse
};

struct Limits {
  int depth = 2'000;                        // of nodes evaluated within one another; beyond it: U1001
  int64_t steps = 10'000'000;               // nodes evaluated; beyond it: U1001
  size_t array = 10'000'000;                // elements that a range may make: D2014
  size_t memory_bytes = size_t{512} << 20;  // of values made by the evaluation; beyond it: U1001
};

// Variables seen as $name. The values outlive the evaluation.
using Bindings = std::vector<std::pair<std::string, const json::value*>>;

// Everything an evaluation takes from outside.
struct Environment {
  Clock& clock;    // $now, $millis: read once an evaluation
  Random& random;  // $random, $shuffle, $uuid
  Limits limits;
};

class Expression {
 public:
  // InvalidData, with a Fault: not an expression.
  static Result<Expression> Compile(std::string_view text, Dialect dialect = Dialect::kStandard);

  // `input` is $ and $$. Nothing: the result is undefined. Functions in a result are written as "" would be
  // by $string (a lambda inside an object: ""); a result that is a function is undefined. InvalidData, with a
  // Fault: the evaluation failed.
  Result<std::optional<json::value>> Evaluate(const json::value& input, const Bindings& bindings,
                                              const Environment& environment) const;
  // The same without an input: $ is undefined.
  Result<std::optional<json::value>> EvaluateAlone(const Bindings& bindings,
                                                   const Environment& environment) const;

  const std::string& text() const { return text_; }
  // The free variables that the text names ($states, $price), without the sign, ascending; not those it binds
  // itself and not functions that the dialect knows.
  const std::vector<std::string>& variables() const { return variables_; }

 private:
  struct Program;
  Result<std::optional<json::value>> Run(const json::value* input, const Bindings& bindings,
                                         const Environment& environment) const;

  std::string text_;
  std::vector<std::string> variables_;
  std::shared_ptr<const Program> program_;
};

}  // namespace penstock::jsonata
