#include "workflow/json_path_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "workflow/json_path.h"
#include "workflow/json_path_operator.h"

namespace penstock::workflow {
namespace {

constexpr int kMaxDepth = 20;

// One side of a comparison: a path, a literal or a regular expression.
struct Operand {
  std::optional<JsonPath> path;
  bool of_node = false;  // @, not $
  json::value literal;
  std::shared_ptr<const PathPattern> pattern;

  PathOperand Value(const json::value& node, const json::value& root, json::value& buffer) const {
    if (pattern != nullptr) return {nullptr, pattern.get()};
    if (!path) return {&literal, nullptr};
    const json::value& from = of_node ? node : root;
    if (path->definite()) return {path->Find(from), nullptr};
    auto value = path->Evaluate(from);
    if (!value.ok()) return {};
    buffer = *std::move(value);
    return {&buffer, nullptr};
  }
};

class Comparison : public PathFilter {
 public:
  Comparison(Operand left, PathOperator operation, Operand right)
      : left_(std::move(left)), operation_(operation), right_(std::move(right)) {}
  bool Matches(const json::value& node, const json::value& root) const override {
    json::value left, right;
    return operation_(left_.Value(node, root, left), right_.Value(node, root, right));
  }

 private:
  const Operand left_;
  const PathOperator operation_;
  const Operand right_;
};

// "@.a": whether it is there. A path with many results is there as soon as its definite beginning is.
class Existence : public PathFilter {
 public:
  explicit Existence(Operand operand) : operand_(std::move(operand)) {}
  bool Matches(const json::value& node, const json::value& root) const override {
    return operand_.path->LeadsSomewhere(operand_.of_node ? node : root);
  }

 private:
  const Operand operand_;
};

class Logic : public PathFilter {
 public:
  enum class Kind { kAnd, kOr, kNot };
  Logic(Kind kind, std::vector<std::shared_ptr<const PathFilter>> parts)
      : kind_(kind), parts_(std::move(parts)) {}
  bool Matches(const json::value& node, const json::value& root) const override {
    const auto matches = [&](const auto& part) { return part->Matches(node, root); };
    switch (kind_) {
      case Kind::kAnd: return std::all_of(parts_.begin(), parts_.end(), matches);
      case Kind::kOr: return std::any_of(parts_.begin(), parts_.end(), matches);
      case Kind::kNot: return !matches(parts_[0]);
    }
    return false;
  }

 private:
  const Kind kind_;
  const std::vector<std::shared_ptr<const PathFilter>> parts_;
};

class FilterParser {
 public:
  FilterParser(std::string_view text, int depth) : text_(text), depth_(depth) {}

  Result<std::shared_ptr<const PathFilter>> Parse() {
    ASSIGN_OR_RETURN(auto filter, ParseOr());
    SkipSpace();
    if (at_ != text_.size()) return Fail("something stands behind it");
    return filter;
  }

 private:
  using Filter = std::shared_ptr<const PathFilter>;

