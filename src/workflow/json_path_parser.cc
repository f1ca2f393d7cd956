#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "workflow/json_path.h"
#include "workflow/json_path_function.h"

namespace penstock::workflow {

// One pass over the text of a path.
class JsonPathParser {
 public:
  JsonPathParser(std::string_view text, int depth) : text_(text), depth_(depth) {}

  Result<JsonPath> Parse() {
    JsonPath path;
    path.text_ = std::string(text_);
    if (text_.empty() || text_[0] != '$') return Fail("a path begins with $");
    at_ = 1;
    if (at_ < text_.size() && text_[at_] == '$') {
      path.root_ = JsonPath::Root::kContext;
      ++at_;
    } else if (at_ < text_.size() && text_[at_] != '.' && text_[at_] != '[') {
      const size_t end = std::min(text_.find_first_of(".[", at_), text_.size());
      path.variable_ = std::string(text_.substr(at_, end - at_));
      if (!std::all_of(path.variable_.begin(), path.variable_.end(),
                       [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; })) {
        return Fail("expected '.', '[' or a variable's name");
      }
      path.root_ = JsonPath::Root::kVariable;
      at_ = end;
    }
    while (at_ < text_.size()) {
      ASSIGN_OR_RETURN(const bool function, ParseFunction(path));
      if (function) break;
      RETURN_IF_ERROR(ParseSegment(path));
      path.definite_ = path.definite_ && path.segments_.back().definite();
      if (path.segments_.size() > 1000) return Fail("more than 1,000 segments");
    }
    return path;
  }

 private:
  using Segment = JsonPath::Segment;

  Status Fail(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("not a JSONPath, character {}: {}: '{}'", at_ + 1, what, text_));
  }

  // ".name(…)" at the end.
  Result<bool> ParseFunction(JsonPath& path) {
    if (text_[at_] != '.' || text_.back() != ')') return false;
    const size_t open = text_.find('(', at_);
    const std::string_view name = text_.substr(at_ + 1, open - at_ - 1);
    if (name.empty() || name.find_first_of(".[]'\"?@ ") != std::string_view::npos) return false;
    auto call = ParsePathFunction(name, text_.substr(open + 1, text_.size() - open - 2));
    if (!call.ok()) return Fail(call.status().message());
    path.function_ = *std::move(call);
    at_ = text_.size();
    return true;
  }

