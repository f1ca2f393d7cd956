// SQL text cut into tokens and statements, without understanding it. Lexical rules: PostgreSQL's (which
// DuckDB's parser follows), section 4.1 of its manual: '' and "" quotes, E'' escapes, $tag$ strings, nested
// comments.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::query {

enum class TokenKind { kSpace, kComment, kWord, kNumber, kText, kQuotedName, kParameter, kSemicolon, kOther };

struct Token {
  TokenKind kind;
  size_t begin;  // byte offsets
  size_t end;
};

// Usage: not UTF-8, a NUL byte, a string, name or comment without its end (with line and column).
Result<std::vector<Token>> Tokenize(std::string_view sql);

// The statements between semicolons, without those and without the empty ones (only space and comments).
Result<std::vector<std::string>> SplitStatements(std::string_view sql);

// "LINE 2: select * form bars\n                 ^", the line of the byte `offset` and a mark below it.
std::string PointAt(std::string_view sql, size_t offset);

bool EqualsIgnoreCase(std::string_view a, std::string_view b);
bool IsUtf8(std::string_view text);

}  // namespace penstock::query
