// The schedules of pipelines, and what an occurrence of one does: the last session that was over at its time.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cli/run_target.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/pipeline.h"
#include "serve/scheduler.h"

namespace penstock::cli {

struct ScheduledPipelines {
  std::vector<pipeline::Pipeline> pipelines;  // that have schedules or a stream
  std::vector<serve::Schedule> schedules;     // of all of them
};

// `names` empty: all below ./ and ./pipelines/ that have schedules or a stream. Configuration: one that was
// named has neither, or two pipelines have one name; mistakes with file and line.
Result<ScheduledPipelines> LoadSchedules(const std::vector<std::string>& names);

// Each occurrence opens its pipeline anew: changes of symbols, rules and workflow hold from the next one on.
class ScheduledRuns : public serve::OccurrenceRunner {
 public:
  // What it is given outlives it.
  ScheduledRuns(Session& session, Workspace& workspace, const ScheduledPipelines& loaded, RunTarget target);

  Result<serve::RunOutcome> Run(const serve::Schedule& schedule, TimePoint occurrence,
                                const std::string& execution, std::stop_token stop) override;

 private:
  struct Place {
    std::string folder;
    std::mutex running;  // one run of a pipeline at a time
  };

  Session& session_;
  Workspace& workspace_;
  std::mutex opening_;  // the workspace is for one thread at a time
  const RunTarget target_;
  std::map<std::string, Place> places_;  // by the pipeline's name
};

}  // namespace penstock::cli
