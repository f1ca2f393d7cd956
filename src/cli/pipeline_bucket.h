// Which bucket a command about a pipeline works in: --bucket, else PENSTOCK_BUCKET, else the one that the
// pipeline's own environment names (kind iex: IEX_S3_BUCKET), else ./lake.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "pipeline/pipeline.h"

namespace penstock::cli {

class Session;

// Loads the pipeline, and makes its bucket the session's. Configuration, beside what LoadPipeline says: a
// kind whose bucket the environment has to name, and nothing names one.
Result<pipeline::Pipeline> LoadWithBucket(Session& session, std::string_view name);

// For several pipelines at once: the bucket that the environment of one of them names, where the command line
// names none.
Status AdoptBucket(Session& session, const std::vector<pipeline::Pipeline>& pipelines);

}  // namespace penstock::cli
