#include "cli/collector_function.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "cli/demo.h"
#include "cli/family_verbs.h"
#include "cli/workspace.h"
#include "pipeline/execution_run.h"
#include "pipeline/stream/collection.h"

namespace penstock::cli {
namespace {

Result<json::object> CollectOnce(Session& session, const std::string& folder, const RunTarget& target,
                                 const json::object& parameters, std::stop_token stop) {
  ASSIGN_OR_RETURN(auto loaded, pipeline::LoadPipeline(folder));
  RETURN_IF_ERROR(pipeline::PlanCollection(loaded, parameters, session.clock().Now()).status());
  const std::string name = fmt::format("{}-{}", loaded.config.collect.function, RandomUuid(session.random()));
  Workspace workspace(session, Workspace::Bucket::kMake);
  ASSIGN_OR_RETURN(const auto shop,
                   PipelineWorkshop::Open(session, workspace, std::move(loaded), {target, nullptr}));
  const pipeline::Pipeline& pipeline = shop->pipeline();
  ASSIGN_OR_RETURN(const auto report, pipeline::RunExecution(pipeline, shop->runtime(), shop->engine(),
                                                             {InputOf(pipeline, parameters), name}, stop));
  RETURN_IF_ERROR(shop->Deliver(stop));
  json::object body = report.summary;
  ASSIGN_OR_RETURN(const int64_t bars, GetIntOr(body, "bars", 0));
  ASSIGN_OR_RETURN(const int64_t failed, GetIntOr(body, "failed", 0));
  ASSIGN_OR_RETURN(const int64_t tickers, GetIntOr(body, "tickers", 0));
  body.erase("bars");
  json::object answer{{"count", bars}};
  for (const auto& member : body) answer[member.key()] = member.value();
  answer["stream"] = pipeline.config.stream->name;
  answer["execution"] = report.execution;
  if (failed > 0) {
    answer["statusCode"] = failed == tickers ? 502 : 207;
    answer["advice"] = fmt::format("what failed is in the dead-letter queue: penstock dlq ls --pipeline {}",
                                   pipeline.name());
  }
  return answer;
}

}  // namespace

std::map<std::string, serve::Function> CollectorFunctions(Session& session,
                                                          const std::vector<pipeline::Pipeline>& pipelines,
                                                          const RunTarget& target) {
  std::map<std::string, serve::Function> functions;
  for (const auto& pipeline : pipelines) {
    if (pipeline.family() != source::Family::kStream) continue;
    functions[pipeline.config.collect.function] = [&session, folder = pipeline.folder, target](
                                                      const json::object& parameters, std::stop_token stop) {
      return CollectOnce(session, folder, target, parameters, stop);
    };
  }
  return functions;
}

Result<int> RunStream(Session& session, pipeline::Pipeline pipeline, const RunOptions& options) {
  ASSIGN_OR_RETURN(json::object given, ParseInput(options));
  if (options.target.demo && options.input.empty() && pipeline.config.demo)
    given = pipeline.config.demo->input;
  // What cannot be is said before anything is made.
  RETURN_IF_ERROR(pipeline::PlanCollection(pipeline, given, session.clock().Now()).status());
  return RunWorkflow(session, std::move(pipeline), options);
}

}  // namespace penstock::cli
