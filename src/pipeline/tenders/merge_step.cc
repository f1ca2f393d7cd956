#include <fmt/format.h>

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "pipeline/tenders/notice_readers.h"
#include "pipeline/tenders/steps.h"
#include "pipeline/tenders/year_merge.h"

namespace penstock::pipeline {

Result<json::value> RunMergeYearStep(const StepContext& context, const json::value& input) {
  ASSIGN_OR_RETURN(const int64_t year, GetInt(input, "year"));
  if (year < 1000 || year > 9999)
    return MakeError(ErrorCode::kUsage, fmt::format("merge_year: no year: {}", year));
  ASSIGN_OR_RETURN(const NoticeReaders readers, ReadersOf(context.pipeline));
  MergeOptions options;
  options.stop = context.stop;
  ASSIGN_OR_RETURN(options.again, GetBoolOr(input, "again", false));
  ASSIGN_OR_RETURN(const YearMerge done, MergeYear(context.pipeline, context.runtime, readers.schemas,
                                                   static_cast<int>(year), options));
  return done.ToJson();
}

}  // namespace penstock::pipeline
