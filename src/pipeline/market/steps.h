// The steps of pipelines of daily bars (pipeline/step.h says what a step is).
#pragma once

#include "base/json.h"
#include "base/status.h"

namespace penstock::pipeline {

struct StepContext;

// {"symbol","from","to"} → {"symbol","key","bytes","fetched_at"}: asks the source once, keeps the answer as
// received. {"symbol","unknown":true} for one in quarantine that the provider still does not know.
Result<json::value> RunFetchStep(const StepContext& context, const json::value& input);
// {"date","raw":[{"key","fetched_at"}…]} → the summary of pipeline/market/transform.h as JSON. Entries
// without a key (not fetched) are counted and passed over.
Result<json::value> RunTransformStep(const StepContext& context, const json::value& input);
// {"execution","state":{"from","to","list"?}} →
// {"files":[{"symbol","from","to"}…],"offset","total","remaining", "wait_seconds"}: the next files that lack
// days, from a list that is made once an execution (pipeline/market/work_list.h). `list` is the answer of the
// round before.
Result<json::value> RunFetchFileNameStep(const StepContext& context, const json::value& input);
// {"Items":[{"symbol","from","to"}…],"BatchInput":{"execution"}} → counts: asks the provider for each, keeps
// the answers, and brings their rows into the symbols' files. What fails is in the dead-letter queue.
Result<json::value> RunProcessFileStep(const StepContext& context, const json::value& input);
// {"date"} → {"rows","requests",…}: what the provider knows of the companies, into the table `fundamentals`.
Result<json::value> RunFetchFundamentalDataStep(const StepContext& context, const json::value& input);
// {"state":{"statistics":{"location"},"published":{"transform"},…}} →
// {"transform","screener":{"rows","key"}}: the last bar of every symbol, joined with the statistics and the
// fundamentals, into the table `screener`.
Result<json::value> RunMergeScreenerDataStep(const StepContext& context, const json::value& input);
// {"date","transform":{…}} → {"tables":[…],"transform":{…}}: registers the tables in the catalog. With
// "execution" instead of "transform": closes what process_file did in that execution, and sums it up.
Result<json::value> RunPublishStep(const StepContext& context, const json::value& input);

}  // namespace penstock::pipeline
