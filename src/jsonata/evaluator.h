// One evaluation of an expression: walks the tree over values. Where files share it: evaluator.cc decides by
// node, paths.cc follows paths and their bindings, operators.cc computes, calls.cc calls.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "jsonata/builtins.h"
#include "jsonata/expression.h"
#include "jsonata/syntax.h"
#include "jsonata/value.h"

namespace penstock::jsonata {

// A function as a value. Only what its type names is set.
struct Function {
  enum class Type {
    kLambda,     // node, frame, input
    kBuiltin,    // builtin
    kPartial,    // first, items: arguments, tuples of null where one is to come
    kComposed,   // first, then second
    kRegex,      // node
    kNextMatch,  // node, text, offset: what `next` of a match is
    kTransform,  // node, frame, input
  };
  Type type;
  const Node* node = nullptr;
  Frame* frame = nullptr;
  Value input;
  const Builtin* builtin = nullptr;
  Function* first = nullptr;
  Function* second = nullptr;
  Value* items = nullptr;
  size_t size = 0;
  std::string_view text;
  size_t offset = 0;
  bool empty_match = false;  // of kNextMatch: the match before was empty
};

class Evaluator {
 public:
  Evaluator(const Environment& environment, Dialect dialect) : environment_(environment), dialect_(dialect) {}

  // A new input at the root: $, and $$ in `frame`.
  Value Root(Value input, Frame* frame);
  Result<Value> Evaluate(const Node& node, Value input, Frame* frame);
  Result<Value> Apply(Value function, std::span<const Value> arguments, Value input, Frame* frame);
  // Text, compiled in this evaluation's dialect, that lives as long as the evaluation.
  Result<const Node*> Compile(std::string_view text);

  // U1001 once the evaluation has done too much.
  Status Spend(int64_t steps);
  // D2014, U1001: so much more memory would be too much.
  Status Reserve(size_t bytes) const;

  Result<bool> Equal(const Value& a, const Value& b);
  Result<Value> Text(std::string text);  // kept in the arena
  Arena& arena() { return arena_; }
  const Environment& environment() const { return environment_; }
  // When the evaluation began.
  int64_t now_millis();
  // Another path to the same values: what $append answers.
  Value Append(Value first, Value second);
  // How many arguments a function takes.
  static size_t ArityOf(const Function& function);
  // The next match of a regular expression, as a value: undefined at the end.
  Result<Value> MatchValue(const Node& node, std::string_view text, size_t offset);
  // A match as a value, with the function `next`. `start`: where it begins, in UTF-16 units.
  Value MatchValue(const Node& node, std::string_view text, const Regex::Match& match, size_t start);

 private:
  class Deeper;
  Status CheckDepth();  // U1001: too many levels, or too little stack
  Result<Value> Dispatch(const Node& node, Value input, Frame* frame);
  Result<Value> Finish(const Node& node, Value value, Frame* frame);

  // paths.cc
  Result<Value> Path(const Node& path, Value input, Frame* frame);
  Result<Array*> Step(const Node& step, const Value& input, Frame* frame, bool last);
  Result<Array*> TupleStep(const Node& step, const Value& input, const Array* tuples, Frame* frame);
  Result<Array*> Stages(const Node& step, Array* input, Frame* frame);
  Result<Value> Filter(const Node& predicate, Value input, Frame* frame);
  Frame* FrameOf(const Tuple& tuple, Frame* parent);
  Result<Value> Name(const Value& input, std::string_view key, int depth = 0);
  Result<Value> Wildcard(Value input);
  Result<Value> Descendants(const Value& input);
  Status Descend(const Value& value, Array* found, int depth);
  Status Flatten(const Value& value, Array* flat, int depth);

  // grouping.cc
  Result<Value> GroupBy(const NodePairs& pairs, int64_t position, Value input, Frame* frame);
  Tuple Reduce(const Array& tuples);
  Result<Array*> SortBy(const Node& sort, const Value& input, Frame* frame);

  // operators.cc
  Result<Value> Binary(const Node& node, Value input, Frame* frame);
  Result<Value> Arithmetic(const Node& node, const Value& left, const Value& right);
  Result<Value> Compare(const Node& node, const Value& left, const Value& right);
  Result<Value> Concatenate(const Value& left, const Value& right);
  Result<Value> Range(const Value& left, const Value& right);
  Result<Value> Includes(const Value& left, const Value& right);
  Result<Value> ArrayOf(const Node& node, Value input, Frame* frame);

  // calls.cc
  Result<Value> Variable(const Node& node, Value input, Frame* frame);
  Result<Value> Call(const Node& node, Value input, Frame* frame, const Value* piped);
  Result<Value> Called(const Node& node, Value input, Frame* frame, const Value* piped,
                       std::vector<Value>& arguments);
  Result<Value> CallLambda(const Function& lambda, std::vector<Value> arguments, Value input);
  Result<Frame*> Enter(const Function& lambda, std::span<const Value> arguments, Value input);
  Result<Value> Partial(const Node& node, Value input, Frame* frame);
  Result<Value> Pipe(const Node& node, Value input, Frame* frame);
  Result<Value> Transform(const Function& transform, Value target, Frame* frame);
  Result<Value> Clone(const Value& value, int depth);

  const Environment& environment_;
  const Dialect dialect_;
  Arena arena_;
  std::vector<std::unique_ptr<Syntax>> syntaxes_;  // of $eval
  std::optional<int64_t> now_millis_;
  int64_t steps_ = 0;
  int depth_ = 0;
  const char* stack_ = nullptr;  // where the evaluation began

  friend Result<Value> CloneOf(Evaluator& evaluator, const Value& value);
};

// A deep copy in the arena, whose objects may be changed.
Result<Value> CloneOf(Evaluator& evaluator, const Value& value);

// The tree of a text, its variables bound to the functions of the dialect.
Result<const Node*> CompileInto(std::string_view text, Dialect dialect, Syntax& syntax);

bool IsNumeric(const Value& value);
Status OutOfRange(double number);

}  // namespace penstock::jsonata