  Status Fail(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("not a filter, character {}: {}: '{}'", at_ + 1, what, text_));
  }
  void SkipSpace() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(std::string_view token) {
    SkipSpace();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  Result<Filter> ParseOr() {
    if (++depth_ > kMaxDepth) return Fail("nested too deep");
    std::vector<Filter> parts;
    do {
      std::vector<Filter> all;
      do {
        ASSIGN_OR_RETURN(Filter one, ParseOne());
        all.push_back(std::move(one));
      } while (Take("&&"));
      parts.push_back(Join(Logic::Kind::kAnd, std::move(all)));
    } while (Take("||"));
    --depth_;
    return Join(Logic::Kind::kOr, std::move(parts));
  }

  static Filter Join(Logic::Kind kind, std::vector<Filter> parts) {
    if (parts.size() == 1) return std::move(parts[0]);
    return std::make_shared<Logic>(kind, std::move(parts));
  }

  Result<Filter> ParseOne() {
    SkipSpace();
    if (Peek() == '!') {
      ++at_;
      if (++depth_ > kMaxDepth) return Fail("nested too deep");
      ASSIGN_OR_RETURN(Filter inner, ParseOne());
      --depth_;
      return Filter(std::make_shared<Logic>(Logic::Kind::kNot, std::vector<Filter>{std::move(inner)}));
    }
    if (Peek() == '(') {
      ++at_;
      ASSIGN_OR_RETURN(Filter inner, ParseOr());
      if (!Take(")")) return Fail("')' is missing");
      return inner;
    }
    ASSIGN_OR_RETURN(Operand left, ParseOperand());
    SkipSpace();
    const char next = Peek();
    if (next == '\0' || next == ')' || next == '&' || next == '|') {
      if (!left.path) return Fail("a value alone is no condition");
      return Filter(std::make_shared<Existence>(std::move(left)));
    }
    const size_t begin = at_;
    const std::string_view name = OperatorName();
    const PathOperator operation = FindPathOperator(name);
    if (operation == nullptr) {
      at_ = begin;
      return Fail(fmt::format("no operator of this name: '{}'", name));
    }
    ASSIGN_OR_RETURN(Operand right, ParseOperand());
    return Filter(std::make_shared<Comparison>(std::move(left), operation, std::move(right)));
  }

  std::string_view OperatorName() {
    const auto is_sign = [](char c) { return c == '<' || c == '>' || c == '=' || c == '~' || c == '!'; };
    const size_t begin = at_;
    const bool signs = is_sign(Peek());
    while (at_ < text_.size() &&
           (signs ? is_sign(text_[at_]) : std::isalpha(static_cast<unsigned char>(text_[at_])) != 0))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Result<Operand> ParseOperand() {
    SkipSpace();
    switch (Peek()) {
      case '@':
      case '$': return ParsePath();
      case '/': return ParsePattern();
      case '\'':
      case '"': return ParseText();
      case '[':
      case '{': return ParseContainer();
      default: return ParseWord();
    }
  }

  Result<Operand> ParsePath() {
    const size_t begin = at_;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '[') {
        const size_t end = EndOfBrackets(at_);
        if (end == std::string_view::npos) return Fail("']' is missing");
        at_ = end - 1;
      } else if (c == '(') {
        const size_t end = text_.find(')', at_);
        if (end == std::string_view::npos) return Fail("')' is missing");
        at_ = end;
      } else if (c == ' ' || c == ')' || c == '<' || c == '>' || c == '=' || c == '~' || c == '!' ||
                 c == '&' || c == '|') {
        break;
      }
    }
    Operand operand;
    operand.of_node = text_[begin] == '@';
    auto path = JsonPath::Parse("$" + std::string(text_.substr(begin + 1, at_ - begin - 1)), depth_ + 1);
    RETURN_IF_ERROR(path.status());
    if (path->root() != JsonPath::Root::kInput) return Fail("only @ and $ can begin a path here");
    operand.path = *std::move(path);
    return operand;
  }

  // Behind the bracket that closes the one at `from`; npos: none does.
  size_t EndOfBrackets(size_t from) const {
    int depth = 0;
    char quote = '\0';
    for (size_t i = from; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote != '\0') {
        if (c == '\\')
          ++i;
        else if (c == quote)
          quote = '\0';
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if ((c == ']' || c == '}') && --depth == 0) {
        return i + 1;
      }
    }
    return std::string_view::npos;
  }

  Result<Operand> ParsePattern() {
    std::string pattern;
    for (++at_; at_ < text_.size() && text_[at_] != '/'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '/')
        ++at_;
      else if (text_[at_] == '\\' && at_ + 1 < text_.size())
        pattern += text_[at_++];
      pattern += text_[at_];
    }
    if (at_ >= text_.size()) return Fail("the closing '/' is missing");
    const size_t flags = ++at_;
    while (std::isalpha(static_cast<unsigned char>(Peek())) != 0) ++at_;
    Operand operand;
    ASSIGN_OR_RETURN(operand.pattern, PathPattern::Compile(pattern, text_.substr(flags, at_ - flags)));
    return operand;
  }

  Result<Operand> ParseText() {
    const char quote = text_[at_];
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        switch (text_[at_]) {
          case 'n': value += '\n'; continue;
          case 't': value += '\t'; continue;
          case 'r': value += '\r'; continue;
          default: break;
        }
      }
      value += text_[at_];
    }
    if (at_ >= text_.size()) return Fail("the closing quote is missing");
    ++at_;
    Operand operand;
    operand.literal = json::value(value);
    return operand;
  }

  Result<Operand> ParseContainer() {
    const size_t end = EndOfBrackets(at_);
    if (end == std::string_view::npos) return Fail("the closing bracket is missing");
    std::string text(text_.substr(at_, end - at_));
    Operand operand;
    auto value = ParseJson(text);
    if (!value.ok()) {  // strings in single quotes are usual here
      std::replace(text.begin(), text.end(), '\'', '"');
      value = ParseJson(text);
    }
    if (!value.ok()) return Fail("not JSON");
    at_ = end;
    operand.literal = *std::move(value);
    return operand;
  }

  Result<Operand> ParseWord() {
    const size_t end = std::min(text_.find_first_of(" )&|", at_), text_.size());
    const auto value = ParseJson(text_.substr(at_, end - at_));
    if (!value.ok()) return Fail("expected a path, a number, a text in quotes, true, false or null");
    at_ = end;
    Operand operand;
    operand.literal = *value;
    return operand;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_;
};

}  // namespace

Result<std::shared_ptr<const PathFilter>> ParsePathFilter(std::string_view text, int depth) {
  return FilterParser(text, depth).Parse();
}

}  // namespace penstock::workflow
