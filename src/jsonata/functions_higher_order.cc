// Functions of functions. Each value goes to a function with its index (or key) and the whole, as far as the
// function takes them.
#include <algorithm>
#include <array>

#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"

namespace penstock::jsonata {
namespace {

// What the second argument answers.
Result<Value> Ask(const Invocation& call, const Value& value, const Value& place, const Value& whole) {
  const std::array arguments{value, place, whole};
  const size_t taken = std::clamp<size_t>(Evaluator::ArityOf(*call[1].function()), 1, arguments.size());
  return call.evaluator.Apply(call[1], std::span(arguments).first(taken), call.input, call.frame);
}

Result<Value> Map(const Invocation& call) {
  if (!call[0]) return Value();
  Array* mapped = NewSequence(call.evaluator.arena());
  for (size_t i = 0; i < call[0].size(); ++i) {
    ASSIGN_OR_RETURN(const Value value, Ask(call, call[0].At(i), Value(i), call[0]));
    if (value) mapped->Push(call.evaluator.arena(), value);
  }
  return Value(mapped);
}

Result<Value> Filter(const Invocation& call) {
  if (!call[0]) return Value();
  Array* kept = NewSequence(call.evaluator.arena());
  for (size_t i = 0; i < call[0].size(); ++i) {
    const Value item = call[0].At(i);
    ASSIGN_OR_RETURN(const Value answer, Ask(call, item, Value(i), call[0]));
    if (IsTrue(answer)) kept->Push(call.evaluator.arena(), item);
  }
  return Value(kept);
}

Result<Value> Single(const Invocation& call) {
  if (!call[0]) return Value();
  Value single;
  bool found = false;
  for (size_t i = 0; i < call[0].size(); ++i) {
    const Value item = call[0].At(i);
    if (call[1].is_function()) {
      ASSIGN_OR_RETURN(const Value answer, Ask(call, item, Value(i), call[0]));
      if (!IsTrue(answer)) continue;
    }
    if (found) return Failure("D3138", {.index = static_cast<int64_t>(i)});
    found = true;
    single = item;
  }
  if (!found) return Failure("D3139");
  return single;
}

Result<Value> Reduce(const Invocation& call) {
  const Value values = call[0];
  if (!values) return values;
  const size_t arity = Evaluator::ArityOf(*call[1].function());
  if (arity < 2) return Failure("D3050", {.index = 1});
  Value result = call[2];
  for (size_t i = 0; i < values.size(); ++i) {
    if (i == 0 && !call[2]) {
      result = values.At(0);
      continue;
    }
    const std::array arguments{result, values.At(i), Value(i), values};
    ASSIGN_OR_RETURN(result,
                     call.evaluator.Apply(call[1], std::span(arguments).first(std::min<size_t>(arity, 4)),
                                          call.input, call.frame));
  }
  return result;
}

Result<Value> Each(const Invocation& call) {
  Array* values = NewSequence(call.evaluator.arena());
  for (size_t i = 0; i < call[0].size(); ++i) {
    const auto [key, member] = call[0].Member(i);
    ASSIGN_OR_RETURN(const Value value, Ask(call, member, Value(key), call[0]));
    if (value) values->Push(call.evaluator.arena(), value);
  }
  return Value(values);
}

Result<Value> Sift(const Invocation& call) {
  Object* kept = NewObject(call.evaluator.arena());
  for (size_t i = 0; i < call[0].size(); ++i) {
    const auto [key, member] = call[0].Member(i);
    ASSIGN_OR_RETURN(const Value answer, Ask(call, member, Value(key), call[0]));
    if (IsTrue(answer)) kept->Set(call.evaluator.arena(), key, member);
  }
  return kept->size == 0 ? Value() : Value(kept);
}

constexpr std::array kRows{
    BuiltinRow{"map", "<af>", Map},        BuiltinRow{"filter", "<af>", Filter},
    BuiltinRow{"single", "<af?>", Single}, BuiltinRow{"reduce", "<afj?:j>", Reduce},
    BuiltinRow{"each", "<o-f:a>", Each},   BuiltinRow{"sift", "<o-f?:o>", Sift},
};

}  // namespace

std::span<const BuiltinRow> HigherOrderFunctions() { return kRows; }

}  // namespace penstock::jsonata
