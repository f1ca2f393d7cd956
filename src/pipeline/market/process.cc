#include "pipeline/market/process.h"

#include <map>

#include "lake/marker.h"
#include "lake/table_spec.h"
#include "pipeline/layout.h"
#include "pipeline/market/publish.h"
#include "store/object_store.h"

namespace penstock::pipeline {

Result<std::vector<TransformSummary>> ProcessRaw(const Pipeline& pipeline, const Runtime& runtime,
                                                 const ProcessOptions& options) {
  const std::string& prefix = pipeline.config.prefix;
  ASSIGN_OR_RETURN(
      const auto objects,
      store::ListAll(*runtime.store, options.only ? RawPrefix(prefix, *options.only) : RawPrefix(prefix)));
  std::map<Date, std::vector<RawObject>> fresh, judged;
  std::map<Date, std::optional<lake::Marker>> markers;
  for (const auto& object : objects) {
    if (object.key.starts_with(RawPrefix(prefix) + "fundamentals/")) continue;  // of no day of prices
    const auto day = lake::PartitionOfKey(object.key);
    if (!day.ok()) {
      runtime.log.Warning("not_a_raw_answer", {{"key", object.key}, {"why", "it lies in no dt=DAY/"}});
      continue;
    }
    if (!markers.contains(*day)) {
      ASSIGN_OR_RETURN(markers[*day], lake::ReadMarker(*runtime.store, prefix, pipeline.name(), *day));
    }
    const auto& marker = markers[*day];
    auto& days = marker && marker->inputs.contains(object.key) ? judged : fresh;
    days[*day].push_back({object.key, std::nullopt});
  }
  std::map<Date, TransformSummary> summaries;
  const auto transform = [&](Date day, const std::vector<RawObject>& raw) -> Status {
    TransformOptions one;
    one.again = options.again;
    one.stop = options.stop;
    ASSIGN_OR_RETURN(const auto summary, Transform(pipeline, runtime, day, raw, one));
    summaries[day].date = day;
    summaries[day].Add(summary);
    return Status::OK();
  };
  // Rules that look back (jump, stale) want the days in their order. What was judged before goes the other
  // way: of two versions of a row the newer must be judged under the new rules first
  // (lake/partition_merge.h).
  for (const auto& [day, raw] : fresh) RETURN_IF_ERROR(transform(day, raw));
  for (auto it = judged.rbegin(); it != judged.rend(); ++it)
    RETURN_IF_ERROR(transform(it->first, it->second));
  if (!summaries.empty()) RETURN_IF_ERROR(PublishTables(pipeline, runtime).status());
  std::vector<TransformSummary> out;
  for (auto& [day, summary] : summaries) out.push_back(std::move(summary));
  return out;
}

}  // namespace penstock::pipeline
