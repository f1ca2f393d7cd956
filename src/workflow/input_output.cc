#include "workflow/input_output.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"


namespace penstock::workflow {
namespace {

Result<json::value> Resolve(const JsonPath& path, const Scope& scope) {
  auto value = EvaluatePath(path, scope);
  if (value.ok()) return value;
  return MakeTaskError("States.Runtime",
                       fmt::format("Invalid path '{}' : {}", path.text(), value.status().message()));
}

// `raw` with `result` at the path.
Result<json::value> Combine(const JsonPath& path, json::value raw, json::value result) {
  const Status put = path.Put(raw, std::move(result));
  if (put.ok()) return raw;
  return MakeTaskError("States.ResultPathMatchFailure",
                       fmt::format("Unable to apply step \"{}\" to input {}: {}", path.text(),
                                   JsonText(raw).substr(0, 1000), put.message()));
}

class JsonPathPipeline : public InputOutput {
 public:
  Result<const json::value*> Input(const State& state, const json::value& raw, const Scope& scope,
                                   json::value& buffer) const override {
    const json::value* effective = &raw;
    if (state.input_path.null) {
      buffer = json::object();
      effective = &buffer;
    } else if (state.input_path.path) {
      ASSIGN_OR_RETURN(buffer, Resolve(*state.input_path.path, Scope{&raw, scope.context, scope.random}));
      effective = &buffer;
    }
    if (state.parameters != nullptr) {
      ASSIGN_OR_RETURN(json::value made,
                       state.parameters->Evaluate(Scope{effective, scope.context, scope.random}));
      buffer = std::move(made);
      effective = &buffer;
    }
    return effective;
  }

  Result<json::value> Output(const State& state, json::value raw, json::value result,
                             const Scope& scope) const override {
    if (state.result_selector != nullptr) {
      ASSIGN_OR_RETURN(json::value selected,
                       state.result_selector->Evaluate(Scope{&result, scope.context, scope.random}));
      result = std::move(selected);
    }
    if (state.result_path.null) {
      result = std::move(raw);
    } else if (state.result_path.path) {
      ASSIGN_OR_RETURN(result, Combine(*state.result_path.path, std::move(raw), std::move(result)));
    }
    return PassOn(state, std::move(result), scope);
  }

  Result<json::value> PassOn(const State& state, json::value effective, const Scope& scope) const override {
    if (state.output_path.null) return json::value(json::object());
    if (!state.output_path.path) return effective;
    return Resolve(*state.output_path.path, Scope{&effective, scope.context, scope.random});
  }

  Result<json::value> Caught(const Catcher& catcher, json::value raw, const TaskError& error) const override {
    if (catcher.discard) return raw;
    json::value output{{"Error", error.error}, {"Cause", error.cause}};
    if (!catcher.result_path) return output;
    return Combine(*catcher.result_path, std::move(raw), std::move(output));
  }
};

}  // namespace

const InputOutput& JsonPathInputOutput() {
  static const JsonPathPipeline kPipeline;
  return kPipeline;
}

}  // namespace penstock::workflow
