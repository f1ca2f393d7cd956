// The functions of the library: docs.jsonata.org, "Function library"; AWS Step Functions developer guide,
// "Transforming data with JSONata". A family a file; builtins.cc lists them all.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "jsonata/expression.h"
#include "jsonata/signature.h"
#include "jsonata/value.h"

namespace penstock::jsonata {

class Evaluator;

// What a function is called with. Arguments are as its signature says; those left out are undefined.
struct Invocation {
  Evaluator& evaluator;
  std::span<const Value> arguments;
  Value input;
  Frame* frame;

  Value operator[](size_t index) const { return index < arguments.size() ? arguments[index] : Value(); }
};

using Implementation = Result<Value> (*)(const Invocation&);

struct BuiltinRow {
  std::string_view name;
  std::string_view signature;
  Implementation run;
  int arity = -1;  // what a higher-order function takes it for; -1: as many as the signature has
};

struct Builtin {
  BuiltinRow row;
  Signature signature;
  size_t arity;
};

const Builtin* FindBuiltin(std::string_view name, Dialect dialect);

std::span<const BuiltinRow> StringFunctions();
std::span<const BuiltinRow> MatchFunctions();
std::span<const BuiltinRow> EncodingFunctions();
std::span<const BuiltinRow> NumberFunctions();
std::span<const BuiltinRow> ArrayFunctions();
std::span<const BuiltinRow> ObjectFunctions();
std::span<const BuiltinRow> HigherOrderFunctions();
std::span<const BuiltinRow> ControlFunctions();
std::span<const BuiltinRow> TimeFunctions();
std::span<const BuiltinRow> StepFunctions();  // of Dialect::kStepFunctions alone

// Uniform in [0, 1), a multiple of 2^-53.
double Fraction(Random& random);

}  // namespace penstock::jsonata
