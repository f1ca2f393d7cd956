#include "cli/scheduled_runs.h"

#include <fmt/format.h>

#include "cli/demo.h"
#include "cli/family_verbs.h"
#include "workflow/engine.h"

namespace penstock::cli {

Result<ScheduledPipelines> LoadSchedules(const std::vector<std::string>& names) {
  ScheduledPipelines out;
  std::map<std::string, std::string> folders;
  for (const auto& name : names.empty() ? pipeline::LocalPipelines() : names) {
    ASSIGN_OR_RETURN(auto loaded, pipeline::LoadPipeline(name));
    // A stream is served without one.
    if (loaded.config.schedules.empty() && !loaded.config.stream) {
      if (names.empty()) continue;
      return MakeError(ErrorCode::kConfiguration, fmt::format("{} has no schedules", loaded.config.file),
                       "docs/schedules.md shows how to write some");
    }
    const auto [other, fresh] = folders.try_emplace(loaded.name(), loaded.folder);
    if (!fresh && other->second == loaded.folder) continue;
    if (!fresh) {
      return MakeError(ErrorCode::kConfiguration, fmt::format("two pipelines have the name {}: {} and {}",
                                                              loaded.name(), other->second, loaded.folder));
    }
    for (const auto& config : loaded.config.schedules) {
      ASSIGN_OR_RETURN(auto schedule, serve::Schedule::Make(loaded.name(), config));
      out.schedules.push_back(std::move(schedule));
    }
    out.pipelines.push_back(std::move(loaded));
  }
  return out;
}

ScheduledRuns::ScheduledRuns(Session& session, Workspace& workspace, const ScheduledPipelines& loaded,
                             RunTarget target)
    : session_(session), workspace_(workspace), target_(std::move(target)) {
  for (const auto& pipeline : loaded.pipelines) places_[pipeline.name()].folder = pipeline.folder;
}

Result<serve::RunOutcome> ScheduledRuns::Run(const serve::Schedule& schedule, TimePoint occurrence,
                                             const std::string& execution, std::stop_token stop) {
  Place& place = places_.at(schedule.pipeline());
  std::lock_guard running(place.running);
  if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped before " + execution);
  std::unique_lock opening(opening_);
  ASSIGN_OR_RETURN(auto loaded, pipeline::LoadPipeline(place.folder));
  if (target_.demo) PrepareDemo(loaded);
  ASSIGN_OR_RETURN(const auto shop,
                   PipelineWorkshop::Open(session_, workspace_, std::move(loaded), {target_, nullptr}));
  opening.unlock();

  // It may have ended just before its process died.
  const auto known = shop->engine().Describe(execution);
  if (known.ok() && known->status != workflow::ExecutionStatus::kRunning &&
      known->status != workflow::ExecutionStatus::kSucceeded) {
    return serve::RunOutcome{serve::RunResult::kFailed, fmt::format("execution {} failed: {}: {}", execution,
                                                                    known->error, known->cause)};
  }
  return VerbsOf(shop->pipeline().family()).run_occurrence(*shop, schedule, occurrence, execution, stop);
}

}  // namespace penstock::cli
