// Variables and functions: calls, tail calls without end, partial application, chains, transforms.
#include "base/utf8.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

constexpr int kMaxCloneDepth = 500;

// What is called, as an error names it.
const std::string& NameOf(const Node& callee) {
  return callee.type == NodeType::kPath ? callee.items[0]->text : callee.text;
}

}  // namespace

Result<Value> Evaluator::Variable(const Node& node, Value input, Frame* frame) {
  if (node.text.empty()) {
    const Array* own = input.array();
    return own != nullptr && own->wrapper ? own->items[0] : input;
  }
  if (const Value* bound = frame->Find(node.text)) return *bound;
  if (node.builtin == nullptr) return Value();
  Function* function = arena_.New<Function>(Function::Type::kBuiltin);
  function->builtin = node.builtin;
  return Value(function);
}

// The function of a call and its arguments. `piped`: the first of them.
Result<Value> Evaluator::Called(const Node& node, Value input, Frame* frame, const Value* piped,
                                std::vector<Value>& arguments) {
  ASSIGN_OR_RETURN(const Value function, Evaluate(*node.lhs, input, frame));
  if (function.is_undefined() && node.lhs->type == NodeType::kPath) {
    const std::string& name = NameOf(*node.lhs);
    if (frame->Find(name) != nullptr || FindBuiltin(name, dialect_) != nullptr) {
      return Failure("T1005", {.token = name, .position = node.position});
    }
  }
  arguments.clear();
  arguments.reserve(node.items.size() + (piped != nullptr));
  if (piped != nullptr) arguments.push_back(*piped);
  for (const Node* item : node.items) {
    ASSIGN_OR_RETURN(const Value argument, Evaluate(*item, input, frame));
    arguments.push_back(argument);
  }
  return function;
}

Result<Value> Evaluator::Call(const Node& node, Value input, Frame* frame, const Value* piped) {
  std::vector<Value> arguments;
  ASSIGN_OR_RETURN(const Value function, Called(node, input, frame, piped, arguments));
  Result<Value> result = Apply(function, arguments, input, frame);
  if (!result.ok()) return AtToken(result.status(), NameOf(*node.lhs), node.position);
  return result;
}

Result<Value> Evaluator::Apply(Value function, std::span<const Value> arguments, Value input, Frame* frame) {
  RETURN_IF_ERROR(CheckDepth());
  RETURN_IF_ERROR(Spend(1));
  if (!function.is_function()) return Failure("T1006");
  const Function& called = *function.function();
  const Value first = arguments.empty() ? Value() : arguments[0];
  switch (called.type) {
    case Function::Type::kLambda:
      return CallLambda(called, std::vector<Value>(arguments.begin(), arguments.end()), input);
    case Function::Type::kBuiltin: {
      ASSIGN_OR_RETURN(const std::vector<Value> valid,
                       called.builtin->signature.Validate(arguments, input, arena_));
      return called.builtin->row.run(Invocation{*this, valid, input, frame});
    }
    case Function::Type::kPartial: {
      std::vector<Value> all;
      size_t next = 0;
      for (size_t i = 0; i < called.size; ++i) {
        const bool open = called.items[i].kind() == Kind::kTuple;
        all.push_back(!open ? called.items[i] : next < arguments.size() ? arguments[next] : Value());
        next += open;
      }
      return Apply(Value(called.first), all, Value(), frame);
    }
    case Function::Type::kComposed: {
      ASSIGN_OR_RETURN(const Value between, Apply(Value(called.first), arguments, input, frame));
      return Apply(Value(called.second), std::span(&between, 1), input, frame);
    }
    case Function::Type::kRegex:
      if (first.is_undefined()) return Value();
      if (!first.is_string()) return Failure("T0410", {.value = ValueText(first), .index = 1});
      return MatchValue(*called.node, first.text(), 0);
    case Function::Type::kNextMatch: {
      if (called.offset >= called.text.size()) return Value();
      if (called.empty_match) {
        return Failure("D1004", {.position = called.node->position, .value = called.node->text});
      }
      return MatchValue(*called.node, called.text, called.offset);
    }
    case Function::Type::kTransform:
      if (first && !first.is_object() && !first.is_array()) {
        return Failure("T0410", {.value = ValueText(first), .index = 1});
      }
      return Transform(called, first, frame);
  }
  return Failure("T1006");
}

