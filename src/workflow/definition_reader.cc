// The document, machines and what all states have in common; the types are in state_reader.cc.
#include "workflow/definition_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/spelling.h"
#include "base/utf8.h"
#include "workflow/state_fields.h"

namespace penstock::workflow {
namespace {

constexpr std::array kTypes{StateType::kTask, StateType::kPass,     StateType::kChoice,  StateType::kWait,
                            StateType::kMap,  StateType::kParallel, StateType::kSucceed, StateType::kFail};

}  // namespace

void DefinitionReader::Fault(const std::string& pointer, std::string message, std::string_view code) {
  faults_.push_back({pointer, 1, std::string(code), std::move(message)});
}

void DefinitionReader::Unknown(const json::object& object, const std::string& pointer,
                               const std::set<std::string_view>& known) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (key == "Comment" || known.find(key) != known.end()) continue;
    const auto meant = NearestWord(key, {known.begin(), known.end()});
    faults_.push_back({pointer + "/" + EscapePointer(key), 1, "SCHEMA_VALIDATION_FAILED",
                       fmt::format("Field '{}' is not supported", key), Severity::kError,
                       meant ? fmt::format("did you mean {}?", *meant) : "remove it"});
  }
}

void DefinitionReader::UnknownOfState(const json::object& object, const State& state) {
  const bool jsonata = state.query_language == QueryLanguage::kJsonata;
  const auto& others = FieldsOf(state.type, jsonata ? QueryLanguage::kJsonPath : QueryLanguage::kJsonata);
  const auto& known = FieldsOf(state.type, state.query_language);
  json::object rest;
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (known.find(key) != known.end() || others.find(key) == others.end()) {
      rest.emplace(key, nullptr);
      continue;
    }
    const std::string_view own = jsonata ? "JSONata" : "JSONPath", other = jsonata ? "JSONPath" : "JSONata";
    faults_.push_back(
        {state.pointer + "/" + EscapePointer(key), 1, "SCHEMA_VALIDATION_FAILED",
         fmt::format(
             "The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage",
             own, key, other),
         Severity::kError, jsonata ? "use Arguments, Output, Assign" : "set \"QueryLanguage\": \"JSONata\""});
  }
  Unknown(rest, state.pointer, known);
}

void DefinitionReader::ReadDocument(const json::value& document, Definition& out) {
  ReadMachine(document, "", {"Version", "TimeoutSeconds"}, out.machine);
  const auto* object = document.if_object();
  if (object == nullptr) return;
  if (const auto* version = object->if_contains("Version"); version != nullptr && *version != "1.0") {
    Fault("/Version", "The only version is \"1.0\"");
  }
  Whole(*object, "", "TimeoutSeconds", 1, 99'999'999, out.timeout_s);
}

void DefinitionReader::ReadMachine(const json::value& value, const std::string& pointer,
                                   std::initializer_list<std::string_view> extra, Machine& out) {
  const auto* object = value.if_object();
  if (object == nullptr) return Fault(pointer, "A state machine must be an object");
  std::set<std::string_view> known(extra);
  known.insert({"StartAt", "States"});
  if (pointer.empty()) known.insert("QueryLanguage");
  Unknown(*object, pointer, known);
  const QueryLanguage outer = query_language_;
  query_language_ = Language(*object, pointer);
  const auto* states = object->if_contains("States");
  if (states == nullptr)
    Fault(pointer, "These fields are required: [States]");
  else if (!states->is_object())
    Fault(pointer + "/States", "States must be an object");
  else if (states->get_object().empty())
    Fault(pointer + "/States", "There must be at least one state");

  Names names;
  const size_t variables = outer_variables_.size();
  if (states != nullptr && states->is_object()) {
    for (const auto& member : states->get_object()) {
      const std::string place = pointer + "/States/" + EscapePointer(member.key());
      names.emplace(member.key(), static_cast<int>(names.size()));
      if (const size_t length = CountCharacters(member.key()); length == 0 || length > 80)
        Fault(place, fmt::format("A state's name has 1 to 80 characters, this one {}", length),
              "INVALID_STATE_NAME");
      State& state = out.states.emplace_back();
      state.name = std::string(member.key());
      state.pointer = place;
      for (const char c : EscapePointer(member.key())) {
        if (c == '[')
          state.token += "~2";
        else if (c == '#')
          state.token += "~3";
        else
          state.token += c;
      }
    }
    for (const auto& member : states->get_object()) {
      CheckAssignedNames(member.value(), pointer + "/States/" + EscapePointer(member.key()), variables);
    }
    for (const auto& member : states->get_object()) {
      State& state = out.states[static_cast<size_t>(names.at(member.key()))];
      if (const auto* fields = member.value().if_object())
        ReadState(*fields, names, state, out);
      else
        Fault(state.pointer, "A state must be an object");
    }
  }
  if (!object->contains("StartAt"))
    Fault(pointer, "These fields are required: [StartAt]");
  else if (!names.empty())
    out.start = Target(*object, pointer, "StartAt", names);
  query_language_ = outer;
  outer_variables_.resize(variables);
}

