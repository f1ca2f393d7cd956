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

// {…} → {"archives","already","notices","lots","awards","refused","passed_over","failed","waiting","years"}:
// extracts the archives of the pipeline's queue until none is to be had now. `already`: of these archives
// those that were extracted before, whose counts are told again. A message is hidden from others for as long
// as its archive is worked on; one whose archive failed comes back later, and after three times, or at once
// where trying again cannot help, it is in the dead-letter queue (`failed`). `waiting`: messages still to
// come.
// {"archives":[key…]} → the same of these, without the queue; the first failure is the step's. With "entry":
// what a dead letter of a refused entry names: InvalidData while it is still refused; with "refused": true,
// while any is. With "again": true, also what is done.
Result<json::value> RunStartExtractJobStep(const StepContext& context, const json::value& input);

// {"year":2019} → {"year","already_done","files","notices","lots","awards","superseded"}: all that was
// extracted of the year in one file a table (year_merge.h). With "again": true, also when nothing is new.
Result<json::value> RunMergeYearStep(const StepContext& context, const json::value& input);

}  // namespace penstock::pipeline
