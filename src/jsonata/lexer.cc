#include "jsonata/lexer.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"

namespace penstock::jsonata {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\v";
constexpr std::string_view kOperators = ".[]{}(),@#;:?+-*/%|=<>^&!~";
constexpr std::string_view kPairs[] = {"..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??"};

// The bytes of the longest number that `text` begins with: JSON's grammar, without a sign.
size_t NumberLength(std::string_view text) {
  const auto digits = [&](size_t from) {
    while (from < text.size() && IsDigit(text[from])) ++from;
    return from;
  };
  if (text.empty() || !IsDigit(text[0])) return 0;
  size_t end = text[0] == '0' ? 1 : digits(1);
  if (end < text.size() && text[end] == '.') {
    const size_t fraction = digits(end + 1);
    if (fraction > end + 1) end = fraction;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    size_t from = end + 1;
    if (from < text.size() && (text[from] == '+' || text[from] == '-')) ++from;
    const size_t exponent = digits(from);
    if (exponent > from) end = exponent;
  }
  return end;
}

}  // namespace

int64_t Lexer::Position() {
  if (offset_ > counted_) {
    characters_ += static_cast<int64_t>(CountCharacters(text_.substr(counted_, offset_ - counted_)));
    counted_ = offset_;
  }
  return characters_;
}

Token Lexer::Make(TokenType type, std::string text) {
  Token token;
  token.type = type;
  token.text = std::move(text);
  token.position = Position();
  return token;
}

Status Lexer::SkipBlanks() {
  while (true) {
    while (offset_ < text_.size() && kBlanks.find(text_[offset_]) != kBlanks.npos) ++offset_;
    if (At(offset_) != '/' || At(offset_ + 1) != '*') return Status::OK();
    const size_t end = text_.find("*/", offset_ + 2);
    if (end == text_.npos) return Failure("S0106", {.position = Position()});
    offset_ = end + 2;
  }
}

Result<Token> Lexer::Next(bool after_value) {
  RETURN_IF_ERROR(SkipBlanks());
  if (offset_ >= text_.size()) return Make(TokenType::kEnd, "");
  const char c = text_[offset_];
  if (c == '/' && !after_value) return RegularExpression();
  for (const auto pair : kPairs) {
    if (text_.substr(offset_, 2) == pair) {
      offset_ += 2;
      return Make(TokenType::kOperator, std::string(pair));
    }
  }
  if (kOperators.find(c) != kOperators.npos) {
    ++offset_;
    return Make(TokenType::kOperator, std::string(1, c));
  }
  if (c == '"' || c == '\'') return String(c);
  if (const size_t length = NumberLength(text_.substr(offset_)); length > 0) {
    const std::string_view digits = text_.substr(offset_, length);
    const double number = std::strtod(std::string(digits).c_str(), nullptr);
    if (std::isinf(number)) {
      return Failure("S0102", {.token = std::string(digits), .position = Position()});
    }
    offset_ += length;
    Token token = Make(TokenType::kNumber, std::string(digits));
    token.number = number;
    return token;
  }
  if (c == '`') {
    const size_t end = text_.find('`', offset_ + 1);
    if (end == text_.npos) {
      offset_ = text_.size();
      return Failure("S0105", {.position = Position()});
    }
    std::string name(text_.substr(offset_ + 1, end - offset_ - 1));
    offset_ = end + 1;
    return Make(TokenType::kName, std::move(name));
  }
  size_t end = offset_;
  while (end < text_.size() && kBlanks.find(text_[end]) == kBlanks.npos &&
         kOperators.find(text_[end]) == kOperators.npos) {
    ++end;
  }
  std::string word(text_.substr(offset_, end - offset_));
  offset_ = end;
  if (word[0] == '$') return Make(TokenType::kVariable, word.substr(1));
  if (word == "and" || word == "or" || word == "in") return Make(TokenType::kOperator, std::move(word));
  if (word == "true" || word == "false" || word == "null") return Make(TokenType::kLiteral, std::move(word));
  return Make(TokenType::kName, std::move(word));
}

Result<uint32_t> Lexer::Hex4(size_t offset) {
  const std::string_view digits = text_.substr(std::min(offset, text_.size()), 4);
  uint32_t unit = 0;
  const auto end = digits.data() + digits.size();
  if (digits.empty() || std::from_chars(digits.data(), end, unit, 16).ptr != end) {
    return Failure("S0104", {.position = Position()});
  }
  return unit;
}

// offset_ stands behind the backslash; afterwards behind the escape.
Status Lexer::Escape(std::string& out) {
  const char c = At(offset_);
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (const size_t which = kNames.find(c); which != kNames.npos && offset_ < text_.size()) {
    out += kMeanings[which];
    ++offset_;
    return Status::OK();
  }
  if (c != 'u') return Failure("S0103", {.token = std::string(1, c), .position = Position()});
  ASSIGN_OR_RETURN(uint32_t unit, Hex4(offset_ + 1));
  offset_ = std::min(offset_ + 5, text_.size());
  if (unit >= 0xD800 && unit < 0xDC00 && At(offset_) == '\\' && At(offset_ + 1) == 'u') {
    ASSIGN_OR_RETURN(const uint32_t low, Hex4(offset_ + 2));
    if (low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      offset_ += 6;
    }
  }
  AppendCharacter(out, unit);
  return Status::OK();
}

Result<Token> Lexer::String(char quote) {
  std::string value;
  ++offset_;
  while (offset_ < text_.size()) {
    const char c = text_[offset_++];
    if (c == quote) return Make(TokenType::kString, std::move(value));
    if (c == '\\') {
      RETURN_IF_ERROR(Escape(value));
    } else {
      value += c;
    }
  }
  return Failure("S0101", {.position = Position()});
}

// A '/' ends it unless it is escaped or stands within brackets.
Result<Token> Lexer::RegularExpression() {
  const size_t start = ++offset_;
  int depth = 0;
  bool escaped = false;
  for (; offset_ < text_.size(); ++offset_) {
    const char c = text_[offset_];
    if (c == '/' && depth == 0 && !escaped) {
      if (offset_ == start) return Failure("S0301", {.position = Position()});
      std::string pattern(text_.substr(start, offset_ - start));
      ++offset_;
      const size_t flags = offset_;
      while (At(offset_) == 'i' || At(offset_) == 'm') ++offset_;
      Token token = Make(TokenType::kRegex, std::move(pattern));
      token.flags = text_.substr(flags, offset_ - flags);
      return token;
    }
    if (!escaped && (c == '(' || c == '[' || c == '{')) ++depth;
    if (!escaped && (c == ')' || c == ']' || c == '}')) --depth;
    escaped = c == '\\' && !escaped;
  }
  return Failure("S0302", {.position = Position()});
}

}  // namespace penstock::jsonata
