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

// InputPath, Parameters, ResultSelector, ResultPath, OutputPath.
class JsonPathPipeline : public InputOutput {
 public:
  Result<const json::value*> Input(const State& state, const json::value& raw, const Scope& scope,
                                   json::value& buffer) const override {
    if (state.input_path.null) {
      buffer = json::object();
      return &buffer;
    }
    if (!state.input_path.path) return &raw;
    ASSIGN_OR_RETURN(buffer, Resolve(*state.input_path.path, scope.On(raw)));
    return &buffer;
  }

  Result<const json::value*> Arguments(const State& state, const json::value& effective, const Scope& scope,
                                       json::value& buffer) const override {
    if (state.parameters == nullptr) return &effective;
    ASSIGN_OR_RETURN(json::value made, state.parameters->Evaluate(scope.On(effective)));
    buffer = std::move(made);
    return &buffer;
  }

  Result<json::value> Output(const State& state, json::value raw, json::value result,
                             const Scope& scope) const override {
    if (state.result_selector != nullptr) {
      ASSIGN_OR_RETURN(json::value selected, state.result_selector->Evaluate(scope.On(result)));
      result = std::move(selected);
    }
    if (state.result_path.null) {
      result = std::move(raw);
    } else if (state.result_path.path) {
      ASSIGN_OR_RETURN(result, Combine(*state.result_path.path, std::move(raw), std::move(result)));
    }
    return PassOn(state, nullptr, std::move(result), scope);
  }

  Result<json::value> PassOn(const State& state, const Template*, json::value effective,
                             const Scope& scope) const override {
    if (state.output_path.null) return json::value(json::object());
    if (!state.output_path.path) return effective;
    return Resolve(*state.output_path.path, scope.On(effective));
  }

  Result<json::value> Caught(const Catcher& catcher, json::value raw, json::value error,
                             const Scope&) const override {
    if (catcher.discard) return raw;
    if (!catcher.result_path) return error;
    return Combine(*catcher.result_path, std::move(raw), std::move(error));
  }
};

// Arguments, Output: expressions look at $states, which `scope` has.
class JsonataPipeline : public InputOutput {
 public:
  Result<const json::value*> Input(const State&, const json::value& raw, const Scope&,
                                   json::value&) const override {
    return &raw;
  }

  Result<const json::value*> Arguments(const State& state, const json::value& effective, const Scope& scope,
                                       json::value& buffer) const override {
    if (state.parameters == nullptr) return &effective;
    ASSIGN_OR_RETURN(json::value made, state.parameters->Evaluate(scope));
    buffer = std::move(made);
    return &buffer;
  }

  Result<json::value> Output(const State& state, json::value, json::value result,
                             const Scope& scope) const override {
    return PassOn(state, state.output.get(), std::move(result), scope);
  }

  Result<json::value> PassOn(const State&, const Template* output, json::value effective,
                             const Scope& scope) const override {
    if (output == nullptr) return effective;
    return output->Evaluate(scope);
  }

  Result<json::value> Caught(const Catcher& catcher, json::value, json::value error,
                             const Scope& scope) const override {
    if (catcher.output == nullptr) return error;
    return catcher.output->Evaluate(scope);
  }
};

}  // namespace

const InputOutput& InputOutputOf(QueryLanguage language) {
  static const JsonPathPipeline kJsonPath;
  static const JsonataPipeline kJsonata;
  if (language == QueryLanguage::kJsonata) return kJsonata;
  return kJsonPath;
}

}  // namespace penstock::workflow
