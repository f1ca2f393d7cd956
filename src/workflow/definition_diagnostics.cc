#include "workflow/definition_diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <unordered_map>

#include "workflow/json_lines.h"

namespace penstock::workflow {
namespace {

constexpr std::string_view kRequired = "These fields are required: [";

// "/States/A/Choices/0/Next" as "/States/A/Choices[0]/Next", names as they stand.
std::string AwsPath(std::string_view pointer) {
  constexpr std::array<std::string_view, 7> kLists{"Choices", "Branches", "Retry",      "Catch",
                                                   "And",     "Or",       "ErrorEquals"};
  std::string out;
  std::string_view before;
  while (!pointer.empty()) {
    const size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string_view token = pointer.substr(1, end - 1);
    pointer.remove_prefix(end);
    const bool index = !token.empty() && std::all_of(token.begin(), token.end(), [](unsigned char c) {
      return std::isdigit(c) != 0;
    }) && std::find(kLists.begin(), kLists.end(), before) != kLists.end();
    if (index) {
      out += fmt::format("[{}]", token);
    } else {
      out += '/';
      for (size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size())
          out += token[++i] == '1' ? '/' : '~';
        else
          out += token[i];
      }
    }
    before = token;
  }
  return out.empty() ? "/" : out;
}

// AWS names the object around a field that does not belong there.
std::optional<std::string> LocationOf(const Diagnostic& diagnostic) {
  if (diagnostic.code == "MISSING_END_STATE") return std::nullopt;
  std::string_view pointer = diagnostic.pointer;
  const auto begins = [&](std::string_view text) {
    return diagnostic.message.substr(0, text.size()) == text;
  };
  if (diagnostic.severity == Severity::kError && (begins("Field '") || begins("The QueryLanguage is set to")))
    pointer = pointer.substr(0, pointer.rfind('/'));
  return AwsPath(pointer);
}

void JoinRequired(std::vector<Diagnostic>& diagnostics) {
  std::unordered_map<std::string, size_t> first;
  std::vector<Diagnostic> kept;
  for (auto& one : diagnostics) {
    if (one.message.substr(0, kRequired.size()) == kRequired) {
      const auto [found, is_new] = first.emplace(one.pointer, kept.size());
      if (!is_new) {
        std::string& message = kept[found->second].message;
        message.insert(
            message.size() - 1,
            ", " + one.message.substr(kRequired.size(), one.message.size() - kRequired.size() - 1));
        continue;
      }
    }
    kept.push_back(std::move(one));
  }
  diagnostics = std::move(kept);
}

}  // namespace

Diagnostic NotADocument(std::string_view text, const Result<json::value>& parsed) {
  Diagnostic out;
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (blank || parsed.ok()) {
    out.code = "SCHEMA_VALIDATION_FAILED";
    out.message = "Definition must be a valid JSON object";
    return out;
  }
  out.code = "INVALID_JSON_DESCRIPTION";
  out.message = parsed.status().message();
  // The message names line and column; they are repeated where programs look for them.
  const auto number = [&](std::string_view word) {
    const size_t at = out.message.find(word);
    return at == std::string::npos ? 1 : std::max(1, std::atoi(out.message.c_str() + at + word.size()));
  };
  out.line = number("line ");
  out.column = number("column ");
  size_t at = 0;
  for (int line = 1; line < out.line && at < text.size(); ++line) at = text.find('\n', at) + 1;
  at = std::min(at + static_cast<size_t>(out.column) - 1, text.size());
  // A word that is none of JSON's, in the words of the service.
  const auto in_word = [&](size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_');
  };
  size_t begin = at, end = at;
  while (begin > 0 && in_word(begin - 1)) --begin;
  while (in_word(end)) ++end;
  if (end > begin && end - begin < 100 && std::isalpha(static_cast<unsigned char>(text[begin])) != 0) {
    out.column += static_cast<int>(end) - static_cast<int>(at);
    out.message = fmt::format(
        "Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' "
        "or "
        "'false')",
        text.substr(begin, end - begin));
  }
  const std::string source(text.substr(0, 500));
  out.location = fmt::format("[Source: (String)\"{}\"{}; line: {}, column: {}]", source,
                             text.size() > 500 ? fmt::format("[truncated {} chars]", text.size() - 500) : "",
                             out.line, out.column);
  if (end > begin) out.message += "\n at " + *out.location;
  return out;
}

void Locate(std::string_view text, std::vector<Diagnostic>& diagnostics) {
  JoinRequired(diagnostics);
  const JsonLines lines = ScanJsonLines(text);
  for (auto& one : diagnostics) {
    const JsonPlace place = lines.Find(one.pointer);
    one.line = place.line;
    one.column = place.column;
  }
  for (const auto& [pointer, place] : lines.duplicates) {
    const JsonPlace first = lines.Find(pointer);
    diagnostics.push_back({pointer, place.line, "SCHEMA_VALIDATION_FAILED", "The field is there twice",
                           Severity::kError, fmt::format("the first is in line {}: remove one", first.line),
                           place.column});
  }
  for (auto& one : diagnostics) one.location = LocationOf(one);
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

std::string InvalidDefinitionMessage(const std::vector<Diagnostic>& diagnostics) {
  std::string list;
  for (const auto& one : diagnostics) {
    if (one.severity != Severity::kError) continue;
    list += fmt::format("{}{}: {} at {}", list.empty() ? "" : ", ", one.code, one.message,
                        one.location.value_or("null"));
  }
  return list.empty() ? "" : fmt::format("Invalid State Machine Definition: '{}'", list);
}

std::vector<Diagnostic> AsAwsReports(std::vector<Diagnostic> diagnostics) {
  const auto is_schema = [](const Diagnostic& one) { return one.code == "SCHEMA_VALIDATION_FAILED"; };
  const bool broken = std::any_of(diagnostics.begin(), diagnostics.end(), is_schema);
  const auto left_out = [&](const Diagnostic& one) {
    if (one.severity == Severity::kError) return broken && !is_schema(one);
    return one.code != "NO_DOLLAR" && one.code != "NO_PATH" && one.code != "PASS_RESULT_IS_STATIC";
  };
  diagnostics.erase(std::remove_if(diagnostics.begin(), diagnostics.end(), left_out), diagnostics.end());
  return diagnostics;
}

}  // namespace penstock::workflow