QueryLanguage DefinitionReader::Language(const json::object& object, const std::string& pointer) {
  const auto* language = object.if_contains("QueryLanguage");
  if (language == nullptr) return query_language_;
  if (*language == "JSONata") return QueryLanguage::kJsonata;
  if (*language != "JSONPath") {
    Fault(pointer + "/QueryLanguage", "QueryLanguage must be JSONPath or JSONata");
  } else if (query_language_ == QueryLanguage::kJsonata) {
    Fault(pointer, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
  }
  return QueryLanguage::kJsonPath;
}

// The names that a state assigns, also in its rules and catchers: `known` and above are those of this
// machine.
void DefinitionReader::CheckAssignedNames(const json::value& state, const std::string& pointer,
                                          size_t known) {
  const auto* object = state.if_object();
  if (object == nullptr) return;
  if (const auto* assign = object->if_contains("Assign"); assign != nullptr && assign->is_object()) {
    for (const auto& member : assign->get_object()) {
      std::string_view name = member.key();
      const std::string place = pointer + "/Assign/" + EscapePointer(name);
      if (name.size() > 2 && name.substr(name.size() - 2) == ".$") name.remove_suffix(2);
      if (!IsVariableName(name)) {
        Fault(place,
              fmt::format("'{}' is not a variable's name: letters, digits and '_', at most 80 characters, "
                          "and not 'states'",
                          name));
      }
      const auto outer_end = outer_variables_.begin() + static_cast<ptrdiff_t>(known);
      if (std::find(outer_variables_.begin(), outer_end, name) != outer_end) {
        Fault(place, fmt::format("A variable of the state around it cannot be assigned here: {}", name));
      }
      outer_variables_.emplace_back(name);
    }
  }
  for (const auto* list : {"Choices", "Catch"}) {
    const auto* rules = object->if_contains(list);
    if (rules == nullptr || !rules->is_array()) continue;
    for (size_t i = 0; i < rules->get_array().size(); ++i) {
      CheckAssignedNames(rules->get_array()[i], fmt::format("{}/{}/{}", pointer, list, i), known);
    }
  }
}

void DefinitionReader::ReadState(const json::object& object, const Names& names, State& out,
                                 Machine& machine) {
  const auto* type = object.if_contains("Type");
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(), [&](StateType one) {
    return type != nullptr && type->is_string() && std::string_view(type->get_string()) == NameOf(one);
  });
  if (type == nullptr) return Fault(out.pointer, "These fields are required: [Type]");
  if (found == kTypes.end()) {
    return Fault(
        out.pointer + "/Type",
        "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, "
        "Parallel, Map]");
  }
  out.type = *found;
  out.query_language = state_language_ = Language(object, out.pointer);
  const auto& known = FieldsOf(out.type, state_language_);
  UnknownOfState(object, out);
  ReadTransition(object, names, out);
  if (known.count("InputPath") != 0) NullablePath(object, out.pointer, "InputPath", false, out.input_path);
  if (known.count("OutputPath") != 0) NullablePath(object, out.pointer, "OutputPath", false, out.output_path);
  if (known.count("ResultPath") != 0) NullablePath(object, out.pointer, "ResultPath", true, out.result_path);
  if (known.count("Parameters") != 0) Payload(object, out.pointer, "Parameters", out.parameters);
  if (known.count("Arguments") != 0) Payload(object, out.pointer, "Arguments", out.parameters);
  if (known.count("ResultSelector") != 0) Payload(object, out.pointer, "ResultSelector", out.result_selector);
  if (known.count("Output") != 0) Payload(object, out.pointer, "Output", out.output);
  if (known.count("Assign") != 0) Assign(object, out.pointer, "Assign", out.assign);
  if (known.count("Retry") != 0) {
    ReadRetry(object, out);
    ReadCatch(object, names, out);
  }
  switch (out.type) {
    case StateType::kTask: ReadTask(object, out); break;
    case StateType::kWait: ReadWait(object, out); break;
    case StateType::kFail: ReadFail(object, out); break;
    case StateType::kChoice: ReadChoice(object, names, out); break;
    case StateType::kMap: ReadMap(object, out); break;
    case StateType::kParallel: ReadParallel(object, out); break;
    case StateType::kPass:
      if (const auto* result = object.if_contains("Result")) out.result = *result;
      break;
    case StateType::kSucceed: break;
  }
  if (out.type == StateType::kTask || out.type == StateType::kWait) machine.pure = false;
  if (out.processor != nullptr && !out.processor->pure) machine.pure = false;
  if (!out.retriers.empty()) machine.pure = false;  // it may wait between attempts
  for (const auto& branch : out.branches) machine.pure = machine.pure && branch->pure;
}

