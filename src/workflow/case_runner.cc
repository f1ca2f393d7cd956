#include "workflow/case_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "workflow/case_buckets.h"
#include "workflow/case_tasks.h"
#include "workflow/case_validation.h"
#include "workflow/choice_rule.h"
#include "workflow/engine.h"
#include "workflow/memory_execution_store.h"
#include "workflow/test_state.h"

namespace penstock::workflow {
namespace {

// Strings of the expectation that hold one of the case's tokens match any text in the token's place.
class Expectation {
 public:
  explicit Expectation(const json::object& description) {
    const auto* tokens = description.if_contains("tokens");
    if (tokens == nullptr || !tokens->is_array()) return;
    for (const auto& token : tokens->get_array()) {
      if (token.is_string() && !token.get_string().empty()) tokens_.emplace_back(token.get_string());
    }
  }

  bool TextMatches(std::string_view expected, std::string_view actual) const {
    std::string pattern;
    bool any = false;
    for (size_t i = 0; i < expected.size();) {
      const auto token = std::find_if(tokens_.begin(), tokens_.end(), [&](const std::string& one) {
        return expected.substr(i, one.size()) == one;
      });
      if (token != tokens_.end()) {
        pattern += '*';
        any = true;
        i += token->size();
        continue;
      }
      if (expected[i] == '*' || expected[i] == '\\') pattern += '\\';
      pattern += expected[i++];
    }
    return any ? WildcardMatches(pattern, actual) : expected == actual;
  }

  bool Matches(const json::value& expected, const json::value& actual) const {
    if (expected.is_string()) {
      const std::string_view text = expected.get_string();
      if (actual.is_string()) return TextMatches(text, std::string_view(actual.get_string()));
      return std::find(tokens_.begin(), tokens_.end(), text) != tokens_.end();
    }
    if (expected.is_object()) {
      if (!actual.is_object() || actual.get_object().size() != expected.get_object().size()) return false;
      return std::all_of(expected.get_object().begin(), expected.get_object().end(), [&](const auto& member) {
        const auto* other = actual.get_object().if_contains(member.key());
        return other != nullptr && Matches(member.value(), *other);
      });
    }
    if (expected.is_array()) {
      if (!actual.is_array() || actual.get_array().size() != expected.get_array().size()) return false;
      return std::equal(expected.get_array().begin(), expected.get_array().end(), actual.get_array().begin(),
                        [&](const json::value& a, const json::value& b) { return Matches(a, b); });
    }
    return JsonEquals(expected, actual);
  }

