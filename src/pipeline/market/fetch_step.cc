#include <fmt/format.h>

#include "pipeline/layout.h"
#include "pipeline/market/coverage.h"
#include "pipeline/market/steps.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/step.h"
#include "source/source.h"
#include "store/object_store.h"

namespace penstock::pipeline {

Result<json::value> RunFetchStep(const StepContext& context, const json::value& input) {
  source::FetchSpec spec;
  ASSIGN_OR_RETURN(spec.symbol, GetString(input, "symbol"));
  ASSIGN_OR_RETURN(const std::string from, GetString(input, "from"));
  ASSIGN_OR_RETURN(const std::string to, GetString(input, "to"));
  ASSIGN_OR_RETURN(spec.from, ParseDate(from));
  ASSIGN_OR_RETURN(spec.to, ParseDate(to));

  const Runtime& runtime = context.runtime;
  const Logger log = runtime.log.With({"execution", context.execution});
  auto fetched = runtime.source->Fetch(spec, context.stop);
  if (CodeOf(fetched.status()) == ErrorCode::kNotFound) {
    ASSIGN_OR_RETURN(const bool quarantined,
                     RecordUnknown(context.pipeline, runtime, RawKey{spec.symbol, spec.from, spec.to, ""}));
    if (quarantined) {
      runtime.progress->Advance(1);
      log.Info("still_unknown", {{"symbol", spec.symbol}});
      return json::object{{"symbol", spec.symbol}, {"unknown", true}};
    }
  }
  if (!fetched.ok()) {
    runtime.progress->Advance(1, 1);
    log.Warning("fetch_failed", {{"symbol", spec.symbol},
                                 {"error", NameOf(CodeOf(fetched.status()))},
                                 {"cause", fetched.status().message()}});
    return WithContext(fetched.status(), spec.symbol);
  }
  const RawKey raw{spec.symbol, spec.from, spec.to, fetched->extension};
  const std::string key = raw.ToKey(context.pipeline.config.prefix);
  ASSIGN_OR_RETURN(const auto put, runtime.store->Put(key, fetched->body));
  runtime.progress->Advance(1);
  log.Debug("fetched",
            {{"symbol", spec.symbol}, {"key", key}, {"bytes", put.size}, {"url", fetched->masked_url}});
  return json::object{{"symbol", spec.symbol},
                      {"key", key},
                      {"bytes", put.size},
                      {"fetched_at", FormatTimestamp(fetched->fetched_at)}};
}

}  // namespace penstock::pipeline
