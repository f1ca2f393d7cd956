#include "stream/transform.h"

#include <fmt/format.h>

#include <utility>

#include "stream/builtin_transform.h"
#include "stream/lambda_transform.h"
#include "stream/transform_settings.h"

namespace penstock::stream {

Result<TransformSpec> ReadTransformSpec(const json::value& value, std::string_view where) {
  TransformSpec spec;
  const auto* object = value.if_object();
  if (object != nullptr && object->contains("command")) {
    spec.handler = *object;
  } else if (value.is_object() || value.is_string()) {
    spec.built_in = {value};
  } else if (const auto* list = value.if_array()) {
    spec.built_in = *list;
  } else {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("{}: expected a list of built-in transforms, or a handler as {{command: […]}}, "
                    "got {}",
                    where, DescribeValue(&value)));
  }
  for (auto& step : spec.built_in) {
    if (step.is_string()) step = json::object{{step.get_string(), json::object()}};
    if (const auto* named = step.if_object(); named != nullptr && named->contains("command")) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("{}: a handler stands alone, not in a list of built-in transforms", where));
    }
  }
  if (const Status status = CheckTransformSpec(spec); !status.ok()) {
    // The texts begin with "transform", as the key is mostly named.
    return where == "transform" ? status : WithContext(status, where);
  }
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
