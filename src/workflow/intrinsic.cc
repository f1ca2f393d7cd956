#include "workflow/intrinsic.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "workflow/task.h"

namespace penstock::workflow {
namespace {

constexpr int kMaxDepth = 50;

class CallParser {
 public:
  explicit CallParser(std::string_view text) : text_(text) {}

  Result<IntrinsicCall> ParseWhole() {
    if (text_.size() > 10'000)
      return MakeError(ErrorCode::kInvalidData, "an intrinsic function is at most 10,000 characters");
    ASSIGN_OR_RETURN(IntrinsicCall call, ParseCall(0));
    SkipSpace();
    if (at_ != text_.size()) return Fail("something stands behind the closing parenthesis");
    return call;
  }

 private:
  Status Fail(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("not an intrinsic function, character {}: {}: '{}'", at_ + 1, what, text_));
  }
  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  Result<IntrinsicCall> ParseCall(int depth) {
    if (depth > kMaxDepth) return Fail("nested too deep");
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.'))
      ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    IntrinsicCall call;
    call.function = FindIntrinsic(name);
    if (call.function == nullptr) return Fail(fmt::format("no function of this name: {}", name));
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != '(') return Fail("'(' is missing");
    ++at_;
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == ')') {
      ++at_;
    } else {
      while (true) {
        ASSIGN_OR_RETURN(IntrinsicArgument argument, ParseArgument(depth));
        call.arguments.push_back(std::move(argument));
        SkipSpace();
        if (at_ >= text_.size()) return Fail("')' is missing");
        const char c = text_[at_++];
        if (c == ')') break;
        if (c != ',') return Fail("expected ',' or ')'");
        SkipSpace();
      }
    }
    const int count = static_cast<int>(call.arguments.size());
    const auto& function = *call.function;
    if (count < function.min_arguments || (function.max_arguments >= 0 && count > function.max_arguments)) {
      return Fail(fmt::format("{} does not take {} arguments", function.name, count));
    }
    call.text = std::string(text_.substr(begin, at_ - begin));
    return call;
  }

  Result<IntrinsicArgument> ParseArgument(int depth) {
    IntrinsicArgument argument;
    if (at_ >= text_.size()) return Fail("an argument is missing");
    if (text_[at_] == '\'') {
      ASSIGN_OR_RETURN(argument.literal, ParseString());
    } else if (text_[at_] == '$') {
      const std::string_view path = PathText();
      auto parsed = JsonPath::Parse(path);
      if (!parsed.ok()) return parsed.status();
      argument.path = std::make_unique<const JsonPath>(*std::move(parsed));
    } else if (text_.substr(at_, 7) == "States.") {
      ASSIGN_OR_RETURN(IntrinsicCall nested, ParseCall(depth + 1));
      argument.call = std::make_unique<const IntrinsicCall>(std::move(nested));
    } else {
      const size_t end = std::min(text_.find_first_of(",) \t\n", at_), text_.size());
      auto parsed = ParseJson(text_.substr(at_, end - at_));
      if (!parsed.ok() || parsed->is_structured() || parsed->is_string()) {
        return Fail("expected a string in single quotes, a number, true, false, null, a path or a function");
      }
      argument.literal = *std::move(parsed);
      at_ = end;
    }
    return argument;
  }

  // \' \\ \{ \} are escapes; the last two stay as they are for States.Format, which reads them.
  Result<json::value> ParseString() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '\''; ++at_) {
      if (text_[at_] != '\\') {
        out += text_[at_];
        continue;
      }
      if (++at_ >= text_.size()) break;
      switch (text_[at_]) {
        case '\'': out += '\''; break;
        case '\\': out += '\\'; break;
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        default: out += '\\', out += text_[at_];
      }
    }
    if (at_ >= text_.size()) return Fail("the closing quote is missing");
    ++at_;
    return json::value(out);
  }

  // A path ends at a ',' or ')' outside brackets.
  std::string_view PathText() {
    const size_t begin = at_;
    int depth = 0;
    char quote = '\0';
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote != '\0') {
        if (c == '\\')
          ++at_;
        else if (c == quote)
          quote = '\0';
      } else if (depth > 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == '[') {
        ++depth;
      } else if (c == ']') {
        --depth;
      } else if (depth <= 0 && (c == ',' || c == ')' || c == ' ')) {
        break;
      }
    }
    at_ = std::min(at_, text_.size());
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<IntrinsicCall> ParseIntrinsic(std::string_view text) { return CallParser(text).ParseWhole(); }

namespace {

// How the service words it: with the whole expression as it is written, also where it is a call within that
// failed; an argument's path that leads nowhere is told of the state's input, also one of the context object,
// whose path then begins with one $. Source: recordings of the service in the tests of
// github.com/floci-io/floci.
Status Failed(std::string_view error, const IntrinsicCall& whole, std::string_view why) {
  return MakeTaskError(std::string(error),
                       fmt::format("The function '{}' had the following error: {}", whole.text, why));
}

Status NoArgument(const IntrinsicCall& whole, const JsonPath& path, const Scope& scope) {
  std::string_view text = path.text();
  if (path.root() == JsonPath::Root::kContext) text.remove_prefix(1);
  return Failed("States.Runtime", whole,
                fmt::format("The JsonPath argument for the field '{}' could not be found in the input '{}'",
                            text, JsonText(*scope.input)));
}

// `whole`: of which `call` is a part.
Result<json::value> Evaluate(const IntrinsicCall& call, const IntrinsicCall& whole, const Scope& scope) {
  std::vector<json::value> arguments;
  arguments.reserve(call.arguments.size());
  for (const auto& argument : call.arguments) {
    if (argument.call != nullptr) {
      ASSIGN_OR_RETURN(json::value value, Evaluate(*argument.call, whole, scope));
      arguments.push_back(std::move(value));
    } else if (argument.path != nullptr) {
      auto value = EvaluatePath(*argument.path, scope);
      if (!value.ok()) return NoArgument(whole, *argument.path, scope);
      arguments.push_back(*std::move(value));
    } else {
      arguments.push_back(argument.literal);
    }
  }
  auto result = call.function->call(arguments, scope);
  if (!result.ok() && !IsTaskError(result.status())) {
    return Failed("States.IntrinsicFailure", whole, result.status().message());
  }
  return result;
}

}  // namespace

Result<json::value> EvaluateIntrinsic(const IntrinsicCall& call, const Scope& scope) {
  return Evaluate(call, call, scope);
}

}  // namespace penstock::workflow
