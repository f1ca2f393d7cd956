#include "stream/json_fields.h"

#include <algorithm>

#include "base/ascii.h"

namespace penstock::stream {

Result<JsonRules> RulesOf(const JsonInput& input) {
  JsonRules rules;
  rules.hive = input.hive;
  rules.case_insensitive = input.hive || input.case_insensitive;
  rules.lower_keys = !input.hive && input.case_insensitive;
  rules.dots_to_underscores = input.dots_to_underscores;
  rules.column_to_key = input.column_to_key;
  for (const auto& format : input.timestamp_formats) {
    ASSIGN_OR_RETURN(rules.times.emplace_back(), JodaTimePattern::Parse(format));
  }
  return rules;
}

JsonFields::JsonFields(const std::vector<std::string>& names, const JsonRules& rules)
    : case_insensitive_(rules.case_insensitive), dots_(rules.dots_to_underscores), values_(names.size()) {
  for (const auto& name : names) {
    const auto mapped =
        std::find_if(rules.column_to_key.begin(), rules.column_to_key.end(), [&](const auto& each) {
          return case_insensitive_ ? AsciiLower(each.first) == AsciiLower(name) : each.first == name;
        });
    keys_.push_back(mapped == rules.column_to_key.end() ? name : mapped->second);
    places_.try_emplace(case_insensitive_ ? AsciiLower(keys_.back()) : keys_.back(), keys_.size() - 1);
  }
}

std::span<const JsonFields::Value> JsonFields::Find(const simdjson::dom::object& from) {
  std::fill(values_.begin(), values_.end(), Value());
  size_t expected = 0;  // members mostly come in the names' order
  for (const auto field : from) {
    size_t at = keys_.size();
    bool dotted = false;
    if (expected < keys_.size() && field.key == keys_[expected]) {
      at = expected;
    } else {
      std::string key = case_insensitive_ ? AsciiLower(field.key) : std::string(field.key);
      auto place = places_.find(key);
      if (place == places_.end() && dots_ && key.find('.') != key.npos) {
        std::replace(key.begin(), key.end(), '.', '_');
        place = places_.find(key);
        dotted = true;
      }
      if (place != places_.end()) at = place->second;
    }
    if (at == keys_.size() || (dotted && values_[at].there && !values_[at].dotted)) continue;
    expected = at + 1;
    values_[at] = {true, dotted, field.value};
  }
  return values_;
}

}  // namespace penstock::stream
