// Operators between two values, and the array constructor.
#include <cmath>

#include "jsonata/evaluator.h"
#include "jsonata/fault.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

// The operand as a number, checked; undefined passes.
Status CheckNumber(const Value& value, std::string_view code) {
  if (value.is_undefined() || IsNumeric(value)) return Status::OK();
  if (value.is_number() && std::isinf(value.number())) return OutOfRange(value.number());
  return Failure(code, {.value = ValueText(value)});
}

bool IsOrdered(const Value& value) { return value.is_undefined() || value.is_number() || value.is_string(); }

bool IsInteger(const Value& value) {
  return IsNumeric(value) && value.number() == std::floor(value.number());
}

}  // namespace

Result<Value> Evaluator::Binary(const Node& node, Value input, Frame* frame) {
  const std::string& op = node.text;
  ASSIGN_OR_RETURN(const Value left, Evaluate(*node.lhs, input, frame));
  if (op == "and" || op == "or") {
    if (IsTrue(left) == (op == "or")) return Value(op == "or");
    ASSIGN_OR_RETURN(const Value right, Evaluate(*node.rhs, input, frame));
    return Value(IsTrue(right));
  }
  ASSIGN_OR_RETURN(const Value right, Evaluate(*node.rhs, input, frame));
  const auto compute = [&]() -> Result<Value> {
    switch (op[0]) {
      case '=':
      case '!': {
        if (left.is_undefined() || right.is_undefined()) return Value(false);
        ASSIGN_OR_RETURN(const bool equal, Equal(left, right));
        return Value(equal == (op == "="));
      }
      case '<':
      case '>': return Compare(node, left, right);
      case '&': return Concatenate(left, right);
      case '.': return Range(left, right);
      case 'i': return Includes(left, right);
      default: return Arithmetic(node, left, right);
    }
  };
  Result<Value> result = compute();
  if (!result.ok()) return AtToken(result.status(), op, node.position);
  return result;
}

Result<Value> Evaluator::Arithmetic(const Node& node, const Value& left, const Value& right) {
  RETURN_IF_ERROR(CheckNumber(left, "T2001"));
  RETURN_IF_ERROR(CheckNumber(right, "T2002"));
  if (left.is_undefined() || right.is_undefined()) return Value();
  const double a = left.number();
  const double b = right.number();
  switch (node.text[0]) {
    case '+': return Value(a + b);
    case '-': return Value(a - b);
    case '*': return Value(a * b);
    case '/': return Value(a / b);
    default: return Value(std::fmod(a, b));
  }
}

Result<Value> Evaluator::Compare(const Node& node, const Value& left, const Value& right) {
  if (!IsOrdered(left) || !IsOrdered(right)) {
    return Failure("T2010", {.value = ValueText(IsOrdered(left) ? right : left)});
  }
  if (left.is_undefined() || right.is_undefined()) return Value();
  if (left.kind() != right.kind()) {
    return Failure("T2009", {.value = ValueText(left), .value2 = ValueText(right)});
  }
  const std::string& op = node.text;
  if (left.is_number()) {
    const double a = left.number();
    const double b = right.number();
    return Value(op == "<" ? a < b : op == "<=" ? a <= b : op == ">" ? a > b : a >= b);
  }
  const int order = CompareTexts(left.text(), right.text());
  return Value(op == "<" ? order < 0 : op == "<=" ? order <= 0 : op == ">" ? order > 0 : order >= 0);
}

Result<Value> Evaluator::Concatenate(const Value& left, const Value& right) {
  std::string text;
  for (const Value& value : {left, right}) {
    if (value.is_undefined()) continue;
    ASSIGN_OR_RETURN(const std::string part, StringOf(value, false, environment_.limits.memory_bytes));
    RETURN_IF_ERROR(Reserve(text.size() + part.size()));
    text += part;
  }
  return Text(std::move(text));
}

Result<Value> Evaluator::Range(const Value& left, const Value& right) {
  if (left && !IsInteger(left)) return Failure("T2003", {.value = ValueText(left)});
  if (right && !IsInteger(right)) return Failure("T2004", {.value = ValueText(right)});
  if (left.is_undefined() || right.is_undefined() || left.number() > right.number()) return Value();
  const double size = right.number() - left.number() + 1;
  if (size > static_cast<double>(environment_.limits.array)) {
    return Failure("D2014", {.value = ValueText(Value(size))});
  }
  const auto count = static_cast<size_t>(size);
  RETURN_IF_ERROR(Reserve(count * sizeof(Value)));
  Array* range = NewSequence(arena_);
  range->Reserve(arena_, count);
  for (size_t i = 0; i < count; ++i) range->items[i] = Value(left.number() + static_cast<double>(i));
  range->size = count;
  return Value(range);
}

Result<Value> Evaluator::Includes(const Value& left, const Value& right) {
  if (left.is_undefined() || right.is_undefined()) return Value(false);
  if (!right.is_array()) {
    ASSIGN_OR_RETURN(const bool equal, Equal(left, right));
    return Value(equal);
  }
  for (size_t i = 0; i < right.size(); ++i) {
    ASSIGN_OR_RETURN(const bool equal, Equal(left, right.At(i)));
    if (equal) return Value(true);
  }
  return Value(false);
}

Result<Value> Evaluator::ArrayOf(const Node& node, Value input, Frame* frame) {
  Array* array = NewArray(arena_);
  for (const Node* item : node.items) {
    ASSIGN_OR_RETURN(const Value value, Evaluate(*item, input, frame));
    if (value.is_undefined()) continue;
    if (item->type == NodeType::kArray) {
      array->Push(arena_, value);
    } else if (node.items.size() == 1 && value.array() != nullptr) {
      // [1..1000000]: the values are shared; to grow, either array moves to memory of its own.
      array->items = value.array()->items;
      array->size = array->capacity = value.array()->size;
    } else {
      if (value.is_array()) RETURN_IF_ERROR(Reserve(value.size() * sizeof(Value)));
      array->Append(arena_, value);
    }
  }
  array->construct = node.construct;
  return Value(array);
}

}  // namespace penstock::jsonata
