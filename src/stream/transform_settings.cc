#include "stream/transform_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/spelling.h"

namespace penstock::stream {

std::string DescribeValue(const json::value* value) {
  if (value == nullptr || value->is_null()) return "nothing";
  if (value->is_object()) return "a mapping";
  if (value->is_array()) return "a list";
  return JsonText(*value).substr(0, 80);
}

const json::value* Settings::Find(std::string_view key) {
  asked_.emplace(key);
  const auto* value = object_.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Status Settings::Fault(std::string_view key, std::string_view what) const {
  return MakeError(ErrorCode::kConfiguration, fmt::format("{}.{}: {}", where_, key, what));
}

Result<std::string> Settings::Text(std::string_view key) {
  const auto* value = Find(key);
  if (value == nullptr || !value->is_string() || value->get_string().empty()) {
    return Fault(key, "expected a text, got " + DescribeValue(value));
  }
  return std::string(value->get_string());
}

Result<std::string> Settings::Text(std::string_view key, std::string fallback) {
  if (Find(key) == nullptr) return fallback;
  return Text(key);
}

Result<std::string> Settings::Choice(std::string_view key, const std::vector<std::string>& choices,
                                     std::string fallback) {
  ASSIGN_OR_RETURN(std::string text, Text(key, std::move(fallback)));
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return text;
  return Fault(key, fmt::format("expected one of {}, got {}{}", fmt::join(choices, ", "), text,
                                DidYouMean(text, choices)));
}

Result<int64_t> Settings::Int(std::string_view key, int64_t fallback, int64_t low, int64_t high) {
  const auto* value = Find(key);
  if (value == nullptr) return fallback;
  if (!value->is_int64() || value->get_int64() < low || value->get_int64() > high) {
    return Fault(
        key, fmt::format("expected a whole number from {} to {}, got {}", low, high, DescribeValue(value)));
  }
  return value->get_int64();
}

Result<std::vector<std::string>> Settings::Texts(std::string_view key) {
  const auto* value = Find(key);
  std::vector<std::string> texts;
  for (const auto& item : value != nullptr && value->is_array() ? value->get_array() : json::array()) {
    if (!item.is_string())
      return Fault(key, "expected a list of texts; in it stands " + DescribeValue(&item));
    texts.emplace_back(item.get_string());
  }
  if (texts.empty()) return Fault(key, "expected a list of texts, got " + DescribeValue(value));
  return texts;
}

Result<std::vector<std::pair<std::string, std::string>>> Settings::TextMap(std::string_view key) {
  const auto* value = Find(key);
  std::vector<std::pair<std::string, std::string>> texts;
  if (value == nullptr) return texts;
  if (!value->is_object()) return Fault(key, "expected a mapping of texts, got " + DescribeValue(value));
  for (const auto& [name, item] : value->get_object()) {
    if (item.is_structured() || item.is_null()) {
      return Fault(fmt::format("{}.{}", key, std::string_view(name)),
                   "expected a text, got " + DescribeValue(&item));
    }
    texts.emplace_back(name, item.is_string() ? std::string(item.get_string()) : JsonText(item));
  }
  return texts;
}

Status Settings::Finish() const {
  for (const auto& [key, value] : object_) {
    if (asked_.contains(std::string_view(key))) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    return Fault(key, fmt::format("no such setting{}; known here: {}", DidYouMean(key, known),
                                  fmt::join(known, ", ")));
  }
  return Status::OK();
}

}  // namespace penstock::stream
