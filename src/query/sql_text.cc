#include "query/sql_text.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"

namespace penstock::query {
namespace {

bool IsWordStart(unsigned char c) { return std::isalpha(c) || c == '_' || c >= 0x80; }
bool IsWord(unsigned char c) { return IsWordStart(c) || std::isdigit(c) || c == '$'; }
bool IsSpace(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Whether a ':' behind `before` may begin a parameter: not in a::type, list[a:b], {'key':value}.
bool MayPrecedeParameter(char before) {
  return IsSpace(static_cast<unsigned char>(before)) ||
         std::string_view("(,=<>+-*/%|&!").find(before) != std::string_view::npos;
}

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (at_ < sql_.size()) {
      const size_t begin = at_;
      ASSIGN_OR_RETURN(const TokenKind kind, Step());
      tokens.push_back({kind, begin, at_});
    }
    return tokens;
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  template <typename Predicate>
  void SkipWhile(Predicate predicate) {
    while (at_ < sql_.size() && predicate(static_cast<unsigned char>(sql_[at_]))) ++at_;
  }
  Status Unfinished(size_t begin, std::string_view what) const {
    return MakeError(ErrorCode::kUsage, std::string(what) + " has no end\n" + PointAt(sql_, begin));
  }

  // Behind the opening quote.
  Status Quoted(size_t begin, char quote, bool backslash, std::string_view what) {
    for (; at_ < sql_.size(); ++at_) {
      if (backslash && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == quote) {
        ++at_;
        if (Peek() != quote) return Status::OK();
      }
    }
    at_ = std::min(at_, sql_.size());
    return Unfinished(begin, what);
  }

  Result<bool> DollarQuoted() {
    size_t end = at_ + 1;
    if (end < sql_.size() && IsWordStart(static_cast<unsigned char>(sql_[end]))) {
      while (end < sql_.size() && sql_[end] != '$' && IsWord(static_cast<unsigned char>(sql_[end]))) ++end;
    }
    if (end >= sql_.size() || sql_[end] != '$') return false;
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const size_t close = sql_.find(tag, end + 1);
    if (close == std::string_view::npos) return Unfinished(at_, "a string");
    at_ = close + tag.size();
    return true;
  }

  Status BlockComment() {
    const size_t begin = at_;
    at_ += 2;
    for (int depth = 1; at_ < sql_.size(); ++at_) {
      if (Peek() == '/' && Peek(1) == '*') {
        ++depth;
        ++at_;
      } else if (Peek() == '*' && Peek(1) == '/') {
        ++at_;
        if (--depth == 0) {
          ++at_;
          return Status::OK();
        }
      }
    }
    return Unfinished(begin, "a comment");
  }

  Result<TokenKind> Step() {
    const size_t begin = at_;
    const auto c = static_cast<unsigned char>(Peek());
    if (IsSpace(c)) {
      SkipWhile(IsSpace);
      return TokenKind::kSpace;
    }
    if (c == '-' && Peek(1) == '-') {
      SkipWhile([](unsigned char x) { return x != '\n' && x != '\r'; });
      return TokenKind::kComment;
    }
    if (c == '/' && Peek(1) == '*') {
      RETURN_IF_ERROR(BlockComment());
      return TokenKind::kComment;
    }
    if (c == '\'' || ((c == 'e' || c == 'E') && Peek(1) == '\'')) {
      at_ += c == '\'' ? 1 : 2;
      RETURN_IF_ERROR(Quoted(begin, '\'', c != '\'', "a string"));
      return TokenKind::kText;
    }
    if (c == '"') {
      ++at_;
      RETURN_IF_ERROR(Quoted(begin, '"', false, "a quoted name"));
      return TokenKind::kQuotedName;
    }
    if (c == '$') {
      ASSIGN_OR_RETURN(const bool text, DollarQuoted());
      if (text) return TokenKind::kText;
    }
    if (IsWordStart(c)) {
      SkipWhile(IsWord);
      return TokenKind::kWord;
    }
    if (std::isdigit(c)) {
      SkipWhile([](unsigned char x) { return std::isalnum(x) || x == '.' || x == '_'; });
      return TokenKind::kNumber;
    }
    ++at_;
    if (c == ';') return TokenKind::kSemicolon;
    if (c == ':') {
      if (Peek() == ':') {
        ++at_;
      } else if (IsWordStart(static_cast<unsigned char>(Peek())) &&
                 (begin == 0 || MayPrecedeParameter(sql_[begin - 1]))) {
        SkipWhile([](unsigned char x) { return IsWord(x) && x != '$'; });
        return TokenKind::kParameter;
      }
    }
    return TokenKind::kOther;
  }

  const std::string_view sql_;
  size_t at_ = 0;
};

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const int more = c < 0x80                ? 0
                     : c >= 0xC2 && c < 0xE0 ? 1
                     : c >= 0xE0 && c < 0xF0 ? 2
                     : c >= 0xF0 && c < 0xF5 ? 3
                                             : -1;
    if (more < 0 || i + more >= text.size()) return false;
    for (int k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    const auto second = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0;
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
        (c == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

Result<std::vector<Token>> Tokenize(std::string_view sql) {
  if (!IsUtf8(sql))
    return MakeError(ErrorCode::kUsage, "the SQL text is not UTF-8", "save the file as UTF-8");
  if (sql.find('\0') != std::string_view::npos)
    return MakeError(ErrorCode::kUsage, "the SQL text has a NUL byte");
  return Lexer(sql).Run();
}

Result<std::vector<std::string>> SplitStatements(std::string_view sql) {
  ASSIGN_OR_RETURN(const auto tokens, Tokenize(sql));
  std::vector<std::string> statements;
  size_t begin = std::string_view::npos;  // of the first token that is more than space and comment
  size_t end = 0;
  auto finish = [&] {
    if (begin != std::string_view::npos) statements.emplace_back(sql.substr(begin, end - begin));
    begin = std::string_view::npos;
  };
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::kSemicolon) {
      finish();
    } else if (token.kind != TokenKind::kSpace && token.kind != TokenKind::kComment) {
      begin = std::min(begin, token.begin);
      end = token.end;
    }
  }
  finish();
  return statements;
}

std::string PointAt(std::string_view sql, size_t offset) {
  offset = std::min(offset, sql.size());
  const size_t before = offset == 0 ? std::string_view::npos : sql.rfind('\n', offset - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const size_t end = std::min(sql.find('\n', offset), sql.size());
  const auto number = std::count(sql.begin(), sql.begin() + static_cast<std::ptrdiff_t>(begin), '\n') + 1;
  const std::string label = "LINE " + std::to_string(number) + ": ";
  std::string mark(label.size(), ' ');
  for (size_t i = begin; i < offset; ++i) {
    const auto c = static_cast<unsigned char>(sql[i]);
    if ((c & 0xC0) != 0x80) mark += c == '\t' ? '\t' : ' ';
  }
  return label + std::string(sql.substr(begin, end - begin)) + "\n" + mark + "^";
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && AsciiLower(a) == AsciiLower(b);
}

}  // namespace penstock::query