void DefinitionReader::ReadTransition(const json::object& object, const Names& names, State& out) {
  const bool has_next = object.contains("Next");
  const auto* end = object.if_contains("End");
  if (out.type == StateType::kChoice || out.type == StateType::kSucceed || out.type == StateType::kFail)
    return;
  if (end != nullptr && !end->is_bool()) Fault(out.pointer + "/End", "End must be true or false");
  const bool ends = end != nullptr && end->is_bool() && end->get_bool();
  if (has_next && ends) Fault(out.pointer, "Next and End exclude each other");
  if (!has_next && !ends) Fault(out.pointer, "These fields are required: [Next or End]");
  if (has_next) out.next = Target(object, out.pointer, "Next", names);
}

int DefinitionReader::Target(const json::object& object, const std::string& pointer, std::string_view key,
                             const Names& names) {
  const auto* value = object.if_contains(key);
  const std::string place = fmt::format("{}/{}", pointer, key);
  if (value == nullptr) {
    Fault(pointer, fmt::format("These fields are required: [{}]", key));
  } else if (!value->is_string()) {
    Fault(place, fmt::format("{} must be the name of a state", key));
  } else if (const auto found = names.find(std::string_view(value->get_string())); found != names.end()) {
    return found->second;
  } else {
    // AWS says 'Next' of StartAt and Default too.
    std::vector<std::string> choices;
    for (const auto& [name, position] : names) choices.emplace_back(name);
    std::sort(choices.begin(), choices.end());
    const auto meant = NearestWord(std::string_view(value->get_string()), choices);
    faults_.push_back({place, 1, "MISSING_TRANSITION_TARGET",
                       fmt::format("Missing 'Next' target: {}", std::string_view(value->get_string())),
                       Severity::kError,
                       meant ? fmt::format("did you mean {}?", *meant) : "name a state of the same States"});
  }
  return -1;
}

void DefinitionReader::Text(const json::object& object, const std::string& pointer, std::string_view key,
                            std::optional<std::string>& out) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  if (value->is_string())
    out = std::string(value->get_string());
  else
    Fault(fmt::format("{}/{}", pointer, key), fmt::format("{} must be a string", key));
}

