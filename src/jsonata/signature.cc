#include "jsonata/signature.h"

#include <utility>

#include "jsonata/fault_text.h"
#include "jsonata/value_text.h"

namespace penstock::jsonata {
namespace {

constexpr std::string_view kSymbols = "snblaofm";  // m: missing
constexpr size_t kMaxParameters = 100;
constexpr int kMaxAttempts = 100'000;  // at a match; a signature of many "+" could try for ever

unsigned Bit(char symbol) { return 1U << kSymbols.find(symbol); }

unsigned AcceptedBy(char type) {
  switch (type) {
    case 'a':
    case 'x': return 0xFF;
    case 'j': return 0xFF & ~Bit('f');
    case 'f': return Bit('f');
    default: return Bit(type) | Bit('m');
  }
}

char SymbolOf(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined: return 'm';
    case Kind::kNull: return 'l';
    case Kind::kBoolean: return 'b';
    case Kind::kNumber: return 'n';
    case Kind::kString: return 's';
    case Kind::kArray: return 'a';
    case Kind::kObject: return 'o';
    case Kind::kFunction: return 'f';
    case Kind::kTuple: break;  // never an argument
  }
  return 'm';
}

std::string_view PluralOf(char subtype) {
  switch (subtype) {
    case 'a': return "arrays";
    case 'b': return "booleans";
    case 'f': return "functions";
    case 'n': return "numbers";
    case 'o': return "objects";
    default: return "strings";
  }
}

// The bracket that closes the one at `open`; the end of the text when there is none.
size_t Closing(std::string_view text, size_t open, char opening, char closing) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == opening) ++depth;
    if (text[i] == closing && --depth == 0) return i;
  }
  return text.size();
}

bool HoldsItems(const Value& array, char symbol) {
  for (size_t i = 0; i < array.size(); ++i) {
    if (SymbolOf(array.At(i)) != symbol) return false;
  }
  return true;
}

}  // namespace

Result<Signature> Signature::Parse(std::string_view text) {
  Signature signature;
  auto& parameters = signature.parameters_;
  bool shadows = false;  // the last parameter was a group or a type: modifiers apply to it
  for (size_t i = 1; i < text.size() && text[i] != ':' && !(text[i] == '>' && i + 1 == text.size()); ++i) {
    const char c = text[i];
    switch (c) {
      case 's':
      case 'n':
      case 'b':
      case 'l':
      case 'o':
      case 'a':
      case 'f':
      case 'j':
      case 'x': {
        Parameter& parameter = parameters.emplace_back();
        parameter.accepts = AcceptedBy(c);
        parameter.array = c == 'a';
        shadows = c == 'a' || c == 'f';
        break;
      }
      case '-':
        if (!parameters.empty()) parameters.back().context = parameters.back().optional = true;
        break;
      case '?':
        if (!parameters.empty()) parameters.back().optional = true;
        break;
      case '+':
        if (!parameters.empty()) parameters.back().repeated = true;
        break;
      case '(': {
        const size_t end = Closing(text, i, '(', ')');
        const std::string_view choice = text.substr(i + 1, end - i - 1);
        if (choice.find('<') != choice.npos) {
          return Failure("S0402", {.position = static_cast<int64_t>(i), .value = std::string(choice)});
        }
        Parameter& parameter = parameters.emplace_back();
        parameter.accepts = Bit('m');
        for (const char type : choice) {
          if (kSymbols.find(type) != kSymbols.npos) parameter.accepts |= Bit(type);
          if (type == 'x' || type == 'j') parameter.accepts |= AcceptedBy(type);
        }
        shadows = false;
        i = end;
        break;
      }
      case '<': {
        if (parameters.empty() || !shadows) {
          return Failure("S0401", {.position = static_cast<int64_t>(i)});
        }
        const size_t end = Closing(text, i, '<', '>');
        if (parameters.back().array) parameters.back().subtype = text.substr(i + 1, end - i - 1);
        i = end;
        break;
      }
      default: break;
    }
  }
  if (parameters.size() > kMaxParameters) {
    return Failure("S0402", {.position = static_cast<int64_t>(text.size())});
  }
  return signature;
}

bool Signature::Match(std::string_view symbols, size_t parameter, size_t from, bool whole,
                      std::vector<size_t>& taken, int& attempts) const {
  if (--attempts < 0) return false;
  if (parameter == taken.size()) return !whole || from == symbols.size();
  const Parameter& wanted = parameters_[parameter];
  size_t most = 0;
  while (from + most < symbols.size() && (wanted.accepts & Bit(symbols[from + most])) != 0 &&
         (most == 0 || wanted.repeated)) {
    ++most;
  }
  const size_t least = wanted.optional ? 0 : 1;
  for (size_t count = most + 1; count-- > least;) {
    taken[parameter] = count;
    if (Match(symbols, parameter + 1, from + count, whole, taken, attempts)) return true;
  }
  return false;
}

Result<std::vector<Value>> Signature::Validate(std::span<const Value> arguments, Value context,
                                               Arena& arena) const {
  std::string symbols;
  for (const Value& argument : arguments) symbols += SymbolOf(argument);
  std::vector<size_t> taken(parameters_.size());
  int attempts = kMaxAttempts;
  if (!Match(symbols, 0, 0, true, taken, attempts)) {
    // The first argument that no beginning of the parameters reaches is to blame.
    size_t good = 0;
    for (size_t count = 1; count <= parameters_.size(); ++count) {
      std::vector<size_t> part(count);
      attempts = kMaxAttempts;
      if (!Match(symbols, 0, 0, false, part, attempts)) break;
      good = 0;
      for (const size_t n : part) good += n;
    }
    return Failure("T0410", {.value = good < arguments.size() ? ValueText(arguments[good]) : "",
                             .index = static_cast<int64_t>(good) + 1});
  }
  std::vector<Value> valid;
  valid.reserve(parameters_.size());
  size_t next = 0;
  for (size_t p = 0; p < parameters_.size(); ++p) {
    const Parameter& parameter = parameters_[p];
    const auto index = static_cast<int64_t>(next) + 1;
    if (taken[p] == 0) {
      if (!parameter.context) {
        valid.push_back(next < arguments.size() ? arguments[next] : Value());
        ++next;
      } else if ((parameter.accepts & Bit(SymbolOf(context))) != 0) {
        valid.push_back(context);
      } else {
        return Failure("T0411", {.value = ValueText(context), .index = index});
      }
      continue;
    }
    for (size_t n = 0; n < taken[p]; ++n, ++next) {
      const Value argument = next < arguments.size() ? arguments[next] : Value();
      if (!parameter.array || argument.is_undefined()) {
        valid.push_back(argument);
        continue;
      }
      if (!parameter.subtype.empty()) {
        const char subtype = parameter.subtype[0];
        const bool fits = argument.is_array() ? HoldsItems(argument, subtype)
                                              : taken[p] == 1 && parameter.subtype.size() == 1 &&
                                                    SymbolOf(argument) == subtype;
        if (!fits) {
          return Failure("T0412", {.value = ValueText(argument),
                                   .type = std::string(PluralOf(subtype)),
                                   .index = static_cast<int64_t>(next) + 1});
        }
      }
      if (argument.is_array()) {
        valid.push_back(argument);
      } else {
        Array* single = NewArray(arena, 1);
        single->Push(arena, argument);
        valid.push_back(Value(single));
      }
    }
  }
  return valid;
}

}  // namespace penstock::jsonata