 private:
  std::vector<std::string> tokens_;
};

std::string Compare(const json::object& description, const ExecutionInfo& info,
                    const std::vector<HistoryEvent>& events) {
  const Expectation expectation(description);
  const auto show = [](const json::value& value) { return JsonText(value).substr(0, 600); };
  if (const auto* status = description.if_contains("expected_status");
      status != nullptr && *status != json::value(NameOf(info.status))) {
    return fmt::format("status {}, expected {} ({}: {})", NameOf(info.status), show(*status), info.error,
                       info.cause);
  }
  if (const auto* output = description.if_contains("expected_output");
      output != nullptr && info.status == ExecutionStatus::kSucceeded &&
      !expectation.Matches(*output, info.output)) {
    return fmt::format("output {}, expected {}", show(info.output), show(*output));
  }
  const auto text = [&](std::string_view key, const std::string& actual) -> std::string {
    const auto* expected = description.if_contains(key);
    if (expected == nullptr) return "";
    bool same = false;
    if (expected->is_null())
      same = actual.empty();
    else if (expected->is_string())
      same = expectation.TextMatches(std::string_view(expected->get_string()), actual);
    else if (const auto parsed = ParseJson(actual); parsed.ok())
      same = expectation.Matches(*expected, *parsed);
    return same ? "" : fmt::format("{} '{}', expected {}", key.substr(9), actual, show(*expected));
  };
  if (auto difference = text("expected_error", info.error); !difference.empty()) return difference;
  if (auto difference = text("expected_cause", info.cause); !difference.empty()) return difference;
  const auto* types = description.if_contains("event_types");
  const auto* ordered = description.if_contains("ordered");
  if (types == nullptr || (ordered != nullptr && *ordered == false)) return "";
  json::array actual;
  for (const auto& event : events) actual.emplace_back(EventName(event));
  if (JsonEquals(*types, actual)) return "";
  return fmt::format("events {}, expected {}", show(actual), show(*types));
}

// `text` may be the JSON text of what is expected.
bool MatchesText(const Expectation& expectation, const json::value& expected, const json::value& text) {
  if (expectation.Matches(expected, text)) return true;
  if (!text.is_string()) return false;
  const auto actual = ParseJson(std::string_view(text.get_string()));
  if (!actual.ok()) return false;
  if (expectation.Matches(expected, *actual)) return true;
  if (!expected.is_string()) return false;
  const auto inner =
      ParseJson(std::string_view(expected.get_string()));  // another way of writing the same JSON
  return inner.ok() && expectation.Matches(*inner, *actual);
}

// What differs; empty: nothing.
Result<std::string> RunStateTest(const json::object& description) {
  ManualClock clock(*ParseTimestamp("2024-01-02T03:04:05Z"));
  Random random(1);
  CaseTasks tasks(description, clock, {});
  const auto* given = description.if_contains("request");
  const auto* expected = description.if_contains("expected_response");
  if (given == nullptr || !given->is_object() || expected == nullptr || !expected->is_object())
    return MakeError(ErrorCode::kInvalidData, "a test of a state needs a request and an expected_response");
  json::object request = given->get_object();
  request["definition"] = description.at("definition");
  if (const auto* input = description.if_contains("input"); input != nullptr && !input->is_null())
    request["input"] = JsonText(*input);
  const auto* type = request["definition"].if_object() == nullptr
                         ? nullptr
                         : request["definition"].get_object().if_contains("Type");
  if (type != nullptr && *type == "Task") request["roleArn"] = "arn:aws:iam::111111111111:role/case";
  const Expectation expectation(description);
  const auto response = TestState(request, {tasks, clock, random});
  if (!response.ok()) {
    const auto code = CodeOf(response.status());
    const json::value name = code == ErrorCode::kInvalidData     ? json::value("ValidationException")
                             : code == ErrorCode::kConfiguration ? json::value("InvalidDefinition")
                                                                 : json::value();
    const json::value actual{{"error_code", name}, {"message", response.status().message()}};
    if (expectation.Matches(*expected, actual)) return std::string();
    return fmt::format("refused: {}, expected {}", JsonText(actual), JsonText(*expected).substr(0, 600));
  }
  const auto difference = [&](const json::object& want, const json::object& got) -> std::string {
    for (const auto& member : want) {
      const auto* value = got.if_contains(member.key());
      if (value == nullptr) return fmt::format("no {}", std::string_view(member.key()));
      if (member.key() != "inspectionData" && !MatchesText(expectation, member.value(), *value))
        return fmt::format("{} {}, expected {}", std::string_view(member.key()),
                           JsonText(*value).substr(0, 600), JsonText(member.value()).substr(0, 600));
    }
    for (const auto& member : got) {
      if (!want.contains(member.key()))
        return fmt::format("{} is not expected", std::string_view(member.key()));
    }
    return "";
  };
  const json::object& want = expected->get_object();
  const json::object& got = response->get_object();
  if (auto found = difference(want, got); !found.empty()) return found;
  if (!want.contains("inspectionData")) return std::string();
  auto found = difference(want.at("inspectionData").as_object(), got.at("inspectionData").as_object());
  return found.empty() ? found : "inspectionData: " + found;
}

}  // namespace

Result<CaseResult> RunCase(const json::value& value) {
  const auto* description = value.if_object();
  if (description == nullptr) return MakeError(ErrorCode::kInvalidData, "a case must be an object");
  CaseResult result;
  ASSIGN_OR_RETURN(result.id, GetString(value, "id"));
  ASSIGN_OR_RETURN(const std::string kind, GetStringOr(value, "kind", "execution"));
  const auto* definition = description->if_contains("definition");
  if (definition == nullptr)
    return MakeError(ErrorCode::kInvalidData, "a case needs a definition: " + result.id);
  const bool raw = definition->is_string();
  const std::string text = raw ? std::string(definition->get_string()) : JsonText(*definition);

  if (kind == "create_invalid" || kind == "validate") {
    result.difference = CompareValidation(*description, text);
    result.passed = result.difference.empty();
    return result;
  }
  if (kind == "test_state") {
    ASSIGN_OR_RETURN(result.difference, RunStateTest(*description));
    result.passed = result.difference.empty();
    return result;
  }
  if (kind != "execution") {
    result.skipped = true;
    result.difference = "of the kind " + kind;
    return result;
  }
  ManualClock clock(*ParseTimestamp("2024-01-02T03:04:05Z"));
  Random random(1);
  ASSIGN_OR_RETURN(const auto buckets, CaseBuckets::Make(*description, clock));
  ItemSources sources;
  sources.bucket = [&](const std::string& name) { return buckets->Find(name); };
  CaseTasks tasks(*description, clock, sources);
  MemoryExecutionStore store;
  EngineOptions options;
  options.commit_interval_ms = 0;
  options.region = "us-east-1";
  options.account = "111111111111";
  options.sources = sources;
  Engine engine(store, tasks, clock, random, Logger(), options);
  const auto* input = description->if_contains("input");
  const auto run =
      engine.Run({"case", "machine", text, input == nullptr ? json::value(json::object()) : *input});
  if (!run.ok()) {
    result.difference = Describe(run.status());
    return result;
  }
  ASSIGN_OR_RETURN(const auto events, engine.History("case"));
  result.difference = Compare(*description, *run, events);
  result.passed = result.difference.empty();
  return result;
}

Result<std::vector<CaseResult>> RunCases(std::string_view jsonl) {
  return RunCaseFile(jsonl, [](const json::value& line) { return RunCase(line); });
}

}  // namespace penstock::workflow
