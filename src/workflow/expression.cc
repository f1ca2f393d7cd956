#include "workflow/expression.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "workflow/intrinsic.h"
#include "workflow/task.h"

namespace penstock::workflow {

std::string EscapePointer(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

namespace {

const json::value* VariableOf(const JsonPath& path, const Scope& scope) {
  return scope.variables == nullptr ? nullptr : scope.variables->Find(path.variable());
}

}  // namespace

Result<json::value> EvaluatePath(const JsonPath& path, const Scope& scope) {
  switch (path.root()) {
    case JsonPath::Root::kInput: return path.Evaluate(*scope.input);
    case JsonPath::Root::kContext: return scope.context->Evaluate(path);
    case JsonPath::Root::kVariable: break;
  }
  if (const auto* value = VariableOf(path, scope)) return path.Evaluate(*value);
  return MakeError(ErrorCode::kNotFound, fmt::format("no variable ${}", path.variable()));
}

const json::value* FindPath(const JsonPath& path, const Scope& scope) {
  switch (path.root()) {
    case JsonPath::Root::kInput: return path.Find(*scope.input);
    case JsonPath::Root::kContext: return scope.context->Find(path);
    case JsonPath::Root::kVariable: break;
  }
  const auto* value = VariableOf(path, scope);
  return value == nullptr ? nullptr : path.Find(*value);
}

Result<Expression> Expression::Parse(std::string_view text) {
  Expression expression;
  expression.text_ = std::string(text);
  if (text.substr(0, 7) == "States.") {
    ASSIGN_OR_RETURN(IntrinsicCall call, ParseIntrinsic(text));
    expression.call_ = std::make_shared<const IntrinsicCall>(std::move(call));
  } else {
    ASSIGN_OR_RETURN(JsonPath path, JsonPath::Parse(text));
    expression.path_ = std::make_shared<const JsonPath>(std::move(path));
  }
  return expression;
}

Result<json::value> Expression::Evaluate(const Scope& scope, std::string_view field) const {
  if (call_ != nullptr) return EvaluateIntrinsic(*call_, scope);
  Result<json::value> value = EvaluatePath(*path_, scope);
  if (value.ok()) return value;
  const json::value* root = path_->root() == JsonPath::Root::kContext    ? &scope.context->value()
                            : path_->root() == JsonPath::Root::kVariable ? VariableOf(*path_, scope)
                                                                         : scope.input;
  if (root == nullptr) {
    return MakeTaskError("States.Runtime",
                         fmt::format("The variable '${}' specified for the field '{}' is not defined",
                                     path_->variable(), field));
  }
  const std::string input = JsonText(*root);
  return MakeTaskError(
      "States.Runtime",
      fmt::format("The JSONPath '{}' specified for the field '{}' could not be found in the input '{}'",
                  text_, field, input));
}

namespace {

class PayloadNode;
using NodePtr = std::unique_ptr<PayloadNode>;

// One value of a payload template: a literal, an expression, or a container with some computed part.
class PayloadNode : public Template {
 public:
  Result<json::value> Evaluate(const Scope& scope) const override {
    if (expression) return expression->Evaluate(scope, field);
    if (!computed) return literal;
    if (is_array) {
      json::array out;
      out.reserve(children.size());
      for (const auto& child : children) {
        ASSIGN_OR_RETURN(json::value value, child.second->Evaluate(scope));
        out.push_back(std::move(value));
      }
      return json::value(std::move(out));
    }
    json::object out;
    out.reserve(children.size());
    for (const auto& [key, child] : children) {
      ASSIGN_OR_RETURN(json::value value, child->Evaluate(scope));
      out.insert_or_assign(key, std::move(value));
    }
    return json::value(std::move(out));
  }

  bool computed = false;
  bool is_array = false;
  json::value literal;
  std::string field;
  std::unique_ptr<Expression> expression;
  std::vector<std::pair<std::string, NodePtr>> children;
};

NodePtr Compile(const json::value& value, const std::string& pointer, std::vector<TemplateFault>& faults) {
  auto node = std::make_unique<PayloadNode>();
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string_view key = member.key();
      const std::string place = pointer + "/" + EscapePointer(key);
      if (key.size() < 2 || key.substr(key.size() - 2) != ".$") {
        node->children.emplace_back(key, Compile(member.value(), place, faults));
        node->computed = node->computed || node->children.back().second->computed;
        continue;
      }
      auto child = std::make_unique<PayloadNode>();
      child->computed = node->computed = true;
      child->field = key;
      if (!member.value().is_string()) {
        faults.push_back(
            {place, "The value for a field whose name ends in '.$' must be a path or an intrinsic function"});
      } else if (auto parsed = Expression::Parse(std::string_view(member.value().get_string()));
                 parsed.ok()) {
        child->expression = std::make_unique<Expression>(*std::move(parsed));
      } else {
        faults.push_back({place, parsed.status().message()});
      }
      const std::string name(key.substr(0, key.size() - 2));
      if (object->contains(name))
        faults.push_back({place, fmt::format("The field '{}' is there twice", name)});
      node->children.emplace_back(name, std::move(child));
    }
  } else if (const auto* array = value.if_array()) {
    node->is_array = true;
    for (size_t i = 0; i < array->size(); ++i) {
      node->children.emplace_back("", Compile((*array)[i], fmt::format("{}/{}", pointer, i), faults));
      node->computed = node->computed || node->children.back().second->computed;
    }
  }
  if (!node->computed) {
    node->children.clear();
    node->literal = value;
  }
  return node;
}

}  // namespace

std::unique_ptr<Template> CompilePayloadTemplate(const json::value& value,
                                                 std::vector<TemplateFault>& faults) {
  return Compile(value, "", faults);
}

}  // namespace penstock::workflow
