// `run PIPELINE --step NAME`: one step of a pipeline's state machine, without the others.
#include <fmt/format.h>

#include <algorithm>

#include "base/spelling.h"
#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/step.h"

namespace penstock::cli {
namespace {

// Those that the state machine calls: steps of another family would find nothing that they work with.
std::vector<std::string> StepsOf(const pipeline::Pipeline& pipeline) {
  std::vector<std::string> names;
  for (const auto& step : pipeline::Steps()) {
    if (pipeline.workflow.find(fmt::format("\"{}\"", step.name)) != std::string::npos)
      names.emplace_back(step.name);
  }
  return names;
}

Status CheckStep(const pipeline::Pipeline& pipeline, const RunOptions& options) {
  const auto known = StepsOf(pipeline);
  if (std::find(known.begin(), known.end(), options.step) == known.end()) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("--step: {} has no step of this name: {}{}", pipeline.name(), options.step,
                                 DidYouMean(options.step, known)),
                     fmt::format("its steps: {}", fmt::join(known, ", ")));
  }
  for (const auto& [option, given] : {std::pair("--date", !options.date.empty()),
                                      {"--from", !options.from.empty()},
                                      {"--to", !options.to.empty()},
                                      {"--name", !options.name.empty()},
                                      {"--again", options.again}}) {
    if (!given) continue;
    return MakeError(ErrorCode::kUsage, fmt::format("--step goes without {}", option),
                     "say what the step is to do by --input");
  }
  return Status::OK();
}

bool SomeFailed(const json::value& output) {
  const auto* object = output.if_object();
  if (object == nullptr) return false;
  for (const char* key : {"failed", "refused"}) {
    const auto* count = object->if_contains(key);
    if (count != nullptr && count->is_int64() && count->get_int64() > 0) return true;
  }
  return false;
}

}  // namespace

Result<int> RunStep(Session& session, pipeline::Pipeline loaded, const RunOptions& options) {
  RETURN_IF_ERROR(CheckStep(loaded, options));
  ASSIGN_OR_RETURN(const json::object input, ParseInput(options));
  ASSIGN_OR_RETURN(const pipeline::Step* step, pipeline::FindStep(options.step));
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  Workspace workspace(session, Workspace::Bucket::kMake);
  ASSIGN_OR_RETURN(const auto shop, PipelineWorkshop::Open(session, workspace, std::move(loaded),
                                                           {options.target, &progress}));
  const std::string name = "step-" + options.step;
  const pipeline::StepContext context{shop->pipeline(), shop->runtime(), name, session.stop()};
  const auto output = step->run(context, input);
  progress.End();
  RETURN_IF_ERROR(output.status());
  RETURN_IF_ERROR(shop->Deliver(session.stop()));
  session.Print(ToPrettyJson(*output));
  return SomeFailed(*output) ? 1 : 0;
}

}  // namespace penstock::cli
