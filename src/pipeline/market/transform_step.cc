#include "lake/marker.h"
#include "pipeline/market/steps.h"
#include "pipeline/market/transform.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"

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
  int64_t unknown = 0;  // probed in vain, which is no failure
  for (const auto& item : list->get_array()) {
    ASSIGN_OR_RETURN(std::string key, GetStringOr(item, "key", ""));
    if (key.empty()) {  // not fetched: in the dead-letter queue already
      if (item.is_object() && item.get_object().contains("unknown")) ++unknown;
      continue;
    }
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
  RETURN_IF_ERROR(lake::FoldMarkerShards(*context.runtime.store, context.pipeline.config.prefix,
                                         context.pipeline.name(), date));
  json::object out = summary.ToJson();
  out["not_fetched"] = static_cast<int64_t>(list->get_array().size() - raw.size()) - unknown;
  return out;
}

}  // namespace penstock::pipeline