  // "?(…)", up to the ']'.
  Status ParseFilter(Segment& segment) {
    ++at_;
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != '(') return Fail("a filter stands in ?( and )");
    const size_t begin = ++at_;
    int depth = 1;
    char quote = '\0';
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote != '\0') {
        if (c == '\\')
          ++at_;
        else if (c == quote)
          quote = '\0';
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '/' && text_[text_.find_last_not_of(' ', at_ - 1)] == '~') {
        quote = '/';  // a regular expression
      } else if (c == '(') {
        ++depth;
      } else if (c == ')' && --depth == 0) {
        break;
      }
    }
    if (at_ >= text_.size()) return Fail("')' is missing");
    if (depth_ > 20) return Fail("filters are nested too deep");
    auto filter = ParsePathFilter(text_.substr(begin, at_ - begin), depth_ + 1);
    if (!filter.ok()) return Fail(filter.status().message());
    segment.kind = Segment::Kind::kFilter;
    segment.filter = *std::move(filter);
    ++at_;
    return Status::OK();
  }

  Status ParseSegment(JsonPath& path) {
    Segment segment;
    if (text_[at_] == '.') {
      ++at_;
      if (at_ < text_.size() && text_[at_] == '.') {
        segment.descend = true;
        ++at_;
      }
      if (at_ >= text_.size()) return Fail("a name is missing at the end");
      if (text_[at_] != '[') {
        RETURN_IF_ERROR(ParseName(segment));
        path.segments_.push_back(std::move(segment));
        return Status::OK();
      }
    }
    if (text_[at_] != '[') return Fail("expected '.' or '['");
    ++at_;
    RETURN_IF_ERROR(ParseBracket(segment));
    path.segments_.push_back(std::move(segment));
    return Status::OK();
  }

  Status ParseName(Segment& segment) {
    if (text_[at_] == '*') {
      ++at_;
      segment.kind = Segment::Kind::kWildcard;
      return Status::OK();
    }
    const size_t end = std::min(text_.find_first_of(".[ (),", at_), text_.size());
    if (end == at_) return Fail("a name is missing");
    if (end < text_.size() && text_[end] == '(') return Fail("no function of this name, or not at the end");
    segment.names.emplace_back(text_.substr(at_, end - at_));
    at_ = end;
    return Status::OK();
  }

  void SkipSpace() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  Status ParseBracket(Segment& segment) {
    SkipSpace();
    if (at_ >= text_.size()) return Fail("']' is missing");
    const char c = text_[at_];
    if (c == '?') {
      RETURN_IF_ERROR(ParseFilter(segment));
    } else if (c == '*') {
      ++at_;
      segment.kind = Segment::Kind::kWildcard;
    } else if (c == '\'' || c == '"') {
      while (true) {
        RETURN_IF_ERROR(ParseQuoted(segment));
        SkipSpace();
        if (at_ >= text_.size() || text_[at_] != ',') break;
        ++at_;
        SkipSpace();
        if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"'))
          return Fail("expected a quoted name");
      }
    } else {
      RETURN_IF_ERROR(ParseNumbers(segment));
    }
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != ']') return Fail("']' is missing");
    ++at_;
    return Status::OK();
  }

  Status ParseQuoted(Segment& segment) {
    const char quote = text_[at_++];
    std::string name;
    while (at_ < text_.size() && text_[at_] != quote) {
      const bool escape =
          text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == quote || text_[at_ + 1] == '\\');
      if (escape) ++at_;
      name += text_[at_++];
    }
    if (at_ >= text_.size()) return Fail("the closing quote is missing");
    ++at_;
    segment.names.push_back(std::move(name));
    return Status::OK();
  }

  Result<bool> ParseNumber(int64_t& number) {
    SkipSpace();
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    const auto [next, error] = std::from_chars(begin, end, number);
    if (error == std::errc::invalid_argument) return false;
    if (error != std::errc() || number != static_cast<int32_t>(number)) return Fail("a number is too large");
    at_ += static_cast<size_t>(next - begin);
    SkipSpace();
    return true;
  }

  Status ParseNumbers(Segment& segment) {
    int64_t number = 0;
    ASSIGN_OR_RETURN(const bool first, ParseNumber(number));
    if (at_ < text_.size() && text_[at_] == ':') {
      segment.kind = Segment::Kind::kSlice;
      segment.has_from = first;
      segment.from = number;
      ++at_;
      ASSIGN_OR_RETURN(segment.has_to, ParseNumber(segment.to));
      if (at_ < text_.size() && text_[at_] == ':') {  // a step is read and, as in Jayway, has no effect
        ++at_;
        int64_t step = 0;
        ASSIGN_OR_RETURN([[maybe_unused]] const bool any, ParseNumber(step));
      }
      if (!segment.has_from && !segment.has_to) return Fail("a slice needs a beginning or an end");
      return Status::OK();
    }
    if (!first) return Fail("expected a name in quotes, an index, a slice or *");
    segment.kind = Segment::Kind::kIndexes;
    segment.indexes.push_back(number);
    while (at_ < text_.size() && text_[at_] == ',') {
      ++at_;
      ASSIGN_OR_RETURN(const bool more, ParseNumber(number));
      if (!more) return Fail("expected an index");
      segment.indexes.push_back(number);
    }
    return Status::OK();
  }

  std::string_view text_;
  size_t at_ = 0;
  const int depth_;
};

Result<JsonPath> JsonPath::Parse(std::string_view text, int depth) {
  return JsonPathParser(text, depth).Parse();
}

}  // namespace penstock::workflow
