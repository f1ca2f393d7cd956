#include "jsonata/evaluator.h"

#include <cmath>
#include <cstdlib>

#include "jsonata/fault_text.h"
#include "jsonata/number_text.h"
#include "jsonata/parser.h"
#include "jsonata/structure.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

constexpr ptrdiff_t kMaxStackBytes = 4 << 20;

Status TooDeep() {
  return Failure("U1001", {.value = "Stack overflow error: Check for non-terminating recursive function.  "
                                    "Consider rewriting as tail-recursive."});
}

}  // namespace

// One level of nested evaluation.
class Evaluator::Deeper {
 public:
  explicit Deeper(Evaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.depth_; }
  ~Deeper() { --evaluator_.depth_; }
  Deeper(const Deeper&) = delete;

 private:
  Evaluator& evaluator_;
};

bool IsNumeric(const Value& value) { return value.is_number() && std::isfinite(value.number()); }

Status OutOfRange(double number) { return Failure("D1001", {.value = NumberText(number)}); }

Status Evaluator::Spend(int64_t steps) {
  steps_ += steps;
  if (steps_ > environment_.limits.steps || arena_.size() > environment_.limits.memory_bytes) {
    return Failure("U1001", {.value = "Expression evaluation timeout: Check for infinite loop"});
  }
  return Status::OK();
}

Status Evaluator::Reserve(size_t bytes) const {
  if (bytes > environment_.limits.memory_bytes - std::min(arena_.size(), environment_.limits.memory_bytes)) {
    return Failure("U1001", {.value = "The expression takes too much memory"});
  }
  return Status::OK();
}

int64_t Evaluator::now_millis() {
  if (!now_millis_) {
    const auto now = environment_.clock.Now().time_since_epoch();
    now_millis_ = std::chrono::floor<std::chrono::milliseconds>(now).count();
  }
  return *now_millis_;
}

Value Evaluator::Root(Value input, Frame* frame) {
  if (input.is_array() && !input.is_sequence()) {
    Array* wrapper = NewSequence(arena_, input);
    wrapper->wrapper = true;
    input = Value(wrapper);
  }
  if (frame != nullptr) frame->Bind(arena_, "$", input);
  return input;
}

Result<const Node*> CompileInto(std::string_view text, Dialect dialect, Syntax& syntax) {
  ASSIGN_OR_RETURN(Node * parsed, Parser(text, syntax).Parse());
  ASSIGN_OR_RETURN(syntax.root, Structure(parsed, syntax));
  for (Node& node : syntax.nodes) {
    if (node.type == NodeType::kVariable) node.builtin = FindBuiltin(node.text, dialect);
  }
  return syntax.root;
}

Result<const Node*> Evaluator::Compile(std::string_view text) {
  RETURN_IF_ERROR(Spend(static_cast<int64_t>(text.size())));
  syntaxes_.push_back(std::make_unique<Syntax>());
  return CompileInto(text, dialect_, *syntaxes_.back());
}

Result<bool> Evaluator::Equal(const Value& a, const Value& b) {
  int64_t budget = environment_.limits.steps - steps_;
  const int64_t before = budget;
  const bool equal = DeepEqual(a, b, budget);
  RETURN_IF_ERROR(Spend(before - budget));
  return equal;
}

Result<Value> Evaluator::Text(std::string text) {
  RETURN_IF_ERROR(Reserve(text.size()));
  return Value(arena_.Copy(text));
}

Value Evaluator::Append(Value first, Value second) {
  if (first.is_undefined()) return second;
  if (second.is_undefined()) return first;
  Array* both = NewArray(arena_);
  both->Append(arena_, first);
  both->Append(arena_, second);
  return Value(both);
}

Status Evaluator::CheckDepth() {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  if (stack_ == nullptr) stack_ = here;
  if (depth_ > environment_.limits.depth || std::abs(stack_ - here) > kMaxStackBytes) return TooDeep();
  return Status::OK();
}

Result<Value> Evaluator::Evaluate(const Node& node, Value input, Frame* frame) {
  const Deeper level(*this);
  RETURN_IF_ERROR(CheckDepth());
  RETURN_IF_ERROR(Spend(1));
  ASSIGN_OR_RETURN(Value value, Dispatch(node, input, frame));
  return Finish(node, value, frame);
}

