#include "stream/jq_path.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <ctime>

#include "base/ascii.h"
#include "base/json.h"

namespace penstock::stream {
namespace {

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class JqReader {
 public:
  explicit JqReader(std::string_view text) : text_(text) {}

  Result<JqPath> Path() {
    JqPath path;
    if (!Take('.')) return Wrong("a path begins with '.'");
    bool after_dot = true;
    for (;;) {
      if (after_dot && at_ < text_.size() && (IsNameStart(text_[at_]) || text_[at_] == '"')) {
        ASSIGN_OR_RETURN(std::string name, NameOrText());
        path.steps.emplace_back(std::move(name));
      } else if (Take('[')) {
        ASSIGN_OR_RETURN(auto step, Bracket());
        path.steps.push_back(std::move(step));
      } else if (after_dot && path.steps.empty()) {
        break;  // "." alone
      } else if (after_dot) {
        return Wrong("a name is missing");
      }
      const size_t before = at_;
      Spaces();
      if (at_ < text_.size() && text_[at_] == '[') {
        after_dot = false;
      } else if (Take('.')) {
        after_dot = true;
      } else {
        at_ = before;
        break;
      }
    }
    Spaces();
    while (Take('|')) {
      Spaces();
      ASSIGN_OR_RETURN(auto call, Call());
      path.calls.push_back(std::move(call));
      Spaces();
    }
    return path;
  }

  Result<std::vector<PartitionKey>> Object() {
    std::vector<PartitionKey> keys;
    Spaces();
    if (!Take('{')) return Wrong("the query is an object: {name: .path}");
    do {
      Spaces();
      PartitionKey key;
      ASSIGN_OR_RETURN(key.name, NameOrText());
      Spaces();
      if (Take(':')) {
        Spaces();
        const size_t begin = at_;
        RETURN_IF_ERROR(Path().status());
        size_t end = at_;
        while (end > begin && text_[end - 1] == ' ') --end;
        key.path = text_.substr(begin, end - begin);
      } else {
        key.path = fmt::format(".\"{}\"", key.name);  // {a} is {a: .a}
        if (key.name.find_first_of("\"\\") == key.name.npos) RETURN_IF_ERROR(ParseJqPath(key.path).status());
      }
      for (const auto& other : keys) {
        if (other.name == key.name) return Wrong(fmt::format("the key {} is there twice", key.name));
      }
      keys.push_back(std::move(key));
      Spaces();
    } while (Take(','));
    if (!Take('}')) return Wrong("expected ',' or '}'");
    RETURN_IF_ERROR(End());
    return keys;
  }

  Status End() {
    Spaces();
    return at_ == text_.size() ? Status::OK()
                               : Wrong("only .a.b, .a[0], .\"a b\" and |strftime(\"…\") are known");
  }

 private:
  Status Wrong(std::string_view why) const {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("the jq expression {} at character {}: {}", text_, at_ + 1, why));
  }
  void Spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view Name() {
    const size_t begin = at_;
    while (at_ < text_.size() && (IsNameStart(text_[at_]) || (at_ > begin && IsDigit(text_[at_])))) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  Result<std::string> Text() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return Wrong("a text is not closed");
    ASSIGN_OR_RETURN(const auto value, ParseJson(text_.substr(at_, end + 1 - at_)));
    at_ = end + 1;
    return std::string(value.get_string());
  }
  Result<std::string> NameOrText() {
    if (at_ < text_.size() && text_[at_] == '"') return Text();
    const std::string_view name = Name();
    if (name.empty()) return Wrong("expected a name");
    return std::string(name);
  }
  // Behind '['.
  Result<std::variant<std::string, int64_t>> Bracket() {
    Spaces();
    std::variant<std::string, int64_t> step;
    if (at_ < text_.size() && text_[at_] == '"') {
      ASSIGN_OR_RETURN(step, Text());
    } else {
      int64_t index = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), index);
      if (error != std::errc()) return Wrong("expected a position or a \"name\"");
      at_ = static_cast<size_t>(end - text_.data());
      step = index;
    }
    Spaces();
    if (!Take(']')) return Wrong("expected ']'");
    return step;
  }
  Result<JqPath::Call> Call() {
    const std::string_view name = Name();
    if (name == "tostring") return JqPath::Call{JqPath::Function::kTostring, ""};
    if (name == "tonumber") return JqPath::Call{JqPath::Function::kTonumber, ""};
    if (name == "todate" || name == "todateiso8601") return JqPath::Call{JqPath::Function::kTodate, ""};
    if (name == "ascii_downcase") return JqPath::Call{JqPath::Function::kLower, ""};
    if (name == "ascii_upcase") return JqPath::Call{JqPath::Function::kUpper, ""};
    if (name != "strftime") return Wrong(fmt::format("the function {} is not known here", name));
    Spaces();
    if (!Take('(')) return Wrong("strftime takes a format in parentheses");
    Spaces();
    if (at_ >= text_.size() || text_[at_] != '"') return Wrong("strftime takes a format in quotes");
    ASSIGN_OR_RETURN(std::string format, Text());
    Spaces();
    if (!Take(')')) return Wrong("expected ')'");
    return JqPath::Call{JqPath::Function::kStrftime, std::move(format)};
  }

  const std::string_view text_;
  size_t at_ = 0;
};

Status CannotTake(std::string_view call, std::string_view value) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("{} cannot take {}", call, value));
}

// jq's strftime: seconds since the epoch, in UTC.
Result<std::string> Strftime(const std::string& format, const std::string& text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(std::abs(seconds) < 2.5e11)) {
    return CannotTake("strftime", text);
  }
  const auto time = static_cast<time_t>(std::floor(seconds));
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return CannotTake("strftime", text);
  if (format.empty()) return std::string();
  std::string out(format.size() * 16 + 64, '\0');
  out.resize(std::strftime(out.data(), out.size(), format.c_str(), &parts));
  return out;
}

}  // namespace

Result<JqPath> ParseJqPath(std::string_view text) {
  JqReader reader(text);
  ASSIGN_OR_RETURN(auto path, reader.Path());
  RETURN_IF_ERROR(reader.End());
  return path;
}

Result<std::vector<PartitionKey>> ParseMetadataExtractionQuery(std::string_view query) {
  return JqReader(query).Object();
}

Result<std::string> ApplyJqCalls(const JqPath& path, std::string text, bool is_number) {
  for (const auto& call : path.calls) {
    switch (call.function) {
      case JqPath::Function::kTostring: is_number = false; break;
      case JqPath::Function::kTonumber: {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) return CannotTake("tonumber", text);
        is_number = true;
        break;
      }
      case JqPath::Function::kTodate:
      case JqPath::Function::kStrftime: {
        if (!is_number) return CannotTake("strftime", text);
        const bool todate = call.function == JqPath::Function::kTodate;
        ASSIGN_OR_RETURN(text, Strftime(todate ? "%Y-%m-%dT%H:%M:%SZ" : call.argument, text));
        is_number = false;
        break;
      }
      case JqPath::Function::kLower:
      case JqPath::Function::kUpper:
        if (is_number) return CannotTake("ascii_downcase", text);
        for (char& c : text) {
          if (call.function == JqPath::Function::kLower && c >= 'A' && c <= 'Z')
            c = static_cast<char>(c + 32);
          if (call.function == JqPath::Function::kUpper && c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 32);
        }
        break;
    }
  }
  return text;
}

}  // namespace penstock::stream
