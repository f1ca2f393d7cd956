// One run of a pipeline: the sessions from one day to another, fetched in one request a symbol, into the
// lake.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::workflow {
class Engine;
}

namespace penstock::pipeline {

struct RunRequest {
  Date from, to;       // sessions, both included
  json::object input;  // laid over the execution's input
  std::string name;    // of the execution; empty: a function of the input, so that a run is found again
  bool again = false;  // ask and process once more what the marker says is done
  std::vector<std::string> symbols = {};  // of the pipeline's; empty: all
};

struct RunReport {
  Date from, to;
  std::string execution;      // empty: nothing was to do
  bool already_done = false;  // every symbol's answer was kept and processed before
  json::object summary;       // as the transform step gives it
  int64_t symbols = 0;
  int64_t not_fetched = 0;  // in the dead-letter queue
  int64_t quarantined = 0;  // not asked for: the provider did not know them for some runs
  double seconds = 0;

  int64_t Count(std::string_view key) const;  // of the summary, 0 when absent
  bool some_failed() const { return not_fetched > 0 || Count("dead_lettered") > 0; }
};

// Runs (or takes up again) the execution for these days, and writes its summary object. Symbols whose answer
// for exactly these days is in the marker already are not asked for again, unless it held no good row and the
// days are recent: it may have come too early. Symbols in quarantine are left alone until they are probed.
// Configuration: a day that is no session, or one whose session is not over. Usage: the name belongs to
// another run. Conflict: another process runs the same now. A failed execution gives TaskFailed.
Result<RunReport> RunPipeline(const Pipeline& pipeline, const Runtime& runtime, workflow::Engine& engine,
                              const RunRequest& request, std::stop_token stop);

// How long after its close a session's bars are asked for: closing auctions, late prints.
inline constexpr std::chrono::minutes kSettleTime{30};

// The newest session that can be run now.
Result<Date> LastSession(const Pipeline& pipeline, TimePoint now);

}  // namespace penstock::pipeline