// What follows every kind of value: predicates, grouping, and a sequence of one for the one.
Result<Value> Evaluator::Finish(const Node& node, Value value, Frame* frame) {
  for (const Stage& stage : node.predicates) {
    ASSIGN_OR_RETURN(value, Filter(*stage.filter, value, frame));
  }
  if (node.group != nullptr && node.type != NodeType::kPath) {
    ASSIGN_OR_RETURN(value, GroupBy(node.group->pairs, node.group->position, value, frame));
  }
  Array* sequence = value.array();
  if (sequence == nullptr || !sequence->sequence || sequence->tuples) return value;
  if (node.keep_array) sequence->keep_singleton = true;
  if (sequence->size == 0) return Value();
  if (sequence->size == 1 && !sequence->keep_singleton) return sequence->items[0];
  return value;
}

Result<Value> Evaluator::Dispatch(const Node& node, Value input, Frame* frame) {
  switch (node.type) {
    case NodeType::kPath: return Path(node, input, frame);
    case NodeType::kBinary: return Binary(node, input, frame);
    case NodeType::kNegate: {
      ASSIGN_OR_RETURN(const Value operand, Evaluate(*node.lhs, input, frame));
      if (operand.is_undefined()) return operand;
      if (IsNumeric(operand)) return Value(-operand.number());
      return Failure("D1002", {.token = "-", .position = node.position, .value = ValueText(operand)});
    }
    case NodeType::kArray: return ArrayOf(node, input, frame);
    case NodeType::kObject: return GroupBy(node.pairs, node.position, input, frame);
    case NodeType::kName: return Name(input, node.text);
    case NodeType::kString: return Value(std::string_view(node.text));
    case NodeType::kNumber: return Value(node.number);
    case NodeType::kLiteral: return node.text == "null" ? Value::Null() : Value(node.text == "true");
    case NodeType::kWildcard: return Wildcard(input);
    case NodeType::kDescendant: return Descendants(input);
    case NodeType::kParent: {
      const Value* bound = frame->Find(node.slot->label);
      return bound == nullptr ? Value() : *bound;
    }
    case NodeType::kVariable: return Variable(node, input, frame);
    case NodeType::kRegex: return Value(arena_.New<Function>(Function::Type::kRegex, &node));
    case NodeType::kCondition: {
      ASSIGN_OR_RETURN(const Value condition, Evaluate(*node.lhs, input, frame));
      const Node* branch = IsTrue(condition) ? node.rhs : node.third;
      return branch == nullptr ? Value() : Evaluate(*branch, input, frame);
    }
    case NodeType::kCoalesce:
    case NodeType::kDefault: {
      ASSIGN_OR_RETURN(const Value left, Evaluate(*node.lhs, input, frame));
      const bool take = node.type == NodeType::kDefault ? IsTrue(left) : !left.is_undefined();
      return take ? left : Evaluate(*node.rhs, input, frame);
    }
    case NodeType::kBlock: {
      Frame* inner = arena_.New<Frame>(frame);
      Value last;
      for (const Node* item : node.items) {
        ASSIGN_OR_RETURN(last, Evaluate(*item, input, inner));
      }
      return last;
    }
    case NodeType::kBind: {
      ASSIGN_OR_RETURN(const Value value, Evaluate(*node.rhs, input, frame));
      frame->Bind(arena_, node.lhs->text, value);
      return value;
    }
    case NodeType::kCall: return Call(node, input, frame, nullptr);
    case NodeType::kPartial: return Partial(node, input, frame);
    case NodeType::kLambda: return Value(arena_.New<Function>(Function::Type::kLambda, &node, frame, input));
    case NodeType::kTransform:
      return Value(arena_.New<Function>(Function::Type::kTransform, &node, frame, input));
    case NodeType::kApply: return Pipe(node, input, frame);
    case NodeType::kSort: {
      ASSIGN_OR_RETURN(Array * sorted, SortBy(node, input, frame));
      return Value(sorted);
    }
    case NodeType::kKeyword:
    case NodeType::kPlaceholder:
    case NodeType::kEnd: break;
  }
  return Failure("S0206", {.token = node.text, .position = node.position});
}

}  // namespace penstock::jsonata
