// A state machine, parsed once: paths, templates and rules are compiled, names are resolved to positions.
// Source: Amazon States Language (states-language.net/spec.html).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/choice_rule.h"
#include "workflow/expression.h"
#include "workflow/jsonata_field.h"
#include "workflow/retry_catch.h"

namespace penstock::workflow {

enum class StateType { kTask, kPass, kChoice, kWait, kMap, kParallel, kSucceed, kFail };
enum class QueryLanguage { kJsonPath, kJsonata };
// "Task", as in the document and at the beginning of history event names.
std::string_view NameOf(StateType type);

// InputPath, OutputPath, ResultPath, ItemsPath: absent is "$"; null has a meaning of its own.
struct PathField {
  bool null = false;
  std::optional<JsonPath> path;  // absent: "$"
};

struct Machine;

struct ChoiceBranch {
  std::unique_ptr<ChoiceRule> rule;
  int next = -1;
  std::unique_ptr<Template> assign, output;  // as the state's
};

struct DistributedMap;  // distributed_map.h
void DeleteDistributedMap(DistributedMap* map);
struct DistributedMapDeleter {
  void operator()(DistributedMap* map) const { DeleteDistributedMap(map); }
};

// Fields of other types than `type` are at their defaults.
struct State {
  std::string name;
  std::string pointer;  // where it stands in the document
  std::string token;    // the name as it stands in HistoryEvent::path: '/', '[' and '#' escaped
  StateType type = StateType::kPass;
  QueryLanguage query_language = QueryLanguage::kJsonPath;
  int next = -1;  // position in Machine::states; -1: the end
  PathField input_path, output_path, result_path;
  std::unique_ptr<Template> parameters;  // JSONata: Arguments
  std::unique_ptr<Template> result_selector;
  std::unique_ptr<Template> assign;  // both languages; makes an object, by variable
  std::unique_ptr<Template> output;  // JSONata
  std::vector<Retrier> retriers;
  std::vector<Catcher> catchers;
  // Task
  std::string resource;
  std::optional<int64_t> timeout_s, heartbeat_s;
  std::optional<JsonPath> timeout_path, heartbeat_path;
  std::optional<JsonataField> timeout_query, heartbeat_query;
  // Pass
  std::optional<json::value> result;
  // Wait: one of them
  std::optional<int64_t> seconds;
  std::optional<TimePoint> timestamp;
  std::optional<JsonPath> seconds_path, timestamp_path;
  std::optional<JsonataField> seconds_query, timestamp_query;
  // Fail
  std::optional<std::string> error, cause;
  std::optional<Expression> error_path, cause_path;
  std::optional<JsonataField> error_query, cause_query;
  // Choice; `next` is the default, -1: none
  std::vector<ChoiceBranch> choices;
  // Map
  PathField items_path;
  std::unique_ptr<Template> items;  // JSONata
  std::unique_ptr<Template> item_selector;
  std::unique_ptr<Machine> processor;
  int64_t max_concurrency = 0;  // 0: as many as the engine allows
  std::optional<JsonPath> max_concurrency_path;
  std::optional<JsonataField> max_concurrency_query;
  std::unique_ptr<DistributedMap, DistributedMapDeleter> distributed;  // null: inline
  // Parallel
  std::vector<std::unique_ptr<Machine>> branches;
};

// The states of the document, of a branch or of an item processor.
struct Machine {
  int start = 0;
  std::vector<State> states;
  // No Task and no Wait below: runs without threads.
  bool pure = true;
};

struct Definition {
  std::string text;  // as given
  std::string hash;  // SHA-256 of the text
  Machine machine;
  std::optional<int64_t> timeout_s;
};

enum class Severity { kError, kWarning };
std::string_view NameOf(Severity severity);  // "ERROR", "WARNING"

// What kind of workflow a definition is for: Express ones may call less.
enum class MachineType { kStandard, kExpress };

// One fault of a definition, or a warning: it runs, but not as it stands on Step Functions, or never ends.
// Codes are those of ValidateStateMachineDefinition (INVALID_JSON_DESCRIPTION, SCHEMA_VALIDATION_FAILED,
// MISSING_TRANSITION_TARGET, MISSING_END_STATE, DUPLICATE_STATE_NAME, NO_DOLLAR, …) and, for warnings, our
// own: LOOP_WITHOUT_EXIT, LIMIT_…, RESOURCE_…, NO_DELIMITERS.
struct Diagnostic {
  std::string pointer;  // RFC 6901; empty: the whole document
  int line = 1;         // of the value's key, from 1
  std::string code;
  std::string message;
  Severity severity = Severity::kError;
  std::string fix = {};  // what to do; may be empty
  int column = 1;        // in bytes, from 1
  // The place as AWS names it ("/States/A/Choices[0]/Next"); none where AWS names none.
  std::optional<std::string> location = {};
};

// At most this long (StateMachineDefinition of CreateStateMachine) and 100 levels deep.
inline constexpr size_t kMaxDefinitionBytes = 1'048'576;

// Configuration: every error, one a line. Warnings are no reason to refuse.
Result<std::shared_ptr<const Definition>> ParseDefinition(std::string_view text);
// Everything at once, in the order of the text; without an error when ParseDefinition accepts it.
std::vector<Diagnostic> Validate(std::string_view text, MachineType type = MachineType::kStandard);

}  // namespace penstock::workflow