void DefinitionReader::Whole(const json::object& object, const std::string& pointer, std::string_view key,
                             int64_t low, int64_t high, std::optional<int64_t>& out) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  if (value->is_int64() && value->get_int64() >= low && value->get_int64() <= high)
    out = value->get_int64();
  else
    Fault(fmt::format("{}/{}", pointer, key),
          fmt::format("{} must be a whole number from {} to {}", key, low, high));
}

void DefinitionReader::Number(const json::object& object, const std::string& pointer, std::string_view key,
                              double low, std::optional<double>& out) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  if (value->is_number() && value->to_number<double>() >= low)
    out = value->to_number<double>();
  else
    Fault(fmt::format("{}/{}", pointer, key), fmt::format("{} must be a number, at least {}", key, low));
}

void DefinitionReader::Path(const json::object& object, const std::string& pointer, std::string_view key,
                            bool reference, std::optional<JsonPath>& out) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  const std::string place = fmt::format("{}/{}", pointer, key);
  if (!value->is_string()) return Fault(place, fmt::format("{} must be a path", key));
  auto parsed = JsonPath::Parse(std::string_view(value->get_string()));
  if (!parsed.ok()) return Fault(place, parsed.status().message());
  if (reference && (!parsed->is_reference() || parsed->root() != JsonPath::Root::kInput)) {
    return Fault(place, fmt::format("{} must be a Reference Path (names and indexes below $)", key));
  }
  out = *std::move(parsed);
}

void DefinitionReader::NullablePath(const json::object& object, const std::string& pointer,
                                    std::string_view key, bool reference, PathField& out) {
  const auto* value = object.if_contains(key);
  if (value != nullptr && value->is_null())
    out.null = true;
  else
    Path(object, pointer, key, reference, out.path);
}

void DefinitionReader::Payload(const json::object& object, const std::string& pointer, std::string_view key,
                               std::unique_ptr<Template>& out) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  Payload(*value, pointer, key, std::string(key), out);
}

void DefinitionReader::Assign(const json::object& object, const std::string& pointer,
                              const std::string& field, std::unique_ptr<Template>& out) {
  const auto* value = object.if_contains("Assign");
  if (value == nullptr) return;
  if (!value->is_object()) return Fault(pointer + "/Assign", "Assign must be an object");
  Payload(*value, pointer, "Assign", field, out);
}

bool DefinitionReader::Query(const json::object& object, const std::string& pointer, std::string_view key,
                             std::optional<JsonataField>& out) {
  const auto* value = object.if_contains(key);
  if (state_language_ != QueryLanguage::kJsonata || value == nullptr || !value->is_string()) return false;
  const std::string_view text = value->get_string();
  if (!JsonataField::Is(text)) return false;
  auto parsed = JsonataField::Parse(text, std::string(key));
  if (parsed.ok())
    out = *std::move(parsed);
  else
    Fault(fmt::format("{}/{}", pointer, key), parsed.status().message());
  return true;
}

void DefinitionReader::Payload(const json::value& value, const std::string& pointer, std::string_view key,
                               const std::string& field, std::unique_ptr<Template>& out) {
  std::vector<TemplateFault> faults;
  out = state_language_ == QueryLanguage::kJsonata ? CompileJsonataTemplate(value, field, faults)
                                                   : CompilePayloadTemplate(value, faults);
  for (auto& fault : faults)
    Fault(fmt::format("{}/{}{}", pointer, key, fault.pointer), std::move(fault.message));
}

void DefinitionReader::Computed(const json::object& object, const std::string& pointer, std::string_view key,
                                std::optional<Expression>& out) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return;
  const std::string place = fmt::format("{}/{}", pointer, key);
  if (!value->is_string())
    return Fault(place, fmt::format("{} must be a path or an intrinsic function", key));
  auto parsed = Expression::Parse(std::string_view(value->get_string()));
  if (parsed.ok())
    out = *std::move(parsed);
  else
    Fault(place, parsed.status().message());
}

void DefinitionReader::Exclusive(const json::object& object, const std::string& pointer, std::string_view a,
                                 std::string_view b) {
  if (object.contains(a) && object.contains(b))
    Fault(pointer, fmt::format("{} and {} exclude each other", a, b));
}

}  // namespace penstock::workflow
