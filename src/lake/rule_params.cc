#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/spelling.h"
#include "lake/rule.h"

namespace penstock::lake {

void RuleParams::Fail(const std::string& what) {
  if (!status_.ok()) return;
  status_ = MakeError(ErrorCode::kConfiguration,
                      fmt::format("table {}, rule {} ({}): {}", table_.name, rule_.name, rule_.kind, what));
}

const json::value* RuleParams::Find(const std::string& param) {
  known_.push_back(param);
  return rule_.params.if_contains(param);
}

int RuleParams::Resolve(const std::string& param, const std::string& name, bool numeric) {
  const int index = ColumnIndex(*table_.schema, name);
  if (index < 0) {
    const auto names = table_.schema->field_names();
    Fail(fmt::format("{}: the table has the columns {}{}, got {}", param, fmt::join(names, ", "),
                     DidYouMean(name, names), name));
    return -1;
  }
  const auto id = table_.schema->field(index)->type()->id();
  if (numeric && (id == arrow::Type::STRING || id == arrow::Type::BINARY || id == arrow::Type::BOOL)) {
    Fail(fmt::format("{}: expected a column of numbers, got {}", param, name));
    return -1;
  }
  return index;
}

int RuleParams::Column(const std::string& param, const std::string& fallback, bool numeric) {
  const auto* value = Find(param);
  if (value == nullptr) return Resolve(param, fallback, numeric);
  if (value->is_string()) return Resolve(param, std::string(value->get_string()), numeric);
  Fail(fmt::format("{}: expected the name of a column, got {}", param, ToJson(*value)));
  return -1;
}

std::vector<int> RuleParams::Columns(const std::string& param, const std::vector<std::string>& fallback,
                                     bool numeric) {
  const auto* value = Find(param);
  std::vector<std::string> names;
  if (value == nullptr) {
    names = fallback;
    if (names.empty()) Fail(fmt::format("{} is required: the names of columns", param));
  } else if (value->is_string()) {
    names.emplace_back(value->get_string());
  } else if (value->is_array() && !value->get_array().empty()) {
    for (const auto& item : value->get_array()) {
      if (item.is_string()) {
        names.emplace_back(item.get_string());
      } else {
        Fail(fmt::format("{}: expected the name of a column, got {}", param, ToJson(item)));
      }
    }
  } else {
    Fail(fmt::format("{}: expected a list of columns, got {}", param, ToJson(*value)));
  }
  std::vector<int> indexes;
  for (const auto& name : names) indexes.push_back(Resolve(param, name, numeric));
  return indexes;
}

double RuleParams::Number(const std::string& param, std::optional<double> fallback, double minimum) {
  const auto* value = Find(param);
  if (value == nullptr) {
    if (!fallback) Fail(fmt::format("{} is required: a number from {}", param, minimum));
    return fallback.value_or(minimum);
  }
  const double number = value->is_number() ? value->to_number<double>() : std::nan("");
  if (!std::isfinite(number) || number < minimum) {
    Fail(fmt::format("{}: expected a number from {}, got {}", param, minimum, ToJson(*value)));
    return minimum;
  }
  return number;
}

Status RuleParams::Done() const {
  RETURN_IF_ERROR(status_);
  for (const auto& member : rule_.params) {
    const std::string key(member.key());
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("table {}, rule {} ({}): unknown parameter{}; known: {}; got {}",
                                 table_.name, rule_.name, rule_.kind, DidYouMean(key, known_),
                                 known_.empty() ? "none" : fmt::format("{}", fmt::join(known_, ", ")), key));
  }
  return Status::OK();
}

}  // namespace penstock::lake
