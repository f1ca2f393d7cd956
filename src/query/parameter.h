// Typed values for the `:name` of a SQL text. They become literals of standard SQL, so that the same text
// runs in every engine (Athena binds by position only, and not everywhere).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::query {

enum class ParameterType { kText, kDate, kInteger, kNumber };

std::string_view NameOf(ParameterType type);  // text, date, integer, number
// Usage: none of those.
Result<ParameterType> ParseParameterType(std::string_view text);

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::kText;
  std::string value;
};

// A value given without a type: date for YYYY-MM-DD, integer, number, otherwise text.
Parameter InferParameter(std::string_view name, std::string_view value);

// DATE '2017-08-11', 5, CAST('1.5' AS DOUBLE), 'O''Reilly'. Usage: the value is not of the type.
Result<std::string> ToSqlLiteral(const Parameter& parameter);

// 'it''s' and "a ""b""".
std::string QuoteSqlText(std::string_view text);
std::string QuoteSqlName(std::string_view name);

// Replaces each `:name` by its literal; strings, quoted names, comments and `::type` stay. Usage: a name
// without a value (all of them are listed), a value of another type, text that is not UTF-8 or ends within a
// string.
Result<std::string> BindParameters(std::string_view sql, const std::vector<Parameter>& parameters);

// The names used, each once, in the order of their first use.
Result<std::vector<std::string>> ParametersOf(std::string_view sql);

}  // namespace penstock::query
