#include "jsonata/case_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/json_text.h"
#include "jsonata/expression.h"
#include "jsonata/value.h"

namespace penstock::jsonata {
namespace {

constexpr TimePoint kNow = TimePoint(std::chrono::seconds(1'785'000'000));  // in July 2026
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

std::string TextOf(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

// Equal but for the last digit of numbers: the parser of the case may be off by one there.
bool Same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    return std::fabs(a.number() - b.number()) <= std::fabs(a.number()) * 2 * kEpsilon;
  }
  if (a.kind() != b.kind() || a.size() != b.size()) return false;
  if (a.is_array()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!Same(a.At(i), b.At(i))) return false;
    }
    return true;
  }
  if (a.is_object()) {
    for (size_t i = 0; i < a.size(); ++i) {
      const auto [key, member] = a.Member(i);
      if (!Same(member, b.Find(key))) return false;
    }
    return true;
  }
  int64_t budget = 1;
  return DeepEqual(a, b, budget);
}

bool Same(const json::value& a, const json::value& b) { return Same(Value::Of(a), Value::Of(b)); }

// The same members in any order.
bool SameMembers(const json::value& a, const json::value& b) {
  if (!a.is_array() || !b.is_array() || a.get_array().size() != b.get_array().size()) return Same(a, b);
  std::vector<const json::value*> left;
  for (const auto& item : b.get_array()) left.push_back(&item);
  for (const auto& item : a.get_array()) {
    const auto found =
        std::find_if(left.begin(), left.end(), [&](const auto* one) { return Same(item, *one); });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return true;
}

std::string Shortened(std::string text) {
  constexpr size_t kLongest = 300;
  if (text.size() > kLongest) text = ToValidUtf8(text.substr(0, kLongest)) + "...";
  return text;
}

// What is wrong with the failure; nothing when it is the one that the case expects.
std::string CompareFault(const json::object& fields, const Status& status) {
  const auto* error = fields.if_contains("error");
  const json::object& wanted = error != nullptr && error->is_object() ? error->get_object() : fields;
  const Fault fault = FaultOf(status).value_or(Fault{"", status.message(), "", 0});
  const std::string code = TextOf(wanted, "code");
  if (code != fault.code) {
    return fmt::format("{} {}, not {}", fault.code, fault.message, code.empty() ? "a result" : code);
  }
  if (wanted.contains("token") && TextOf(wanted, "token") != fault.token) {
    return fmt::format("the token is \"{}\", not \"{}\"", fault.token, TextOf(wanted, "token"));
  }
  if (wanted.contains("message") && TextOf(wanted, "message") != fault.message) {
    return fmt::format("the message is \"{}\", not \"{}\"", fault.message, TextOf(wanted, "message"));
  }
  return "";
}

std::string CompareResult(const json::object& fields, const std::optional<json::value>& result) {
  const std::string actual = result ? Shortened(JsonText(*result)) : "undefined";
  const auto* expected = fields.if_contains("result");
  if (expected == nullptr) {
    if (!result && fields.contains("undefinedResult")) return "";
    return fmt::format("{}, not {}", actual,
                       fields.contains("undefinedResult") ? "undefined" : "the error that was expected");
  }
  const auto* unordered = fields.if_contains("unordered");
  const bool any_order = unordered != nullptr && unordered->is_bool() && unordered->get_bool();
  if (result && (any_order ? SameMembers(*result, *expected) : Same(*result, *expected))) return "";
  return fmt::format("{}, not {}", actual, Shortened(JsonText(*expected)));
}

}  // namespace

Result<CaseResult> RunCase(const json::value& value, const json::object& datasets) {
  const auto* fields = value.if_object();
  if (fields == nullptr || !fields->contains("expr")) {
    return MakeError(ErrorCode::kInvalidData, "a case is an object with \"expr\"");
  }
  CaseResult result;
  result.id = TextOf(*fields, "id");
  std::optional<json::value> input;
  if (const auto* data = fields->if_contains("data")) {
    input = *data;
  } else if (const std::string name = TextOf(*fields, "dataset"); !name.empty()) {
    const auto* dataset = datasets.if_contains(name);
    if (dataset == nullptr) {
      return MakeError(ErrorCode::kInvalidData, fmt::format("{}: there is no dataset {}", result.id, name),
                       "put it into datasets.json beside the cases");
    }
    input = *dataset;
  }
  const json::object none;
  const auto* given = fields->if_contains("bindings");
  const json::object& named = given != nullptr && given->is_object() ? given->get_object() : none;
  Bindings bindings;
  for (const auto& [name, bound] : named) bindings.emplace_back(name, &bound);
  ManualClock clock(kNow);
  Random random(1);
  Environment environment{clock, random, {}};
  const auto* depth = fields->if_contains("depth");
  if (depth != nullptr && depth->is_int64()) environment.limits.depth = static_cast<int>(depth->get_int64());
  const auto expression = Expression::Compile(TextOf(*fields, "expr"));
  if (!expression.ok()) {
    result.difference = CompareFault(*fields, expression.status());
  } else {
    const auto answer = input ? expression->Evaluate(*input, bindings, environment)
                              : expression->EvaluateAlone(bindings, environment);
    result.difference =
        answer.ok() ? CompareResult(*fields, *answer) : CompareFault(*fields, answer.status());
  }
  result.passed = result.difference.empty();
  return result;
}

Result<std::vector<CaseResult>> RunCases(std::string_view jsonl, std::string_view datasets_json) {
  ASSIGN_OR_RETURN(const json::value datasets, ParseJson(datasets_json));
  if (!datasets.is_object()) {
    return MakeError(ErrorCode::kInvalidData, "the datasets are not an object", "one input a name");
  }
  return RunCaseFile(jsonl, [&](const json::value& line) { return RunCase(line, datasets.get_object()); });
}

}  // namespace penstock::jsonata