Result<Frame*> Evaluator::Enter(const Function& lambda, std::span<const Value> arguments, Value input) {
  std::vector<Value> valid;
  if (lambda.node->signature != nullptr) {
    ASSIGN_OR_RETURN(valid, lambda.node->signature->Validate(arguments, input, arena_));
    arguments = valid;
  }
  Frame* frame = arena_.New<Frame>(lambda.frame);
  const auto& parameters = lambda.node->items;
  for (size_t i = 0; i < parameters.size(); ++i) {
    frame->Bind(arena_, parameters[i]->text, i < arguments.size() ? arguments[i] : Value());
  }
  return frame;
}

// A call that is the last thing a function does takes no further level: the loop goes on with the called one.
Result<Value> Evaluator::CallLambda(const Function& first, std::vector<Value> arguments, Value input) {
  struct Restore {
    int& depth;
    const int before;
    ~Restore() { depth = before; }
  } restore{depth_, depth_};
  const Function* lambda = &first;
  while (true) {
    depth_ = restore.before;
    RETURN_IF_ERROR(Spend(1));
    ASSIGN_OR_RETURN(Frame * inner, Enter(*lambda, arguments, input));
    const Node* body = lambda->node->lhs;
    const Value context = lambda->input;
    while (body->is_plain() &&
           (body->type == NodeType::kCondition || (body->type == NodeType::kBlock && !body->items.empty()))) {
      ++depth_;
      RETURN_IF_ERROR(CheckDepth());
      RETURN_IF_ERROR(Spend(1));
      if (body->type == NodeType::kCondition) {
        ASSIGN_OR_RETURN(const Value condition, Evaluate(*body->lhs, context, inner));
        body = IsTrue(condition) ? body->rhs : body->third;
        if (body == nullptr) return Value();
        continue;
      }
      inner = arena_.New<Frame>(inner);
      for (size_t i = 0; i + 1 < body->items.size(); ++i) {
        RETURN_IF_ERROR(Evaluate(*body->items[i], context, inner).status());
      }
      body = body->items.back();
    }
    if (body->type != NodeType::kCall || !body->is_plain()) return Evaluate(*body, context, inner);
    ASSIGN_OR_RETURN(const Value next, Called(*body, context, inner, nullptr, arguments));
    if (!next.is_function() || next.function()->type != Function::Type::kLambda) {
      Result<Value> result = Apply(next, arguments, context, inner);
      if (!result.ok()) return AtToken(result.status(), NameOf(*body->lhs), body->position);
      return result;
    }
    lambda = next.function();
    input = context;
  }
}

Result<Value> Evaluator::Partial(const Node& node, Value input, Frame* frame) {
  Array* given = NewArray(arena_, node.items.size());
  for (const Node* item : node.items) {
    if (item->type == NodeType::kPlaceholder) {
      given->Push(arena_, Value(arena_.New<Tuple>()));
      continue;
    }
    ASSIGN_OR_RETURN(const Value argument, Evaluate(*item, input, frame));
    given->Push(arena_, argument);
  }
  ASSIGN_OR_RETURN(const Value function, Evaluate(*node.lhs, input, frame));
  const std::string& name = NameOf(*node.lhs);
  if (!function.is_function()) {
    const bool forgot = node.lhs->type == NodeType::kPath &&
                        (frame->Find(name) != nullptr || FindBuiltin(name, dialect_) != nullptr);
    return Failure(forgot ? "T1007" : "T1008", {.token = name, .position = node.position});
  }
  Function* partial = arena_.New<Function>(Function::Type::kPartial);
  partial->first = function.function();
  partial->items = given->items;
  partial->size = given->size;
  return Value(partial);
}

Result<Value> Evaluator::Pipe(const Node& node, Value input, Frame* frame) {
  ASSIGN_OR_RETURN(const Value left, Evaluate(*node.lhs, input, frame));
  if (node.rhs->type == NodeType::kCall) {
    ASSIGN_OR_RETURN(const Value value, Call(*node.rhs, input, frame, &left));
    return Finish(*node.rhs, value, frame);
  }
  ASSIGN_OR_RETURN(const Value right, Evaluate(*node.rhs, input, frame));
  if (!right.is_function()) {
    return Failure("T2006", {.token = node.text, .position = node.position, .value = ValueText(right)});
  }
  if (!left.is_function()) {
    Result<Value> result = Apply(right, std::span(&left, 1), Value(), frame);
    if (!result.ok()) return AtToken(result.status(), NameOf(*node.rhs), node.position);
    return result;
  }
  Function* chain = arena_.New<Function>(Function::Type::kComposed);
  chain->first = left.function();
  chain->second = right.function();
  return Value(chain);
}

