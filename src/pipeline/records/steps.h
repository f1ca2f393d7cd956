// The steps of pipelines of records, as their workflow names them; pipeline/step.cc lists them with what they
// may do.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace penstock::pipeline {

struct StepContext;

// {"keys": [only these]} or anything without them → {"count", "items": key of an object with the list that
// follows, "results": prefix of what this run's series come to, "wrong": [{"key", "why"}] of the first
// hundred, "wrong_count"}. The list: [{"key", "query", "since"}], what fetch_series takes; `since` is when
// the run began, YYYYMMDDhhmmss. A key that is wrong is logged and left out.
Result<json::value> RunListSeriesStep(const StepContext& context, const json::value& input);
// {"key", "query", "since"} → {"key", "raw": [keys of the stored pages], "bytes"}; before them those that an
// attempt since then kept and did not come to process: it was killed. Without `since`, of all times.
Result<json::value> RunFetchSeriesStep(const StepContext& context, const json::value& input);
// "raw" of what fetch_series gives, and process_series takes. InvalidData.
Result<std::vector<std::string>> RawOf(const json::value& value);
// {"key", "raw"} → {"key", "files", "rows", "failed"}: of one series alone, as its dead letters are done
// again. An answer that cannot be read goes to the dead-letter queue and counts as failed.
Result<json::value> RunProcessSeriesStep(const StepContext& context, const json::value& input);
// {"list": what list_series gave, "results": what each fetch came to, [{"key", "raw"}, or {"key", "failed":
// 1}], or what a ResultWriter gives whose files hold these} → {"summary": {"series", "answered", "files",
// "rows", "wrong", "failed"}, "wrong": […]}. All that was fetched is processed in one go, for the catalog is
// one object: written for each of its tables it would cost the square of them.
Result<json::value> RunProcessFetchedStep(const StepContext& context, const json::value& input);

}  // namespace penstock::pipeline
