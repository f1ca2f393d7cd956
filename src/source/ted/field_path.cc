#include "source/ted/field_path.h"

#include <fmt/format.h>

#include <charconv>

namespace penstock::source::ted {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

class Parser {
 public:
  Parser(std::string_view text, const FieldNames& names) : text_(text), names_(names) {}

  Result<FieldPath> Path() {
    FieldPath path;
    do {
      Spaces();
      ASSIGN_OR_RETURN(FieldChain chain, Chain());
      path.push_back(std::move(chain));
      Spaces();
    } while (Eat("|"));
    if (at_ != text_.size()) return Wrong("expected the end, ' | ' or ' -> '");
    return path;
  }

 private:
  Status Wrong(std::string_view what) const {
    const std::string_view rest = text_.substr(at_, 20);
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("{}, at character {}{}", what, at_ + 1,
                                 rest.empty() ? std::string(" (its end)") : fmt::format(" ({})", rest)));
  }

  bool Eat(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  void Spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  // A dot belongs to XML's names, but ours have none; `references` split at it.
  std::string_view Word(bool dots = true) {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameByte(text_[at_]) && (dots || text_[at_] != '.')) {
      if (text_[at_] == '-' && text_.substr(at_, 2) == "->") break;
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  Result<FieldChain> Chain() {
    FieldChain chain;
    if (Eat("$each")) {
      chain.start = FieldChain::Start::kEach;
      if (!Eat("/")) return Wrong("expected '/' behind $each");
    } else if (text_.substr(at_, 2) != "//" && Eat("/")) {
      chain.start = FieldChain::Start::kRoot;
    }
    FieldSegment first;
    RETURN_IF_ERROR(Steps(first));
    chain.segments.push_back(std::move(first));
    for (Spaces(); Eat("->"); Spaces()) {
      Spaces();
      FieldSegment segment;
      const std::string_view name = Word(/*dots=*/false);
      segment.reference = name.empty() ? -1 : names_.reference(name);
      if (segment.reference < 0) return Wrong(fmt::format("'{}' is no reference of this family", name));
      if (Eat(".")) {
        segment.field = Word();
        if (segment.field.empty()) return Wrong("expected the name of a field of the reference");
      } else if (text_.substr(at_, 1) == "/") {
        if (text_.substr(at_, 2) != "//") ++at_;
        RETURN_IF_ERROR(Steps(segment));
      }
      chain.segments.push_back(std::move(segment));
    }
    return chain;
  }

  Status Steps(FieldSegment& segment) {
    bool deep = Eat("//");
    while (true) {
      if (Eat("@")) {
        if (deep) return Wrong("expected an element behind '//'");
        segment.end = FieldEnd::kAttribute;
        ASSIGN_OR_RETURN(segment.attribute, AttributeName());
        return Status::OK();
      }
      if (Eat("text()")) {
        segment.end = FieldEnd::kText;
        return deep ? Wrong("expected an element behind '//'") : Status::OK();
      }
      if (Eat("name()")) {
        segment.end = FieldEnd::kName;
        return deep ? Wrong("expected an element behind '//'") : Status::OK();
      }
      if (Eat(".//")) deep = true;
      if (Eat("./")) continue;
      if (segment.steps.empty() && !deep && Eat(".")) return Status::OK();
      FieldStep step;
      step.deep = deep;
      ASSIGN_OR_RETURN(step.name, ElementName());
      while (Eat("[")) {
        FieldPredicate predicate;
        RETURN_IF_ERROR(Predicate(predicate));
        step.predicates.push_back(std::move(predicate));
      }
      segment.steps.push_back(std::move(step));
      if (Eat("//")) {
        deep = true;
      } else if (Eat("/")) {
        deep = false;
      } else {
        return Status::OK();
      }
    }
  }

  Result<XmlName> ElementName() {
    if (Eat("*")) return XmlName{kAnySpace, ""};
    const std::string_view prefix = Word();
    if (prefix.empty()) return Wrong("expected an element as prefix:NAME, or *");
    if (!Eat(":")) return Wrong(fmt::format("the element '{}' needs a prefix of `namespaces`", prefix));
    return Qualified(prefix);
  }

  Result<XmlName> AttributeName() {
    const std::string_view word = Word();
    if (word.empty()) return Wrong("expected the name of an attribute");
    if (!Eat(":")) return XmlName{kNoSpace, std::string(word)};
    ASSIGN_OR_RETURN(XmlName name, Qualified(word));
    if (name.local.empty()) return Wrong("expected the name of an attribute");
    return name;
  }

  Result<XmlName> Qualified(std::string_view prefix) {
    const int space = names_.space(prefix);
    if (space < 0) return Wrong(fmt::format("'{}' is no prefix of this family's `namespaces`", prefix));
    if (Eat("*")) return XmlName{space, ""};
    const std::string_view local = Word();
    if (local.empty()) return Wrong("expected a name behind the prefix");
    return XmlName{space, std::string(local)};
  }

  Status Predicate(FieldPredicate& predicate) {
    const size_t digits = text_.find_first_not_of("0123456789", at_);
    if (digits != at_ && digits != std::string_view::npos) {
      predicate.kind = FieldPredicate::Kind::kPosition;
      const auto [end, error] =
          std::from_chars(text_.data() + at_, text_.data() + digits, predicate.position);
      if (error != std::errc() || predicate.position < 1) return Wrong("expected a position from 1");
      at_ = digits;
      return Close();
    }
    const bool negated = Eat("not(");
    Spaces();
    while (text_.substr(at_, 1) != "@") {
      if (Eat(".")) break;
      ASSIGN_OR_RETURN(XmlName name, ElementName());
      predicate.elements.push_back(std::move(name));
      if (!Eat("/")) break;
    }
    if (Eat("@")) {
      predicate.has_attribute = true;
      ASSIGN_OR_RETURN(predicate.attribute, AttributeName());
    }
    Spaces();
    using Kind = FieldPredicate::Kind;
    if (Eat("!=")) {
      predicate.kind = Kind::kDiffers;
    } else if (Eat("=")) {
      predicate.kind = Kind::kEquals;
    } else {
      predicate.kind = negated ? Kind::kHasNot : Kind::kHas;
    }
    if (predicate.kind == Kind::kEquals || predicate.kind == Kind::kDiffers) {
      RETURN_IF_ERROR(Operand(predicate));
      if (negated) predicate.kind = predicate.kind == Kind::kEquals ? Kind::kNotEquals : Kind::kHas;
    }
    Spaces();
    if (negated && predicate.kind == Kind::kHas) return Wrong("not(… != …) is not read: write … = …");
    if (negated && !Eat(")")) return Wrong("expected ')'");
    return Close();
  }

  Status Operand(FieldPredicate& predicate) {
    Spaces();
    if (Eat("$")) {
      const std::string_view name = Word();
      predicate.variable = names_.variable(name);
      return predicate.variable < 0 ? Wrong(fmt::format("'{}' is none of this family's `variables`", name))
                                    : Status::OK();
    }
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"') return Wrong("expected 'text' or $variable");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return Wrong("the text has no closing quote");
    predicate.value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return Status::OK();
  }

  Status Close() {
    Spaces();
    return Eat("]") ? Status::OK() : Wrong("expected ']'");
  }

  std::string_view text_;
  const FieldNames& names_;
  size_t at_ = 0;
};

}  // namespace

Result<FieldPath> ParseFieldPath(std::string_view text, const FieldNames& names) {
  return Parser(text, names).Path();
}

}  // namespace penstock::source::ted
