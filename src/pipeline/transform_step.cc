#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "pipeline/transform.h"

namespace penstock::pipeline {

Result<json::value> RunTransformStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const std::string day, GetString(input, "date"));
  ASSIGN_OR_RETURN(const Date date, ParseDate(day));
  const auto* list = input.get_object().if_contains("raw");
  if (list == nullptr || !list->is_array()) {
    return MakeError(ErrorCode::kInvalidData,
                     "transform: \"raw\": expected the list that the fetch steps made");
  }
  std::vector<RawObject> raw;
  for (const auto& item : list->get_array()) {
    ASSIGN_OR_RETURN(std::string key, GetStringOr(item, "key", ""));
    if (key.empty()) continue;  // not fetched: in the dead-letter queue already
    RawObject object{std::move(key), std::nullopt};
    if (item.get_object().contains("fetched_at")) {
      ASSIGN_OR_RETURN(const std::string at, GetString(item, "fetched_at"));
      ASSIGN_OR_RETURN(object.fetched_at, ParseTimestamp(at));
    }
    raw.push_back(std::move(object));
  }
  TransformOptions options;
  options.stop = context.stop;
  options.execution = context.execution;
  ASSIGN_OR_RETURN(TransformSummary summary,
                   Transform(context.pipeline, context.runtime, date, raw, options));
  json::object out = summary.ToJson();
  out["not_fetched"] = static_cast<int64_t>(list->get_array().size() - raw.size());
  return out;
}

}  // namespace penstock::pipeline
