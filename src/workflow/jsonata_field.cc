#include "workflow/jsonata_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/json_text.h"
#include "workflow/task.h"

namespace penstock::workflow {
namespace {

// Which parts of $states the text names; all of them where it takes $states as a whole.
unsigned PartsOf(std::string_view text) {
  constexpr std::array kParts{std::pair{std::string_view("input"), StatesObject::kInput},
                              std::pair{std::string_view("context"), StatesObject::kContext},
                              std::pair{std::string_view("result"), StatesObject::kResult},
                              std::pair{std::string_view("errorOutput"), StatesObject::kErrorOutput}};
  constexpr std::string_view kName = "$states";
  unsigned parts = 0;
  for (size_t at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at)) {
    at += kName.size();
    if (at >= text.size() || text[at] != '.') return StatesObject::kAll;
    const std::string_view rest = text.substr(at + 1);
    const auto is_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; };
    const auto end = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), is_name) - rest.begin());
    const auto* part = std::find_if(kParts.begin(), kParts.end(),
                                    [&](const auto& one) { return one.first == rest.substr(0, end); });
    if (part == kParts.end()) return StatesObject::kAll;
    parts |= part->second;
  }
  return parts;
}

}  // namespace

void StatesObject::Forget(std::string_view key, unsigned part) {
  value_.get_object().erase(key);
  made_ &= ~part;
}

const json::value& StatesObject::With(unsigned parts) {
  parts &= ~made_;
  auto& object = value_.get_object();
  if ((parts & kInput) != 0) object["input"] = *input_;
  if ((parts & kContext) != 0) object["context"] = context_->value();
  if ((parts & kResult) != 0 && result_ != nullptr) object["result"] = *result_;
  if ((parts & kErrorOutput) != 0 && error_ != nullptr) object["errorOutput"] = *error_;
  made_ |= parts;
  return value_;
}

bool JsonataField::Is(std::string_view text) {
  return text.size() >= 4 && text.substr(0, 2) == "{%" && text.substr(text.size() - 2) == "%}";
}

bool JsonataField::IsBroken(std::string_view text) {
  if (text.size() < 2 || Is(text)) return false;
  return text.substr(0, 2) == "{%" || text.substr(text.size() - 2) == "%}";
}

JsonataField::JsonataField(jsonata::Expression expression, std::string field)
    : expression_(std::move(expression)), field_(std::move(field)), parts_(PartsOf(expression_.text())) {}

Result<JsonataField> JsonataField::Parse(std::string_view text, std::string field) {
  if (!Is(text)) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("a JSONata expression stands in {{% and %}}: '{}'", text));
  }
  const std::string_view inner = TrimAscii(text.substr(2, text.size() - 4));
  if (inner.empty()) return MakeError(ErrorCode::kInvalidData, "the JSONata expression is empty");
  ASSIGN_OR_RETURN(auto expression, jsonata::Expression::Compile(inner, jsonata::Dialect::kStepFunctions));
  return JsonataField(std::move(expression), std::move(field));
}

Status MakeQueryError(std::string cause, std::string field) {
  return MakeTaskError("States.QueryEvaluationError", std::move(cause), std::move(field));
}

Status JsonataField::Failure(std::string_view what) const {
  return MakeQueryError(
      fmt::format("The JSONata expression '{}' specified for the field '{}' {}", text(), field_, what),
      field_);
}

Result<json::value> JsonataField::Evaluate(const Scope& scope) const {
  jsonata::Bindings bindings;
  for (const auto& name : expression_.variables()) {
    if (name == "states" && scope.states != nullptr) {
      bindings.emplace_back(name, &scope.states->With(parts_));
    } else if (const auto* value = scope.variables == nullptr ? nullptr : scope.variables->Find(name)) {
      bindings.emplace_back(name, value);
    }
  }
  static const json::value kNothing;
  auto result = expression_.Evaluate(kNothing, bindings, {*scope.clock, *scope.random, {}});
  if (!result.ok()) {
    const auto fault = jsonata::FaultOf(result.status());
    if (!fault) return result.status();
    return Failure(fmt::format("threw an error during evaluation. {}: {}", fault->code, fault->message));
  }
  if (!result->has_value()) return Failure("returned nothing (undefined).");
  return **std::move(result);
}

Result<json::value> JsonataField::EvaluateAs(std::string_view type, const Scope& scope) const {
  ASSIGN_OR_RETURN(json::value value, Evaluate(scope));
  if (JsonTypeName(value) == type) return value;
  return Failure(fmt::format("returned an unexpected result type. Expected '{}', but was '{}' for value: {}",
                             type, JsonTypeName(value), JsonText(value)));
}

std::string_view JsonTypeName(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "boolean";
    case json::kind::string: return "string";
    case json::kind::array: return "array";
    case json::kind::object: return "object";
    default: return "number";
  }
}

namespace {

// One value of a template: a literal, an expression, or a container with some computed part.
class JsonataNode : public Template {
 public:
  Result<json::value> Evaluate(const Scope& scope) const override {
    if (expression != nullptr) return expression->Evaluate(scope);
    if (!computed) return literal;
    if (literal.is_array()) {
      json::array out;
      out.reserve(children.size());
      for (const auto& [key, child] : children) {
        ASSIGN_OR_RETURN(json::value value, child->Evaluate(scope));
        out.push_back(std::move(value));
      }
      return json::value(std::move(out));
    }
    json::object out;
    out.reserve(children.size());
    for (const auto& [key, child] : children) {
      ASSIGN_OR_RETURN(json::value value, child->Evaluate(scope));
      out.emplace(key, std::move(value));
    }
    return json::value(std::move(out));
  }

  std::string_view text() const override {
    return expression == nullptr ? std::string_view() : std::string_view(expression->text());
  }

  bool computed = false;
  json::value literal;  // where something is computed: an empty container of the kind
  std::unique_ptr<JsonataField> expression;
  std::vector<std::pair<std::string, std::unique_ptr<JsonataNode>>> children;
};

std::unique_ptr<JsonataNode> Compile(const json::value& value, const std::string& field,
                                     const std::string& pointer, std::vector<TemplateFault>& faults) {
  auto node = std::make_unique<JsonataNode>();
  if (value.is_string()) {
    const std::string_view text = value.get_string();
    if (JsonataField::IsBroken(text)) {
      faults.push_back({pointer, "A JSONata expression begins with {% and ends with %}"});
    } else if (JsonataField::Is(text)) {
      node->computed = true;
      auto parsed = JsonataField::Parse(text, field);
      if (parsed.ok())
        node->expression = std::make_unique<JsonataField>(*std::move(parsed));
      else
        faults.push_back({pointer, parsed.status().message()});
    }
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      node->children.emplace_back(
          member.key(), Compile(member.value(), fmt::format("{}/{}", field, std::string_view(member.key())),
                                pointer + "/" + EscapePointer(member.key()), faults));
    }
  } else if (const auto* array = value.if_array()) {
    for (size_t i = 0; i < array->size(); ++i) {
      node->children.emplace_back("", Compile((*array)[i], fmt::format("{}[{}]", field, i),
                                              fmt::format("{}/{}", pointer, i), faults));
    }
  }
  for (const auto& child : node->children) node->computed = node->computed || child.second->computed;
  if (!node->computed) {
    node->children.clear();
    node->literal = value;
  } else if (value.is_array()) {
    node->literal = json::array();
  }
  return node;
}

}  // namespace

std::unique_ptr<Template> CompileJsonataTemplate(const json::value& value, const std::string& field,
                                                 std::vector<TemplateFault>& faults) {
  return Compile(value, field, "", faults);
}

}  // namespace penstock::workflow
