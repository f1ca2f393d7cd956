// Functions of `penstock serve` that collect bars onto a stream: one for each pipeline that has a collector.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/run_target.h"
#include "cli/session.h"
#include "pipeline/pipeline.h"
#include "serve/function_calls.h"

namespace penstock::cli {

// By the names that the pipelines give them. Each call is an execution of its own, which has ended when it
// answers {"count": bars put, "date", "tickers", …, "execution"}; "statusCode" 207 where some tickers failed,
// 502 where all did: they are in the dead-letter queue. Fails as PlanCollection. `session` outlives them.
std::map<std::string, serve::Function> CollectorFunctions(Session& session,
                                                          const std::vector<pipeline::Pipeline>& pipelines,
                                                          const RunTarget& target);

}  // namespace penstock::cli
