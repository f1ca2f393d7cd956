#include "workflow/json_path_operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <regex>
#include <utility>

#include "base/json_text.h"

namespace penstock::workflow {
namespace {

// The library's matcher recurses once a character.
constexpr size_t kMaxMatchedBytes = 10'000;

class Pattern : public PathPattern {
 public:
  explicit Pattern(std::regex regex) : regex_(std::move(regex)) {}
  bool Matches(std::string_view text) const override {
    if (text.size() > kMaxMatchedBytes) return false;
    try {
      return std::regex_match(text.begin(), text.end(), regex_);
    } catch (const std::regex_error&) {  // too much to try
      return false;
    }
  }

 private:
  const std::regex regex_;
};

const json::array* List(const PathOperand& operand) {
  return operand.value == nullptr ? nullptr : operand.value->if_array();
}

std::optional<double> Number(const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (!value.is_string()) return std::nullopt;
  const auto parsed = ParseJson(std::string_view(value.get_string()));
  if (!parsed.ok() || !parsed->is_number()) return std::nullopt;
  return parsed->to_number<double>();
}

// A number equals the text that looks like it; the type of the left one decides.
bool Same(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_string()) return Number(right) == Number(left);
  if (left.is_string() && right.is_number()) return std::string_view(left.get_string()) == JsonText(right);
  return JsonEquals(left, right);
}

bool Equal(const PathOperand& left, const PathOperand& right) {
  return left.value != nullptr && right.value != nullptr && Same(*left.value, *right.value);
}
bool NotEqual(const PathOperand& left, const PathOperand& right) { return !Equal(left, right); }
bool TypeSafeEqual(const PathOperand& left, const PathOperand& right) {
  return left.value != nullptr && right.value != nullptr && JsonEquals(*left.value, *right.value);
}
bool TypeSafeNotEqual(const PathOperand& left, const PathOperand& right) {
  return !TypeSafeEqual(left, right);
}

// Only numbers and only texts have an order.
std::optional<int> Order(const PathOperand& left, const PathOperand& right) {
  if (left.value == nullptr || right.value == nullptr) return std::nullopt;
  if (left.value->is_number() && right.value->is_number()) {
    const double a = left.value->to_number<double>();
    const double b = right.value->to_number<double>();
    return a < b ? -1 : (a > b ? 1 : 0);
  }
  if (left.value->is_string() && right.value->is_string())
    return left.value->get_string().compare(right.value->get_string());
  return std::nullopt;
}
bool Less(const PathOperand& left, const PathOperand& right) {
  const auto order = Order(left, right);
  return order && *order < 0;
}
bool LessEqual(const PathOperand& left, const PathOperand& right) {
  const auto order = Order(left, right);
  return order && *order <= 0;
}
bool Greater(const PathOperand& left, const PathOperand& right) { return Less(right, left); }
bool GreaterEqual(const PathOperand& left, const PathOperand& right) { return LessEqual(right, left); }

bool MatchesPattern(const PathOperand& left, const PathOperand& right) {
  const PathPattern* pattern = left.pattern != nullptr ? left.pattern : right.pattern;
  const json::value* value = left.pattern != nullptr ? right.value : left.value;
  if (pattern == nullptr || value == nullptr) return false;
  const auto matches = [&](const json::value& one) {
    if (one.is_string()) return pattern->Matches(std::string_view(one.get_string()));
    return pattern->Matches(one.is_number() || one.is_bool() ? JsonText(one) : "");
  };
  if (const auto* list = value->if_array()) return std::any_of(list->begin(), list->end(), matches);
  return matches(*value);
}

bool Has(const json::array& list, const json::value& value) {
  return std::any_of(list.begin(), list.end(), [&](const json::value& one) { return Same(one, value); });
}
bool In(const PathOperand& left, const PathOperand& right) {
  const auto* list = List(right);
  return list != nullptr && left.value != nullptr && Has(*list, *left.value);
}
bool NotIn(const PathOperand& left, const PathOperand& right) { return !In(left, right); }
bool SubsetOf(const PathOperand& left, const PathOperand& right) {
  const auto *a = List(left), *b = List(right);
  return a != nullptr && b != nullptr &&
         std::all_of(a->begin(), a->end(), [&](const json::value& one) { return Has(*b, one); });
}
bool AnyOf(const PathOperand& left, const PathOperand& right) {
  const auto *a = List(left), *b = List(right);
  return a != nullptr && b != nullptr &&
         std::any_of(a->begin(), a->end(), [&](const json::value& one) { return Has(*b, one); });
}
bool NoneOf(const PathOperand& left, const PathOperand& right) {
  return List(left) != nullptr && List(right) != nullptr && !AnyOf(left, right);
}
bool All(const PathOperand& left, const PathOperand& right) { return SubsetOf(right, left); }

bool Contains(const PathOperand& left, const PathOperand& right) {
  if (left.value == nullptr || right.value == nullptr) return false;
  if (const auto* list = left.value->if_array()) return Has(*list, *right.value);
  return left.value->is_string() && right.value->is_string() &&
         std::string_view(left.value->get_string()).find(right.value->get_string()) != std::string_view::npos;
}

// Characters of a text, elements of an array, members of an object.
std::optional<size_t> SizeOf(const PathOperand& operand) {
  if (operand.value == nullptr) return std::nullopt;
  if (const auto* list = operand.value->if_array()) return list->size();
  if (const auto* object = operand.value->if_object()) return object->size();
  if (const auto* text = operand.value->if_string()) {
    return static_cast<size_t>(std::count_if(
        text->begin(), text->end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }
  return std::nullopt;
}
bool Size(const PathOperand& left, const PathOperand& right) {
  const auto size = SizeOf(left);
  return size && right.value != nullptr && right.value->is_number() &&
         static_cast<double>(*size) == right.value->to_number<double>();
}
bool Empty(const PathOperand& left, const PathOperand& right) {
  const auto size = SizeOf(left);
  return size && right.value != nullptr && right.value->is_bool() && (*size == 0) == right.value->get_bool();
}
bool Exists(const PathOperand& left, const PathOperand& right) {
  return right.value != nullptr && right.value->is_bool() &&
         (left.value != nullptr) == right.value->get_bool();
}

constexpr std::array<std::pair<std::string_view, PathOperator>, 20> kOperators{{
    {"==", Equal},
    {"===", TypeSafeEqual},
    {"!=", NotEqual},
    {"!==", TypeSafeNotEqual},
    {"<", Less},
    {"<=", LessEqual},
    {">", Greater},
    {">=", GreaterEqual},
    {"=~", MatchesPattern},
    {"in", In},
    {"nin", NotIn},
    {"subsetof", SubsetOf},
    {"anyof", AnyOf},
    {"noneof", NoneOf},
    {"all", All},
    {"contains", Contains},
    {"size", Size},
    {"empty", Empty},
    {"exists", Exists},
    {"<>", NotEqual},
}};

}  // namespace

Result<std::shared_ptr<const PathPattern>> PathPattern::Compile(const std::string& pattern,
                                                                std::string_view flags) {
  auto options = std::regex::ECMAScript;
  if (flags.find('i') != std::string_view::npos) options |= std::regex::icase;
  try {
    return std::shared_ptr<const PathPattern>(std::make_shared<Pattern>(std::regex(pattern, options)));
  } catch (const std::regex_error& error) {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("not a regular expression: '{}': {}", pattern, error.what()));
  }
}

PathOperator FindPathOperator(std::string_view name) {
  for (const auto& [known, operation] : kOperators) {
    if (known == name) return operation;
  }
  return nullptr;
}

}  // namespace penstock::workflow
