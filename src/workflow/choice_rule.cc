#include "workflow/choice_rule.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "workflow/jsonata_field.h"
#include "workflow/task.h"
#include "workflow/timestamp.h"

namespace penstock::workflow {
namespace {

enum class Type { kString, kNumeric, kBoolean, kTimestamp };
enum class Relation { kEquals, kLess, kGreater, kLessEquals, kGreaterEquals, kMatches };
enum class Test { kNull, kPresent, kNumeric, kString, kBoolean, kTimestamp };

constexpr std::array kTypes{std::pair{std::string_view("String"), Type::kString},
                            std::pair{std::string_view("Numeric"), Type::kNumeric},
                            std::pair{std::string_view("Boolean"), Type::kBoolean},
                            std::pair{std::string_view("Timestamp"), Type::kTimestamp}};
constexpr std::array kRelations{std::pair{std::string_view("Equals"), Relation::kEquals},
                                std::pair{std::string_view("LessThan"), Relation::kLess},
                                std::pair{std::string_view("GreaterThan"), Relation::kGreater},
                                std::pair{std::string_view("LessThanEquals"), Relation::kLessEquals},
                                std::pair{std::string_view("GreaterThanEquals"), Relation::kGreaterEquals},
                                std::pair{std::string_view("Matches"), Relation::kMatches}};
constexpr std::array kTests{std::pair{std::string_view("IsNull"), Test::kNull},
                            std::pair{std::string_view("IsPresent"), Test::kPresent},
                            std::pair{std::string_view("IsNumeric"), Test::kNumeric},
                            std::pair{std::string_view("IsString"), Test::kString},
                            std::pair{std::string_view("IsBoolean"), Test::kBoolean},
                            std::pair{std::string_view("IsTimestamp"), Test::kTimestamp}};

bool Holds(Relation relation, int order) {
  switch (relation) {
    case Relation::kEquals: return order == 0;
    case Relation::kLess: return order < 0;
    case Relation::kGreater: return order > 0;
    case Relation::kLessEquals: return order <= 0;
    case Relation::kGreaterEquals: return order >= 0;
    case Relation::kMatches: break;
  }
  return false;
}

std::optional<TimePoint> AsTimestamp(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  auto parsed = ParseAslTimestamp(std::string_view(value.get_string()));
  if (!parsed.ok()) return std::nullopt;
  return *parsed;
}

// The order of two values of the type; none when one of them is of another type.
std::optional<int> Compare(Type type, const json::value& a, const json::value& b) {
  switch (type) {
    case Type::kString:
      if (a.is_string() && b.is_string()) return a.get_string().compare(b.get_string());
      break;
    case Type::kNumeric:
      if (a.is_int64() && b.is_int64()) {
        return a.get_int64() < b.get_int64() ? -1 : (a.get_int64() > b.get_int64() ? 1 : 0);
      }
      if (a.is_number() && b.is_number()) {
        const double left = a.to_number<double>();
        const double right = b.to_number<double>();
        return left < right ? -1 : (left > right ? 1 : 0);
      }
      break;
    case Type::kBoolean:
      if (a.is_bool() && b.is_bool()) return a.get_bool() == b.get_bool() ? 0 : 1;
      break;
    case Type::kTimestamp: {
      const auto left = AsTimestamp(a);
      const auto right = AsTimestamp(b);
      if (left && right) return *left < *right ? -1 : (*left > *right ? 1 : 0);
      break;
    }
  }
  return std::nullopt;
}

Status BadPath(const JsonPath& path) {
  return MakeTaskError(
      "States.Runtime",
      fmt::format("Invalid path '{}': The choice state's condition path references an invalid value.",
                  path.text()));
}

// A value by its path: without a copy where the path is definite.
Result<const json::value*> Lookup(const JsonPath& path, const Scope& scope, json::value& buffer) {
  if (path.definite()) {
    const auto* found = FindPath(path, scope);
    if (found == nullptr) return BadPath(path);
    return found;
  }
  auto value = EvaluatePath(path, scope);
  if (!value.ok()) return BadPath(path);
  buffer = *std::move(value);
  return &buffer;
}

class TestRule : public ChoiceRule {
 public:
  TestRule(JsonPath variable, Test test, bool expected)
      : variable_(std::move(variable)), test_(test), expected_(expected) {}
  Result<bool> Matches(const Scope& scope) const override {
    json::value buffer;
    const auto found = Lookup(variable_, scope, buffer);
    if (test_ == Test::kPresent) return found.ok() == expected_;
    RETURN_IF_ERROR(found.status());
    return Is(**found) == expected_;
  }