Result<Value> Evaluator::Transform(const Function& transform, Value target, Frame* frame) {
  if (target.is_undefined()) return target;
  const Node& node = *transform.node;
  if (const Value* clone = transform.frame->Find("clone")) {
    if (!clone->is_function()) return Failure("T2013", {.position = node.position});
    ASSIGN_OR_RETURN(target, Apply(*clone, std::span(&target, 1), Value(), frame));
  }
  ASSIGN_OR_RETURN(const Value result, Clone(target, 0));
  ASSIGN_OR_RETURN(const Value found, Evaluate(*node.lhs, result, transform.frame));
  if (found.is_undefined()) return result;
  const size_t size = found.is_array() ? found.size() : 1;
  for (size_t i = 0; i < size; ++i) {
    const Value match = found.is_array() ? found.At(i) : found;
    ASSIGN_OR_RETURN(const Value update, Evaluate(*node.rhs, match, transform.frame));
    if (update && !update.is_object()) {
      return Failure("T2011", {.position = node.rhs->position, .value = ValueText(update)});
    }
    for (size_t m = 0; m < update.size() && match.object() != nullptr; ++m) {
      const auto [key, value] = update.Member(m);
      match.object()->Set(arena_, key, value);
    }
    if (node.third == nullptr) continue;
    ASSIGN_OR_RETURN(const Value deleted, Evaluate(*node.third, match, transform.frame));
    if (deleted.is_undefined()) continue;
    const size_t keys = deleted.is_array() ? deleted.size() : 1;
    for (size_t k = 0; k < keys; ++k) {
      const Value key = deleted.is_array() ? deleted.At(k) : deleted;
      if (!key.is_string()) {
        return Failure("T2012", {.position = node.third->position, .value = ValueText(deleted)});
      }
      if (match.object() != nullptr) match.object()->Erase(key.text());
    }
  }
  return result;
}

Result<Value> Evaluator::Clone(const Value& value, int depth) {
  if (depth > kMaxCloneDepth) return Failure("U1001", {.value = "The value is nested too deeply"});
  RETURN_IF_ERROR(Spend(1));
  if (value.is_function()) return Value(std::string_view());
  if (value.is_array()) {
    Array* copy = NewArray(arena_, value.size());
    for (size_t i = 0; i < value.size(); ++i) {
      ASSIGN_OR_RETURN(const Value item, Clone(value.At(i), depth + 1));
      copy->Push(arena_, item);
    }
    return Value(copy);
  }
  if (value.is_object()) {
    Object* copy = NewObject(arena_);
    for (size_t i = 0; i < value.size(); ++i) {
      const auto [key, member] = value.Member(i);
      ASSIGN_OR_RETURN(const Value item, Clone(member, depth + 1));
      copy->Set(arena_, key, item);
    }
    return Value(copy);
  }
  return value;
}

Result<Value> CloneOf(Evaluator& evaluator, const Value& value) { return evaluator.Clone(value, 0); }

size_t Evaluator::ArityOf(const Function& function) {
  switch (function.type) {
    case Function::Type::kLambda: return function.node->items.size();
    case Function::Type::kBuiltin: return function.builtin->arity;
    case Function::Type::kPartial: {
      size_t open = 0;
      for (size_t i = 0; i < function.size; ++i) open += function.items[i].kind() == Kind::kTuple;
      return open;
    }
    case Function::Type::kComposed:
    case Function::Type::kRegex:
    case Function::Type::kTransform: return 1;
    case Function::Type::kNextMatch: return 0;
  }
  return 0;
}

Result<Value> Evaluator::MatchValue(const Node& node, std::string_view text, size_t offset) {
  ASSIGN_OR_RETURN(const auto match, node.regex->Find(text, offset, IsUtf8(text)));
  if (!match) return Value();
  RETURN_IF_ERROR(Spend(static_cast<int64_t>(text.size() / 16)));  // the text is read again for each match
  return MatchValue(node, text, *match, CountUnits(text.substr(0, match->start)));
}

Value Evaluator::MatchValue(const Node& node, std::string_view text, const Regex::Match& match,
                            size_t start) {
  const std::string_view matched = text.substr(match.start, match.end - match.start);
  Object* result = NewObject(arena_);
  result->Set(arena_, "match", Value(matched));
  result->Set(arena_, "start", Value(start));
  result->Set(arena_, "end", Value(start + CountUnits(matched)));
  Array* groups = NewArray(arena_, match.groups.size());
  for (const auto& group : match.groups) groups->Push(arena_, group ? Value(*group) : Value());
  result->Set(arena_, "groups", Value(groups));
  Function* next = arena_.New<Function>(Function::Type::kNextMatch, &node);
  next->text = text;
  next->offset = match.end;
  next->empty_match = matched.empty();
  result->Set(arena_, "next", Value(next));
  return Value(result);
}

}  // namespace penstock::jsonata
