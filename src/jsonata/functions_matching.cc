// What looks for text or a pattern. A pattern is a regular expression, or a function in its place: it answers
// {match, start, end, groups, next}, where `next` answers the next of them.
// Source: docs.jsonata.org, "Using Regular Expressions", "Generalized matchers".
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "jsonata/evaluator.h"
#include "jsonata/fault_text.h"
#include "jsonata/unicode.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

// The matches of a pattern in a text, one after another.
class Matches {
 public:
  Matches(const Invocation& call, Value pattern, std::string_view text)
      : call_(call), pattern_(pattern), text_(text) {}

  // Goes to the next match; false: there is none. D1004: after an empty match comes another.
  Result<bool> Next() {
    RETURN_IF_ERROR(call_.evaluator.Spend(1));
    if (!pattern_.is_function()) return Failure("T1010");
    return pattern_.function()->type == Function::Type::kRegex ? NextOfRegex() : NextOfFunction();
  }

  std::string_view match() const { return match_; }
  size_t start() const { return start_; }  // bytes
  size_t end() const { return end_; }
  size_t groups() const { return groups_.size(); }
  Value group(size_t index) const { return groups_[index]; }

  // In UTF-16 units, as a match says it.
  size_t index() {
    index_ += CountUnits(text_.substr(counted_, start_ - counted_));
    counted_ = start_;
    return index_;
  }

  // The match as a function gets it.
  Value AsValue() {
    if (found_) return found_;
    return call_.evaluator.MatchValue(*pattern_.function()->node, text_, match_of_regex_, index());
  }

 private:
  Result<bool> NextOfRegex() {
    const bool first = number_++ == 0;
    if (first) {
      valid_ = IsUtf8(text_);
    } else if (end_ >= text_.size()) {
      return false;
    }
    // Other text is read again for each match.
    if (!valid_) RETURN_IF_ERROR(call_.evaluator.Spend(static_cast<int64_t>(text_.size() / 16)));
    const Regex& regex = *pattern_.function()->node->regex;
    ASSIGN_OR_RETURN(auto found, regex.Find(text_, end_, valid_));
    if (!found) return false;
    if (!first && found->start == found->end) return Failure("D1004");
    match_of_regex_ = *std::move(found);
    start_ = match_of_regex_.start;
    end_ = match_of_regex_.end;
    match_ = text_.substr(start_, end_ - start_);
    groups_.clear();
    for (const auto& group : match_of_regex_.groups) groups_.push_back(group ? Value(*group) : Value());
    return true;
  }

  Result<bool> NextOfFunction() {
    const Value arguments[] = {Value(text_)};
    if (number_++ == 0) {
      ASSIGN_OR_RETURN(found_, call_.evaluator.Apply(pattern_, arguments, call_.input, call_.frame));
    } else {
      const Value next = found_.Find("next");
      if (!next.is_function()) return false;
      ASSIGN_OR_RETURN(found_, call_.evaluator.Apply(next, {}, call_.input, call_.frame));
    }
    if (!found_ || found_.is_null()) return false;
    const Value match = found_.Find("match");
    const Value start = found_.Find("start");
    const Value groups = found_.Find("groups");
    if (!match.is_string() || !IsNumeric(start) || (groups && !groups.is_array())) return Failure("T1010");
    match_ = match.text();
    // Never backwards: what was read stays read.
    start_ = std::max(end_, OffsetOfUnit(text_, static_cast<size_t>(std::clamp(start.number(), 0.0, 1e15))));
    end_ = std::min(text_.size(), start_ + match_.size());
    groups_.clear();
    for (size_t i = 0; i < groups.size(); ++i) groups_.push_back(groups.At(i));
    return true;
  }

  const Invocation& call_;
  const Value pattern_;
  const std::string_view text_;
  int64_t number_ = 0;
  bool valid_ = false;
  Regex::Match match_of_regex_;
  Value found_;  // of a function
  std::string_view match_;
  size_t start_ = 0;
  size_t end_ = 0;
  std::vector<Value> groups_;
  size_t index_ = 0;
  size_t counted_ = 0;
};

// How many are wanted; without a limit, all.
double LimitOf(const Value& limit) { return limit.is_number() ? limit.number() : HUGE_VAL; }

Result<Value> Contains(const Invocation& call) {
  if (!call[0] || !call[1]) return Value();
  const std::string_view text = call[0].text();
  if (call[1].is_string()) return Value(text.find(call[1].text()) != text.npos);
  ASSIGN_OR_RETURN(const bool found, Matches(call, call[1], text).Next());
  return Value(found);
}

Result<Value> Match(const Invocation& call) {
  if (!call[0]) return Value();
  const double limit = LimitOf(call[2]);
  if (limit < 0) return Failure("D3040", {.value = ValueText(call[2]), .index = 3});
  Arena& arena = call.evaluator.arena();
  Array* found = NewSequence(arena);
  Matches matches(call, call[1], call[0].text());
  for (double count = 0; count < limit; ++count) {
    ASSIGN_OR_RETURN(const bool more, matches.Next());
    if (!more) break;
    Array* groups = NewArray(arena, matches.groups());
    for (size_t i = 0; i < matches.groups(); ++i) groups->Push(arena, matches.group(i));
    Object* object = NewObject(arena);
    object->Set(arena, "match", Value(matches.match()));
    object->Set(arena, "index", Value(matches.index()));
    object->Set(arena, "groups", Value(groups));
    found->Push(arena, Value(object));
  }
  return Value(found);
}

