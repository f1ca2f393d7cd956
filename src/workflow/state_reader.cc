// The fields of each type of state.
#include <fmt/format.h>

#include "workflow/definition_reader.h"
#include "workflow/timestamp.h"

namespace penstock::workflow {

void DefinitionReader::ReadTask(const json::object& object, State& out) {
  std::optional<std::string> resource;
  Text(object, out.pointer, "Resource", resource);
  if (!object.contains("Resource"))
    Fault(out.pointer, "These fields are required: [Resource]");
  else if (resource && resource->empty())
    Fault(out.pointer + "/Resource", "Resource must not be empty");
  out.resource = resource.value_or("");
  if (!Query(object, out.pointer, "TimeoutSeconds", out.timeout_query))
    Whole(object, out.pointer, "TimeoutSeconds", 1, 99'999'999, out.timeout_s);
  if (!Query(object, out.pointer, "HeartbeatSeconds", out.heartbeat_query))
    Whole(object, out.pointer, "HeartbeatSeconds", 1, 99'999'999, out.heartbeat_s);
  Path(object, out.pointer, "TimeoutSecondsPath", false, out.timeout_path);
  Path(object, out.pointer, "HeartbeatSecondsPath", false, out.heartbeat_path);
  Exclusive(object, out.pointer, "TimeoutSeconds", "TimeoutSecondsPath");
  Exclusive(object, out.pointer, "HeartbeatSeconds", "HeartbeatSecondsPath");
  if (out.timeout_s && out.heartbeat_s && *out.heartbeat_s >= *out.timeout_s) {
    Fault(out.pointer + "/HeartbeatSeconds", "HeartbeatSeconds must be less than TimeoutSeconds");
  }
  if (const auto* credentials = object.if_contains("Credentials")) {
    const auto* fields = credentials->if_object();
    if (fields == nullptr || (!fields->contains("RoleArn") && !fields->contains("RoleArn.$"))) {
      Fault(out.pointer + "/Credentials", "The field 'RoleArn' is required but was missing");
    }
  }
}

void DefinitionReader::ReadWait(const json::object& object, State& out) {
  int given = 0;
  for (const auto key : {"Seconds", "Timestamp", "SecondsPath", "TimestampPath"})
    given += object.contains(key) ? 1 : 0;
  if (given != 1)
    Fault(out.pointer, "A Wait state has exactly one of [Seconds, Timestamp, SecondsPath, TimestampPath]");
  if (!Query(object, out.pointer, "Seconds", out.seconds_query))
    Whole(object, out.pointer, "Seconds", 0, 99'999'999, out.seconds);
  Path(object, out.pointer, "SecondsPath", false, out.seconds_path);
  Path(object, out.pointer, "TimestampPath", false, out.timestamp_path);
  if (Query(object, out.pointer, "Timestamp", out.timestamp_query)) return;
  std::optional<std::string> timestamp;
  Text(object, out.pointer, "Timestamp", timestamp);
  if (!timestamp) return;
  auto parsed = ParseAslTimestamp(*timestamp);
  if (parsed.ok())
    out.timestamp = *parsed;
  else
    Fault(out.pointer + "/Timestamp", "String does not match RFC3339 timestamp");
}

void DefinitionReader::ReadFail(const json::object& object, State& out) {
  if (!Query(object, out.pointer, "Error", out.error_query)) Text(object, out.pointer, "Error", out.error);
  if (!Query(object, out.pointer, "Cause", out.cause_query)) Text(object, out.pointer, "Cause", out.cause);
  Computed(object, out.pointer, "ErrorPath", out.error_path);
  Computed(object, out.pointer, "CausePath", out.cause_path);
  Exclusive(object, out.pointer, "Error", "ErrorPath");
  Exclusive(object, out.pointer, "Cause", "CausePath");
}

void DefinitionReader::ReadChoice(const json::object& object, const Names& names, State& out) {
  if (object.contains("Default")) out.next = Target(object, out.pointer, "Default", names);
  const auto* value = object.if_contains("Choices");
  if (value == nullptr) return Fault(out.pointer, "These fields are required: [Choices]");
  const auto* choices = value->if_array();
  if (choices == nullptr || choices->empty()) {
    return Fault(out.pointer + "/Choices", "Choices must be a non-empty array of rules");
  }
  for (size_t i = 0; i < choices->size(); ++i) {
    const std::string place = fmt::format("{}/Choices/{}", out.pointer, i);
    std::vector<TemplateFault> faults;
    ChoiceBranch branch;
    const auto* rule = (*choices)[i].if_object();
    if (state_language_ == QueryLanguage::kJsonPath || rule == nullptr) {
      branch.rule = CompileChoiceRule((*choices)[i], true, faults);
    } else {
      Unknown(*rule, place, {"Condition", "Next", "Assign", "Output"});
      const auto* condition = rule->if_contains("Condition");
      if (condition == nullptr)
        Fault(place, "These fields are required: [Condition]");
      else
        branch.rule = CompileCondition(*condition, fmt::format("Choices[{}]/Condition", i), faults);
      const auto* output = rule->if_contains("Output");
      if (output != nullptr)
        Payload(*output, place, "Output", fmt::format("Choices[{}]/Output", i), branch.output);
    }
    for (auto& fault : faults) Fault(place + fault.pointer, std::move(fault.message));
    if (rule != nullptr) {
      branch.next = Target(*rule, place, "Next", names);
      Assign(*rule, place, fmt::format("Choices[{}]/Assign", i), branch.assign);
    }
    out.choices.push_back(std::move(branch));
  }
}

void DefinitionReader::ReadMap(const json::object& object, State& out) {
  NullablePath(object, out.pointer, "ItemsPath", false, out.items_path);
  Exclusive(object, out.pointer, "ItemProcessor", "Iterator");
  Exclusive(object, out.pointer, "MaxConcurrency", "MaxConcurrencyPath");
  Exclusive(object, out.pointer, "ItemSelector", "Parameters");
  if (const auto* items = object.if_contains("Items");
      items != nullptr && state_language_ == QueryLanguage::kJsonata) {
    const bool fits = items->is_array() || items->is_object() ||
                      (items->is_string() && JsonataField::Is(std::string_view(items->get_string())));
    if (!fits) Fault(out.pointer + "/Items", "Items must be an array, an object or a JSONata expression");
    Payload(object, out.pointer, "Items", out.items);
  }
  std::optional<int64_t> concurrency;
  if (!Query(object, out.pointer, "MaxConcurrency", out.max_concurrency_query))
    Whole(object, out.pointer, "MaxConcurrency", 0, INT32_MAX, concurrency);
  out.max_concurrency = concurrency.value_or(0);
  Path(object, out.pointer, "MaxConcurrencyPath", false, out.max_concurrency_path);
  // The Parameters of a Map are the old name of ItemSelector: they make each item's input, not the state's.
  if (object.contains("ItemSelector"))
    Payload(object, out.pointer, "ItemSelector", out.item_selector);
  else
    out.item_selector = std::move(out.parameters);
  out.parameters.reset();
  const auto* processor = object.if_contains("ItemProcessor");
  const auto* iterator = object.if_contains("Iterator");
  if (processor == nullptr && iterator == nullptr)
    return Fault(out.pointer, "These fields are required: [ItemProcessor]");
  const std::string place = out.pointer + (processor != nullptr ? "/ItemProcessor" : "/Iterator");
  out.processor = std::make_unique<Machine>();
  const QueryLanguage language = state_language_;
  ReadMachine(processor != nullptr ? *processor : *iterator, place, {"ProcessorConfig"}, *out.processor);
  state_language_ = language;
  const auto* fields = (processor != nullptr ? processor : iterator)->if_object();
  const auto* config = fields == nullptr ? nullptr : fields->if_contains("ProcessorConfig");
  if (config == nullptr) return;
  const auto* mode = config->is_object() ? config->get_object().if_contains("Mode") : nullptr;
  if (mode != nullptr && *mode == "DISTRIBUTED") {
    ReadDistributed(object, config->get_object(), place + "/ProcessorConfig", out);
  } else if (mode == nullptr || *mode != "INLINE") {
    Fault(place + "/ProcessorConfig", "ProcessorConfig needs a Mode: INLINE or DISTRIBUTED");
  }
}

void DefinitionReader::ReadParallel(const json::object& object, State& out) {
  const auto* value = object.if_contains("Branches");
  if (value == nullptr) return Fault(out.pointer, "These fields are required: [Branches]");
  const auto* branches = value->if_array();
  if (branches == nullptr || branches->empty())
    return Fault(out.pointer + "/Branches", "Branches must be a non-empty array");
  const QueryLanguage language = state_language_;
  for (size_t i = 0; i < branches->size(); ++i) {
    ReadMachine((*branches)[i], fmt::format("{}/Branches/{}", out.pointer, i), {},
                *out.branches.emplace_back(std::make_unique<Machine>()));
  }
  state_language_ = language;
}

bool DefinitionReader::ReadErrorEquals(const json::object& object, const std::string& pointer, bool last,
                                       std::vector<std::string>& out) {
  const auto* value = object.if_contains("ErrorEquals");
  const auto* names = value == nullptr ? nullptr : value->if_array();
  const std::string place = pointer + "/ErrorEquals";
  if (names == nullptr || names->empty()) {
    Fault(pointer, "ErrorEquals must be a non-empty array of error names");
    return false;
  }
  for (const auto& name : *names) {
    if (!name.is_string()) {
      Fault(place, "An error name must be a string");
      return false;
    }
    out.emplace_back(name.get_string());
    if (out.back() == "States.ALL" && (names->size() > 1 || !last)) {
      Fault(place, "States.ALL must stand alone, and in the last one");
    }
  }
  return true;
}

void DefinitionReader::ReadRetry(const json::object& object, State& out) {
  const auto* value = object.if_contains("Retry");
  if (value == nullptr) return;
  const auto* list = value->if_array();
  if (list == nullptr) return Fault(out.pointer + "/Retry", "Retry must be an array");
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string place = fmt::format("{}/Retry/{}", out.pointer, i);
    const auto* fields = (*list)[i].if_object();
    if (fields == nullptr) {
      Fault(place, "A retrier must be an object");
      continue;
    }
    Unknown(*fields, place,
            {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds",
             "JitterStrategy"});
    Retrier retrier;
    ReadErrorEquals(*fields, place, i + 1 == list->size(), retrier.error_equals);
    std::optional<int64_t> interval, attempts, max_delay;
    std::optional<double> backoff;
    std::optional<std::string> jitter;
    Whole(*fields, place, "IntervalSeconds", 1, 99'999'999, interval);
    Whole(*fields, place, "MaxAttempts", 0, 99'999'999, attempts);
    Whole(*fields, place, "MaxDelaySeconds", 1, 31'622'400, max_delay);
    Number(*fields, place, "BackoffRate", 1.0, backoff);
    Text(*fields, place, "JitterStrategy", jitter);
    if (jitter && *jitter != "FULL" && *jitter != "NONE")
      Fault(place + "/JitterStrategy", "JitterStrategy must be FULL or NONE");
    if (interval && max_delay && *max_delay <= *interval) {
      Fault(place + "/MaxDelaySeconds", "MaxDelaySeconds must be greater than IntervalSeconds");
    }
    retrier.interval_s = static_cast<double>(interval.value_or(1));
    retrier.max_attempts = static_cast<int>(attempts.value_or(3));
    retrier.backoff_rate = backoff.value_or(2.0);
    if (max_delay) retrier.max_delay_s = static_cast<double>(*max_delay);
    retrier.full_jitter = jitter == "FULL";
    out.retriers.push_back(std::move(retrier));
  }
}

