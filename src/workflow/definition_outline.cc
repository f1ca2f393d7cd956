#include "workflow/definition_outline.h"

#include <fmt/format.h>

#include <unordered_map>

#include "workflow/expression.h"

namespace penstock::workflow {
namespace {

using Names = std::unordered_map<std::string_view, int>;

std::string_view TextOf(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

const json::array* ArrayOf(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

int Find(const Names& names, std::string_view name) {
  const auto found = names.find(name);
  return found == names.end() ? -1 : found->second;
}

class Outliner {
 public:
  explicit Outliner(std::vector<OutlineMachine>& out) : out_(out) {}

  int Machine(const json::value* value, const std::string& pointer) {
    const auto* object = value == nullptr ? nullptr : value->if_object();
    if (object == nullptr) return -1;
    const size_t at = out_.size();
    if (at == 0) jsonata_ = TextOf(*object, "QueryLanguage") == "JSONata";
    out_.emplace_back();
    OutlineMachine machine;
    machine.pointer = pointer;
    const auto* states = object->if_contains("States");
    Names names;
    if (states != nullptr && states->is_object()) {
      for (const auto& member : states->get_object()) {
        names.emplace(member.key(), static_cast<int>(machine.states.size()));
        OutlineState& state = machine.states.emplace_back();
        state.name = member.key();
        state.pointer = pointer + "/States/" + EscapePointer(member.key());
        state.fields = member.value().if_object();
      }
    }
    machine.starts = object->contains("StartAt");
    machine.start = Find(names, TextOf(*object, "StartAt"));
    for (auto& state : machine.states) {
      if (state.fields != nullptr) State(names, state);
    }
    out_[at] = std::move(machine);
    return static_cast<int>(at);
  }

 private:
  void State(const Names& names, OutlineState& state) {
    const json::object& fields = *state.fields;
    state.type = TextOf(fields, "Type");
    const std::string_view language = TextOf(fields, "QueryLanguage");
    state.jsonata = language.empty() ? jsonata_ : language == "JSONata";
    const auto* end = fields.if_contains("End");
    state.terminal =
        state.type == "Succeed" || state.type == "Fail" || (end != nullptr && *end == json::value(true));
    const auto add = [&](const json::object& object, const std::string& pointer, std::string_view key) {
      if (!object.contains(key)) return;
      state.transitions.push_back({fmt::format("{}/{}", pointer, key), Find(names, TextOf(object, key))});
    };
    add(fields, state.pointer, "Next");
    add(fields, state.pointer, "Default");
    for (const char* list : {"Choices", "Catch"}) {
      const auto* array = ArrayOf(fields, list);
      for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
        if (const auto* one = (*array)[i].if_object())
          add(*one, fmt::format("{}/{}/{}", state.pointer, list, i), "Next");
      }
    }
    const auto inner = [&](const json::value* value, const std::string& pointer) {
      if (const int machine = Machine(value, pointer); machine >= 0) state.inner.push_back(machine);
    };
    for (const char* key : {"ItemProcessor", "Iterator"})
      inner(fields.if_contains(key), fmt::format("{}/{}", state.pointer, key));
    const auto* branches = ArrayOf(fields, "Branches");
    for (size_t i = 0; branches != nullptr && i < branches->size(); ++i)
      inner(&(*branches)[i], fmt::format("{}/Branches/{}", state.pointer, i));
  }

  std::vector<OutlineMachine>& out_;
  bool jsonata_ = false;
};

}  // namespace

std::vector<OutlineMachine> OutlineOf(const json::value& document) {
  std::vector<OutlineMachine> out;
  Outliner(out).Machine(&document, "");
  return out;
}

}  // namespace penstock::workflow