Result<Value> Split(const Invocation& call) {
  if (!call[0] || !call[1]) return Value();
  const double limit = LimitOf(call[2]);
  if (limit < 0) return Failure("D3020", {.value = ValueText(call[2]), .index = 3});
  const std::string_view text = call[0].text();
  Arena& arena = call.evaluator.arena();
  Array* parts = NewArray(arena);
  // Of text in place of a pattern the limit is rounded down.
  const double most = call[1].is_string() ? std::floor(limit) : limit;
  const auto full = [&] { return static_cast<double>(parts->size) >= most; };
  size_t start = 0;
  if (call[1].is_string() && call[1].text().empty()) {
    while (start < text.size() && !full()) {
      RETURN_IF_ERROR(call.evaluator.Spend(1));
      size_t end = start;
      ReadCharacter(text, end);
      parts->Push(arena, Value(text.substr(start, end - start)));
      start = end;
    }
    return Value(parts);
  }
  if (call[1].is_string()) {
    const std::string_view separator = call[1].text();
    for (size_t end; !full() && (end = text.find(separator, start)) != text.npos;) {
      RETURN_IF_ERROR(call.evaluator.Spend(1));
      parts->Push(arena, Value(text.substr(start, end - start)));
      start = end + separator.size();
    }
  } else {
    Matches matches(call, call[1], text);
    while (!full()) {
      ASSIGN_OR_RETURN(const bool more, matches.Next());
      if (!more) break;
      parts->Push(arena, Value(text.substr(start, matches.start() - start)));
      start = matches.end();
    }
  }
  if (!full()) parts->Push(arena, Value(text.substr(start)));
  return Value(parts);
}

// $0 is the match, $1 its first group, $$ a dollar sign. Of $12 only as many digits count as there can be
// groups; the second digit is text when there is no group 12.
void Substitute(const Matches& matches, std::string_view replacement, std::string& out) {
  const std::string count = std::to_string(matches.groups());
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '$' || i + 1 == replacement.size()) {
      out += replacement[i];
    } else if (replacement[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (replacement[i + 1] == '0') {
      out += matches.match();
      ++i;
    } else if (!IsDigit(replacement[i + 1])) {
      out += '$';
    } else {
      size_t digits = 0;
      size_t group = 0;
      while (digits < count.size() && i + 1 + digits < replacement.size() &&
             IsDigit(replacement[i + 1 + digits])) {
        const size_t larger = 10 * group + static_cast<size_t>(replacement[i + 1 + digits] - '0');
        if (digits > 0 && larger > matches.groups()) break;
        group = larger;
        ++digits;
      }
      if (group <= matches.groups() && matches.group(group - 1).is_string()) {
        out += matches.group(group - 1).text();
      }
      i += digits;
    }
  }
}

Result<Value> Replace(const Invocation& call) {
  if (!call[0] || !call[1]) return Value();
  const std::string_view text = call[0].text();
  const Value pattern = call[1];
  const Value replacement = call[2];
  if (pattern.is_string() && pattern.text().empty()) return Failure("D3010", {.value = "\"\"", .index = 2});
  const double limit = LimitOf(call[3]);
  if (limit < 0) return Failure("D3011", {.value = ValueText(call[3]), .index = 4});
  const auto no_string = [](const Value& value) { return Failure("D3012", {.value = ValueText(value)}); };
  std::string out;
  size_t position = 0;
  double count = 0;
  if (pattern.is_string()) {
    for (size_t found; count < limit && (found = text.find(pattern.text(), position)) != text.npos; ++count) {
      if (!replacement.is_string()) return no_string(replacement);
      RETURN_IF_ERROR(call.evaluator.Spend(1));
      RETURN_IF_ERROR(call.evaluator.Reserve(out.size() + text.size()));
      out += text.substr(position, found - position);
      out += replacement.text();
      position = found + pattern.text().size();
    }
  } else {
    Matches matches(call, pattern, text);
    for (; count < limit; ++count) {
      ASSIGN_OR_RETURN(const bool more, matches.Next());
      if (!more) break;
      RETURN_IF_ERROR(call.evaluator.Reserve(out.size() + text.size()));
      out += text.substr(position, matches.start() - position);
      position = matches.end();
      if (replacement.is_string()) {
        Substitute(matches, replacement.text(), out);
        continue;
      }
      if (!replacement.is_function()) return no_string(replacement);
      const Value arguments[] = {matches.AsValue()};
      ASSIGN_OR_RETURN(const Value by, call.evaluator.Apply(replacement, arguments, call.input, call.frame));
      if (!by.is_string()) return no_string(by);
      out += by.text();
    }
  }
  if (count == 0) return call[0];
  out += text.substr(position);
  return call.evaluator.Text(std::move(out));
}

constexpr std::array kRows{
    BuiltinRow{"contains", "<s-(sf):b>", Contains},
    BuiltinRow{"match", "<s-f<s:o>n?:a<o>>", Match},
    BuiltinRow{"split", "<s-(sf)n?:a<s>>", Split},
    BuiltinRow{"replace", "<s-(sf)(sf)n?:s>", Replace},
};

}  // namespace

std::span<const BuiltinRow> MatchFunctions() { return kRows; }

}  // namespace penstock::jsonata
