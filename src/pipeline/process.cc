#include "pipeline/process.h"

#include <map>
#include <set>

#include "lake/table_spec.h"
#include "pipeline/layout.h"
#include "pipeline/publish.h"
#include "store/object_store.h"

namespace penstock::pipeline {

Result<std::vector<TransformSummary>> ProcessRaw(const Pipeline& pipeline, const Runtime& runtime,
                                                 const ProcessOptions& options) {
  const std::string& prefix = pipeline.config.prefix;
  ASSIGN_OR_RETURN(
      const auto objects,
      store::ListAll(*runtime.store, options.only ? RawPrefix(prefix, *options.only) : RawPrefix(prefix)));
  const std::set<std::string> wanted(options.keys.begin(), options.keys.end());
  std::map<Date, std::vector<RawObject>, std::greater<>> days;
  for (const auto& object : objects) {
    if (!wanted.empty() && !wanted.contains(object.key)) continue;
    ASSIGN_OR_RETURN(const Date day, lake::PartitionOfKey(object.key));
    days[day].push_back({object.key, std::nullopt});
  }
  std::vector<TransformSummary> summaries;
  for (const auto& [day, raw] : days) {
    TransformOptions transform;
    transform.again = options.again;
    transform.stop = options.stop;
    ASSIGN_OR_RETURN(auto summary, Transform(pipeline, runtime, day, raw, transform));
    summaries.push_back(std::move(summary));
  }
  if (!summaries.empty()) RETURN_IF_ERROR(PublishTables(pipeline, runtime).status());
  return summaries;
}

}  // namespace penstock::pipeline