void DefinitionReader::ReadCatch(const json::object& object, const Names& names, State& out) {
  const auto* value = object.if_contains("Catch");
  if (value == nullptr) return;
  const auto* list = value->if_array();
  if (list == nullptr) return Fault(out.pointer + "/Catch", "Catch must be an array");
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string place = fmt::format("{}/Catch/{}", out.pointer, i);
    const auto* fields = (*list)[i].if_object();
    if (fields == nullptr) {
      Fault(place, "A catcher must be an object");
      continue;
    }
    const bool jsonata = state_language_ == QueryLanguage::kJsonata;
    Unknown(*fields, place, {"ErrorEquals", jsonata ? "Output" : "ResultPath", "Next", "Assign"});
    Catcher catcher;
    ReadErrorEquals(*fields, place, i + 1 == list->size(), catcher.error_equals);
    PathField result_path;
    if (!jsonata) NullablePath(*fields, place, "ResultPath", true, result_path);
    std::unique_ptr<Template> assign, output;
    Assign(*fields, place, fmt::format("Catch[{}]/Assign", i), assign);
    if (const auto* value = fields->if_contains("Output"); jsonata && value != nullptr)
      Payload(*value, place, "Output", fmt::format("Catch[{}]/Output", i), output);
    catcher.assign = std::move(assign);
    catcher.output = std::move(output);
    catcher.discard = result_path.null;
    catcher.result_path = std::move(result_path.path);
    catcher.next = Target(*fields, place, "Next", names);
    out.catchers.push_back(std::move(catcher));
  }
}

}  // namespace penstock::workflow
