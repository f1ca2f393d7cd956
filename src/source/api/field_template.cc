#include "source/api/field_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/date.h"
#include "net/url.h"

namespace penstock::source {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Status NoValue(std::string_view name) {
  return MakeError(ErrorCode::kConfiguration, fmt::format("there is no value for {{{}}}", name),
                   "give each series a value of that name");
}

// Calls replace(name, plus) for each {name} and {+name}, and puts what it answers in its place.
template <typename Replace>
Result<std::string> Fill(std::string_view text, Replace replace) {
  std::string out;
  while (true) {
    const size_t open = text.find_first_of("{}");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const size_t close = text.find('}', open);
    std::string_view name = text.substr(open, close == std::string_view::npos ? close : close - open);
    const bool plus = name.starts_with("{+");
    name.remove_prefix(std::min<size_t>(plus ? 2 : 1, name.size()));
    const bool good = text[open] == '{' && close != std::string_view::npos && !name.empty() &&
                      std::all_of(name.begin(), name.end(), IsNameCharacter);
    if (!good) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("expected {{name}} of letters, digits and '_', got {}", text.substr(open, 40)));
    }
    ASSIGN_OR_RETURN(const std::string value, replace(name, plus));
    out += value;
    text.remove_prefix(close + 1);
  }
}

Result<std::string> ForPath(std::string_view name, std::string_view value, bool plus) {
  const auto wrong = [&](std::string_view why) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("{{{}}}: {} in a URL: {}", name, why, value));
  };
  if (value.empty()) return wrong("nothing");
  std::string out, segment;
  for (std::string_view rest = value; true;) {
    const size_t end = plus ? rest.find('/') : std::string_view::npos;
    const std::string_view part = rest.substr(0, end);
    if (part == "." || part == "..") return wrong("a step to another path");
    if (part.empty()) return wrong("an empty part");
    out += net::PercentEncode(part);
    if (end == std::string_view::npos) return out;
    out += '/';
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

Result<Fields> FieldsOf(const json::object& query) {
  Fields fields;
  for (const auto& member : query) {
    const json::value& value = member.value();
    if (value.is_structured() || value.is_null()) {
      return MakeError(ErrorCode::kConfiguration, fmt::format("{}: expected text, a number, true or false",
                                                              std::string_view(member.key())));
    }
    fields[member.key()] = value.is_string() ? std::string(value.get_string()) : ToJson(value);
  }
  return fields;
}

void AddDays(TimePoint now, Fields* fields) {
  const Date today = std::chrono::floor<std::chrono::days>(now);
  fields->try_emplace("today", FormatDate(today));
  fields->try_emplace("yesterday", FormatDate(today - std::chrono::days(1)));
}

Result<std::vector<std::string>> NamesIn(std::string_view text) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(Fill(text, [&](std::string_view name, bool) -> Result<std::string> {
                    names.emplace_back(name);
                    return std::string();
                  }).status());
  return names;
}

Result<std::string> FillUrl(std::string_view text, const Fields& fields) {
  return Fill(text, [&](std::string_view name, bool plus) -> Result<std::string> {
    const auto value = fields.find(name);
    if (value == fields.end()) return NoValue(name);
    return ForPath(name, value->second, plus);
  });
}

Result<std::string> FillText(std::string_view text, const Fields& fields) {
  return Fill(text, [&](std::string_view name, bool) -> Result<std::string> {
    const auto value = fields.find(name);
    if (value == fields.end()) return NoValue(name);
    return value->second;
  });
}

std::string FillJson(std::string_view text, const Fields& fields) {
  std::string out;
  while (!text.empty()) {
    const size_t close = text.front() == '{' ? text.find('}') : std::string_view::npos;
    const auto value =
        close == std::string_view::npos ? fields.end() : fields.find(text.substr(1, close - 1));
    if (value == fields.end()) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string quoted = ToJson(json::value(value->second));
    out += std::string_view(quoted).substr(1, quoted.size() - 2);
    text.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace penstock::source
