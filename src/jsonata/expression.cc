#include "jsonata/expression.h"

#include <set>
#include <utility>

#include "base/utf8.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/parser.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {

struct Expression::Program {
  Syntax syntax;
  Dialect dialect;
};

namespace {

std::vector<std::string> FreeVariables(const Syntax& syntax) {
  std::set<std::string> named;
  std::set<std::string> bound{"", "$"};
  for (const Node& node : syntax.nodes) {
    if (node.type == NodeType::kVariable && node.builtin == nullptr) named.insert(node.text);
    if (node.type == NodeType::kBind) bound.insert(node.lhs->text);
    if (node.type == NodeType::kLambda) {
      for (const Node* parameter : node.items) bound.insert(parameter->text);
    }
    bound.insert(node.focus);
    bound.insert(node.index);
    for (const Stage& stage : node.stages) bound.insert(stage.index);
  }
  std::vector<std::string> free;
  for (const std::string& name : named) {
    if (!bound.contains(name)) free.push_back(name);
  }
  return free;
}

}  // namespace

Result<Expression> Expression::Compile(std::string_view text, Dialect dialect) {
  if (text.size() > kMaxTextBytes) return Failure("U1001", {.value = "The expression is too long"});
  if (!IsUtf8(text)) return Failure("S0201", {.token = "text that is not UTF-8", .position = 1});
  auto program = std::make_shared<Program>();
  program->dialect = dialect;
  const auto compiled = CompileInto(text, dialect, program->syntax);
  if (!compiled.ok()) return FinishFault(compiled.status());
  Expression expression;
  expression.text_ = text;
  expression.variables_ = FreeVariables(program->syntax);
  expression.program_ = std::move(program);
  return expression;
}

Result<std::optional<json::value>> Expression::Evaluate(const json::value& input, const Bindings& bindings,
                                                        const Environment& environment) const {
  return Run(&input, bindings, environment);
}

Result<std::optional<json::value>> Expression::EvaluateAlone(const Bindings& bindings,
                                                             const Environment& environment) const {
  return Run(nullptr, bindings, environment);
}

Result<std::optional<json::value>> Expression::Run(const json::value* input, const Bindings& bindings,
                                                   const Environment& environment) const {
  Evaluator evaluator(environment, program_->dialect);
  const auto evaluate = [&]() -> Result<std::optional<json::value>> {
    Frame* frame = evaluator.arena().New<Frame>();
    for (const auto& [name, value] : bindings) frame->Bind(evaluator.arena(), name, Value::Of(*value));
    const Value root = evaluator.Root(input == nullptr ? Value() : Value::Of(*input), frame);
    ASSIGN_OR_RETURN(const Value result, evaluator.Evaluate(*program_->syntax.root, root, frame));
    if (result.is_undefined() || result.is_function()) return std::nullopt;
    ASSIGN_OR_RETURN(json::value value, ToJsonValue(result, environment.limits.array));
    return std::optional<json::value>(std::move(value));
  };
  auto result = evaluate();
  if (!result.ok()) return FinishFault(result.status());
  return result;
}

}  // namespace penstock::jsonata
