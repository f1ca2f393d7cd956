// The steps of pipelines of tender notices.
#pragma once

#include "pipeline/step.h"

namespace penstock::pipeline {

// {"year":2019,"month":3} (or with "issues", source/ted/packages.h) →
// {"archives":[{"archive","bytes","sha256",
// "year","month","unchanged","resumed_at","generated"}…],"transferred","unchanged","bytes"}: brings the
// packages into raw/2019/03/ and sends a message for each to the queue of archives; for one that was there
// and has not changed, too, so that what a killed run left behind is done.
Result<json::value> RunStartTransferJobStep(const StepContext& context, const json::value& input);

}  // namespace penstock::pipeline
