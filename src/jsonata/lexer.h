// The tokens of an expression. Source: docs.jsonata.org, "Path operators" to "Other operators".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::jsonata {

enum class TokenType { kEnd, kOperator, kName, kVariable, kString, kNumber, kLiteral, kRegex };

struct Token {
  TokenType type = TokenType::kEnd;
  std::string text;   // operator, name, the pattern of a regex
  std::string flags;  // of a regex
  double number = 0;
  int64_t position = 0;  // behind the token, in characters
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  // `after_value`: a '/' divides; otherwise it begins a regular expression.
  Result<Token> Next(bool after_value);

 private:
  char At(size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  Status SkipBlanks();
  Token Make(TokenType type, std::string text);
  Result<Token> String(char quote);
  Status Escape(std::string& out);
  Result<uint32_t> Hex4(size_t offset);
  Result<Token> RegularExpression();
  int64_t Position();

  std::string_view text_;
  size_t offset_ = 0;
  size_t counted_ = 0;  // bytes whose characters are in characters_
  int64_t characters_ = 0;
};

}  // namespace penstock::jsonata
