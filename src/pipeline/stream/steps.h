// The steps of pipelines that collect bars onto a stream.
#pragma once

#include "base/json.h"
#include "base/status.h"

namespace penstock::pipeline {

struct StepContext;

// {"date", "tickers"} (pipeline/stream/collection.h) → {"date", "open", "close", "half_day", "items":
// [{"ticker", "date"}…]}: the session in UTC, and what collect_bars takes, ticker by ticker.
Result<json::value> RunPlanCollectionStep(const StepContext& context, const json::value& input);

// {"ticker", "date"} → {"ticker", "asked_as", "bars", "empty", "outside", "unfinished", "repeated",
// "generated", "raw"}: asks the provider for the session's minute bars, keeps the answer as received, and
// puts each bar on the pipeline's stream. Doing it again puts the bars again: the table has each (name, ts)
// once. A ticker that the provider does not know, or has no bar of, is asked for by the name that its company
// has today, and stored under the one asked for; "asked_as" says which it was. NotFound: neither is known, or
// has a bar in the session.
Result<json::value> RunCollectBarsStep(const StepContext& context, const json::value& input);

}  // namespace penstock::pipeline