 private:
  bool Is(const json::value& value) const {
    switch (test_) {
      case Test::kNull: return value.is_null();
      case Test::kNumeric: return value.is_number();
      case Test::kString: return value.is_string();
      case Test::kBoolean: return value.is_bool();
      case Test::kTimestamp: return AsTimestamp(value).has_value();
      case Test::kPresent: break;
    }
    return true;
  }
  const JsonPath variable_;
  const Test test_;
  const bool expected_;
};

class CompareRule : public ChoiceRule {
 public:
  CompareRule(JsonPath variable, Type type, Relation relation, json::value literal,
              std::optional<JsonPath> path)
      : variable_(std::move(variable)),
        type_(type),
        relation_(relation),
        literal_(std::move(literal)),
        path_(std::move(path)) {}
  Result<bool> Matches(const Scope& scope) const override {
    json::value left_buffer, right_buffer;
    ASSIGN_OR_RETURN(const json::value* left, Lookup(variable_, scope, left_buffer));
    const json::value* right = &literal_;
    if (path_) {
      ASSIGN_OR_RETURN(right, Lookup(*path_, scope, right_buffer));
    }
    if (relation_ == Relation::kMatches) {
      return left->is_string() && right->is_string() &&
             WildcardMatches(std::string_view(right->get_string()), std::string_view(left->get_string()));
    }
    const auto order = Compare(type_, *left, *right);
    return order.has_value() && Holds(relation_, *order);
  }

 private:
  const JsonPath variable_;
  const Type type_;
  const Relation relation_;
  const json::value literal_;
  const std::optional<JsonPath> path_;
};

class ConditionRule : public ChoiceRule {
 public:
  explicit ConditionRule(JsonataField condition) : condition_(std::move(condition)) {}
  Result<bool> Matches(const Scope& scope) const override {
    ASSIGN_OR_RETURN(const json::value value, condition_.EvaluateAs("boolean", scope));
    return value.get_bool();
  }

 private:
  const JsonataField condition_;
};

class ConstantRule : public ChoiceRule {
 public:
  explicit ConstantRule(bool value) : value_(value) {}
  Result<bool> Matches(const Scope&) const override { return value_; }

 private:
  const bool value_;
};

class LogicRule : public ChoiceRule {
 public:
  enum class Kind { kAnd, kOr, kNot };
  LogicRule(Kind kind, std::vector<std::unique_ptr<ChoiceRule>> rules)
      : kind_(kind), rules_(std::move(rules)) {}
  Result<bool> Matches(const Scope& scope) const override {
    for (const auto& rule : rules_) {
      ASSIGN_OR_RETURN(const bool matches, rule->Matches(scope));
      if (kind_ == Kind::kNot) return !matches;
      if (matches == (kind_ == Kind::kOr)) return matches;
    }
    return kind_ == Kind::kAnd;
  }

 private:
  const Kind kind_;
  const std::vector<std::unique_ptr<ChoiceRule>> rules_;
};

class RuleCompiler {
 public:
  explicit RuleCompiler(std::vector<TemplateFault>& faults) : faults_(faults) {}

  std::unique_ptr<ChoiceRule> Compile(const json::value& value, const std::string& pointer, bool top_level) {
    const auto* object = value.if_object();
    if (object == nullptr) return Fault(pointer, "A choice rule must be an object");
    std::unique_ptr<ChoiceRule> rule;
    int operators = 0;
    for (const auto& member : *object) {
      const std::string_view key = member.key();
      const std::string place = pointer + "/" + EscapePointer(key);
      if (key == "Variable" || key == "Comment") continue;
      if (key == "Next" || key == "Assign" || key == "Output") {
        if (!top_level) Fault(place, fmt::format("Field '{}' is not allowed in a nested choice rule", key));
        continue;
      }
      ++operators;
      rule = CompileOperator(*object, key, member.value(), place);
    }
    if (operators == 1) return rule;
    return Fault(pointer, operators == 0 ? "A choice rule needs an operator (And, Or, Not or a comparison)"
                                         : "A choice rule has one operator only");
  }

 private:
  std::unique_ptr<ChoiceRule> Fault(const std::string& pointer, std::string message) {
    faults_.push_back({pointer, std::move(message)});
    return nullptr;
  }

