#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "workflow/json_path.h"

namespace penstock::workflow {

// One pass over the text of a path.
class JsonPathParser {
 public:
  explicit JsonPathParser(std::string_view text) : text_(text) {}

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
      if (!segment.descend) return Fail("a name is missing");
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
    const size_t end = std::min(text_.find_first_of(".[ ()'\",", at_), text_.size());
    if (end == at_) return Fail("a name is missing");
    if (end < text_.size() && text_[end] == '(') return Fail("functions are not supported");
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
    if (c == '?') return Fail("filters are not supported yet");
    if (c == '*') {
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
    if (error != std::errc()) return Fail("a number is too large");
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
};

Result<JsonPath> JsonPath::Parse(std::string_view text) { return JsonPathParser(text).Parse(); }

}  // namespace penstock::workflow
