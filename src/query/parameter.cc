#include "query/parameter.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/date.h"
#include "query/sql_text.h"

namespace penstock::query {
namespace {

bool IsInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

std::string Quote(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    quoted += c;
    if (c == quote) quoted += c;
  }
  return quoted + quote;
}

Status WrongValue(const Parameter& parameter, std::string_view expected) {
  return MakeError(ErrorCode::kUsage, "parameter " + parameter.name + ": expected " + std::string(expected) +
                                          ", found '" + parameter.value + "'");
}

}  // namespace

std::string_view NameOf(ParameterType type) {
  switch (type) {
    case ParameterType::kText: return "text";
    case ParameterType::kDate: return "date";
    case ParameterType::kInteger: return "integer";
    case ParameterType::kNumber: return "number";
  }
  return "text";
}

Result<ParameterType> ParseParameterType(std::string_view text) {
  for (const auto type :
       {ParameterType::kText, ParameterType::kDate, ParameterType::kInteger, ParameterType::kNumber}) {
    if (EqualsIgnoreCase(text, NameOf(type))) return type;
  }
  return MakeError(ErrorCode::kUsage,
                   "a parameter's type is text, date, integer or number, not '" + std::string(text) + "'");
}

Parameter InferParameter(std::string_view name, std::string_view value) {
  const ParameterType type = ParseDate(value).ok() ? ParameterType::kDate
                             : IsInteger(value)    ? ParameterType::kInteger
                             : IsNumber(value)     ? ParameterType::kNumber
                                                   : ParameterType::kText;
  return {std::string(name), type, std::string(value)};
}

Result<std::string> ToSqlLiteral(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::kDate: {
      const auto date = ParseDate(parameter.value);
      if (!date.ok()) return WrongValue(parameter, "a date, YYYY-MM-DD");
      return "DATE '" + FormatDate(*date) + "'";
    }
    case ParameterType::kInteger:
      if (!IsInteger(parameter.value)) return WrongValue(parameter, "an integer");
      return parameter.value.front() == '-' ? "(" + parameter.value + ")" : parameter.value;
    case ParameterType::kNumber:
      if (!IsNumber(parameter.value)) return WrongValue(parameter, "a number");
      return "CAST('" + parameter.value + "' AS DOUBLE)";
    case ParameterType::kText: break;
  }
  if (!IsUtf8(parameter.value) || parameter.value.find('\0') != std::string::npos) {
    return MakeError(ErrorCode::kUsage,
                     "parameter " + parameter.name + ": its text is not UTF-8, or has a NUL byte");
  }
  return QuoteSqlText(parameter.value);
}

std::string QuoteSqlText(std::string_view text) { return Quote(text, '\''); }
std::string QuoteSqlName(std::string_view name) { return Quote(name, '"'); }

Result<std::vector<std::string>> ParametersOf(std::string_view sql) {
  ASSIGN_OR_RETURN(const auto tokens, Tokenize(sql));
  std::vector<std::string> names;
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::kParameter) continue;
    std::string name(sql.substr(token.begin + 1, token.end - token.begin - 1));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

Result<std::string> BindParameters(std::string_view sql, const std::vector<Parameter>& parameters) {
  ASSIGN_OR_RETURN(const auto tokens, Tokenize(sql));
  std::string bound;
  std::string missing;
  for (const Token& token : tokens) {
    const std::string_view text = sql.substr(token.begin, token.end - token.begin);
    if (token.kind != TokenKind::kParameter) {
      bound += text;
      continue;
    }
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter& p) { return p.name == text.substr(1); });
    if (found != parameters.end()) {
      ASSIGN_OR_RETURN(const std::string literal, ToSqlLiteral(*found));
      bound += literal;
    } else if (missing.find(std::string(text) + " ") == std::string::npos) {
      missing += std::string(text) + " ";
    }
  }
  if (!missing.empty()) {
    missing.pop_back();
    return MakeError(ErrorCode::kUsage, "the SQL has parameters without a value: " + missing,
                     "give each one with --param NAME=VALUE");
  }
  return bound;
}

}  // namespace penstock::query
