// Truth, types, failures on purpose, and expressions as text.
#include <array>

#include "base/json_text.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault.h"
#include "jsonata/fault_text.h"

namespace penstock::jsonata {
namespace {

Result<Value> Boolean(const Invocation& call) { return call[0] ? Value(IsTrue(call[0])) : Value(); }

Result<Value> Not(const Invocation& call) { return call[0] ? Value(!IsTrue(call[0])) : Value(); }

Result<Value> Exists(const Invocation& call) { return Value(static_cast<bool>(call[0])); }

Result<Value> Type(const Invocation& call) {
  const auto named = [](std::string_view name) { return Value(name); };
  switch (call[0].kind()) {
    case Kind::kNull: return named("null");
    case Kind::kBoolean: return named("boolean");
    case Kind::kNumber: return named("number");
    case Kind::kString: return named("string");
    case Kind::kArray: return named("array");
    case Kind::kObject: return named("object");
    case Kind::kFunction: return named("function");
    case Kind::kUndefined:
    case Kind::kTuple: break;
  }
  return Value();
}

Result<Value> Error(const Invocation& call) {
  return Failure("D3137", {.value = call[0] ? std::string(call[0].text()) : "$error() function evaluated"});
}

Result<Value> Assert(const Invocation& call) {
  if (IsTrue(call[0])) return Value();
  return Failure("D3141", {.value = call[1] ? std::string(call[1].text()) : "$assert() statement failed"});
}

Result<Value> Clone(const Invocation& call) { return CloneOf(call.evaluator, call[0]); }

// The failure of an expression inside, as the one of $eval.
Status Inside(std::string_view code, const Status& status) {
  const auto fault = FaultOf(FinishFault(status));
  if (!fault) return status;
  return Failure(code, {.value = JsonText(json::value(fault->message))});
}

Result<Value> Eval(const Invocation& call) {
  if (!call[0]) return Value();
  RETURN_IF_ERROR(call.evaluator.Spend(static_cast<int64_t>(call[0].text().size())));
  const Value input = call[1] ? call.evaluator.Root(call[1], nullptr) : call.input;
  const Result<const Node*> node = call.evaluator.Compile(call[0].text());
  if (!node.ok()) return Inside("D3120", node.status());
  Result<Value> value = call.evaluator.Evaluate(**node, input, call.frame);
  return value.ok() ? value : Inside("D3121", value.status());
}

constexpr std::array kRows{
    BuiltinRow{"boolean", "<x-:b>", Boolean}, BuiltinRow{"not", "<x-:b>", Not},
    BuiltinRow{"exists", "<x:b>", Exists},    BuiltinRow{"type", "<x:s>", Type},
    BuiltinRow{"error", "<s?:x>", Error},     BuiltinRow{"assert", "<bs?:x>", Assert},
    BuiltinRow{"clone", "<(oa)-:o>", Clone},  BuiltinRow{"eval", "<sx?:x>", Eval},
};

}  // namespace

std::span<const BuiltinRow> ControlFunctions() { return kRows; }

}  // namespace penstock::jsonata
