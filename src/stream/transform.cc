#include "stream/transform.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "stream/builtin_transform.h"
#include "stream/lambda_transform.h"

namespace penstock::stream {

Result<TransformSpec> ReadTransformSpec(const json::value& value) {
  TransformSpec spec;
  const auto* object = value.if_object();
  if (object != nullptr && object->contains("command")) {
    spec.handler = *object;
  } else {
    const auto* list = object != nullptr && object->size() == 1 ? object->if_contains("built_in") : nullptr;
    if (list == nullptr || !list->is_array()) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("transform: expected {{built_in: [NAME: SETTINGS, …]}}, or a handler as "
                                   "{{command: [PROGRAM, …]}}, got {}",
                                   JsonText(value).substr(0, 80)));
    }
    spec.built_in = list->get_array();
    for (auto& step : spec.built_in) {
      if (step.is_string()) step = json::object{{step.get_string(), json::object()}};
    }
  }
  RETURN_IF_ERROR(CheckTransformSpec(spec));
  return spec;
}

Status CheckTransformSpec(const TransformSpec& spec) {
  if (spec.handler) return ReadHandlerSpec(*spec.handler, "").status();
  SystemClock clock;
  Random random(0);
  return BuiltinTransform::Make(spec.built_in, StepContext{nullptr, clock, random}).status();
}

Result<std::unique_ptr<Transform>> MakeTransform(const StreamSpec& spec, const TransformOptions& options,
                                                 Clock& clock, Random& random, Logger logger) {
  if (spec.transform.handler) return MakeLambdaTransform(spec, options, clock, random, std::move(logger));
  if (spec.transform.empty()) return std::unique_ptr<Transform>();
  return BuiltinTransform::Make(spec.transform.built_in, StepContext{options.environment, clock, random});
}

}  // namespace penstock::stream