  std::unique_ptr<ChoiceRule> CompileOperator(const json::object& rule, std::string_view key,
                                              const json::value& value, const std::string& place) {
    if (key == "And" || key == "Or") {
      const auto* list = value.if_array();
      if (list == nullptr || list->empty())
        return Fault(place, fmt::format("'{}' must be a non-empty array of rules", key));
      std::vector<std::unique_ptr<ChoiceRule>> rules;
      for (size_t i = 0; i < list->size(); ++i) {
        rules.push_back(Compile((*list)[i], fmt::format("{}/{}", place, i), false));
      }
      for (const auto& one : rules) {
        if (one == nullptr) return nullptr;
      }
      return std::make_unique<LogicRule>(key == "And" ? LogicRule::Kind::kAnd : LogicRule::Kind::kOr,
                                         std::move(rules));
    }
    if (key == "Not") {
      std::vector<std::unique_ptr<ChoiceRule>> rules;
      rules.push_back(Compile(value, place, false));
      if (rules[0] == nullptr) return nullptr;
      return std::make_unique<LogicRule>(LogicRule::Kind::kNot, std::move(rules));
    }
    return CompileComparison(rule, key, value, place);
  }

  std::optional<JsonPath> Path(const json::value* value, const std::string& place, std::string_view what) {
    if (value == nullptr || !value->is_string()) {
      Fault(place, fmt::format("{} must be a path", what));
      return std::nullopt;
    }
    auto parsed = JsonPath::Parse(std::string_view(value->get_string()));
    if (!parsed.ok()) {
      Fault(place, parsed.status().message());
      return std::nullopt;
    }
    return *std::move(parsed);
  }

  std::unique_ptr<ChoiceRule> CompileComparison(const json::object& rule, std::string_view key,
                                                const json::value& value, const std::string& place) {
    const std::string parent = place.substr(0, place.rfind('/'));
    for (const auto& [name, test] : kTests) {
      if (key != name) continue;
      auto variable = Path(rule.if_contains("Variable"), parent + "/Variable", "Variable");
      if (!value.is_bool()) return Fault(place, fmt::format("'{}' must be true or false", key));
      if (!variable) return nullptr;
      return std::make_unique<TestRule>(*std::move(variable), test, value.get_bool());
    }
    for (const auto& [type_name, type] : kTypes) {
      if (key.substr(0, type_name.size()) != type_name) continue;
      for (const auto& [relation_name, relation] : kRelations) {
        const std::string_view rest = key.substr(type_name.size());
        const bool by_path = rest == std::string(relation_name) + "Path";
        if (!by_path && rest != relation_name) continue;
        if (relation == Relation::kMatches && (type != Type::kString || by_path)) continue;
        if (type == Type::kBoolean && relation != Relation::kEquals) continue;
        auto variable = Path(rule.if_contains("Variable"), parent + "/Variable", "Variable");
        std::optional<JsonPath> path;
        if (by_path) {
          path = Path(&value, place, key);
          if (!path) return nullptr;
        } else if (!IsOfType(type, value)) {
          return Fault(place, fmt::format("'{}' must be a {}", key,
                                          type == Type::kNumeric   ? "number"
                                          : type == Type::kBoolean ? "boolean"
                                          : type == Type::kString  ? "string"
                                                                   : "timestamp (RFC 3339)"));
        }
        if (!variable) return nullptr;
        return std::make_unique<CompareRule>(*std::move(variable), type, relation, value, std::move(path));
      }
    }
    return Fault(place, fmt::format("Field '{}' is not supported", key));
  }

  static bool IsOfType(Type type, const json::value& value) {
    switch (type) {
      case Type::kString: return value.is_string();
      case Type::kNumeric: return value.is_number();
      case Type::kBoolean: return value.is_bool();
      case Type::kTimestamp: return AsTimestamp(value).has_value();
    }
    return false;
  }

  std::vector<TemplateFault>& faults_;
};

}  // namespace

bool WildcardMatches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
    } else if (p < pattern.size() && pattern[p + (escaped ? 1 : 0)] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::unique_ptr<ChoiceRule> CompileCondition(const json::value& value, const std::string& field,
                                             std::vector<TemplateFault>& faults) {
  if (value.is_bool()) return std::make_unique<ConstantRule>(value.get_bool());
  auto parsed = value.is_string()
                    ? JsonataField::Parse(std::string_view(value.get_string()), field)
                    : MakeError(ErrorCode::kInvalidData, "Condition must be a JSONata expression");
  if (parsed.ok()) return std::make_unique<ConditionRule>(*std::move(parsed));
  faults.push_back({"/Condition", parsed.status().message()});
  return nullptr;
}

std::unique_ptr<ChoiceRule> CompileChoiceRule(const json::value& value, bool top_level,
                                              std::vector<TemplateFault>& faults) {
  return RuleCompiler(faults).Compile(value, "", top_level);
}

}  // namespace penstock::workflow
