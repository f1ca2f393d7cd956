// run, dlq redrive and serve for pipelines whose runs are executions of their state machine and no more.
#include <fmt/format.h>

#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "pipeline/execution_run.h"
#include "pipeline/step.h"

namespace penstock::cli {
namespace {

// "41 fetched, 2 failed": the counts of a summary, in its order.
std::string CountsText(const json::object& summary) {
  std::string text;
  for (const auto& member : summary) {
    if (!member.value().is_int64()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", Grouped(member.value().get_int64()),
                        std::string_view(member.key()));
  }
  return text.empty() ? "done" : text;
}

Status CheckOptions(const pipeline::Pipeline& pipeline, const RunOptions& options) {
  for (const auto& [option, given] : {std::pair("--date", !options.date.empty()),
                                      {"--from", !options.from.empty()},
                                      {"--to", !options.to.empty()},
                                      {"--again", options.again}}) {
    if (!given) continue;
    return MakeError(
        ErrorCode::kUsage,
        fmt::format("{} is for pipelines of daily bars, and {} is none", option, pipeline.name()),
        "say what is to be done by --input");
  }
  return Status::OK();
}

}  // namespace

json::object InputOf(const pipeline::Pipeline& pipeline, const json::object& given) {
  json::object input{{"pipeline", pipeline.name()}};
  for (const auto& member : given) input[member.key()] = member.value();
  return input;
}

Result<int> RunWorkflow(Session& session, pipeline::Pipeline loaded, const RunOptions& options) {
  RETURN_IF_ERROR(CheckOptions(loaded, options));
  ASSIGN_OR_RETURN(json::object given, ParseInput(options));
  if (options.target.demo && options.input.empty() && loaded.config.demo) given = loaded.config.demo->input;
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  Workspace workspace(session, Workspace::Bucket::kMake);
  ASSIGN_OR_RETURN(const auto shop, PipelineWorkshop::Open(session, workspace, std::move(loaded),
                                                           {options.target, &progress}));
  const pipeline::Pipeline& pipeline = shop->pipeline();
  RETURN_IF_ERROR(VerbsOf(pipeline.family()).check_run(*shop));
  const bool for_people = session.format() == OutputFormat::kTable;
  if (for_people && !session.options.quiet && options.target.demo) {
    session.Print(fmt::format("{}: recorded and generated data of the replay server\n\n",
                              Bold(session.out(), pipeline.name())));
  }
  ASSIGN_OR_RETURN(const auto report,
                   pipeline::RunExecution(pipeline, shop->runtime(), shop->engine(),
                                          {InputOf(pipeline, given), options.name}, session.stop()));
  RETURN_IF_ERROR(shop->Deliver(session.stop()));
  const int code = report.some_failed() ? 1 : 0;
  if (!for_people) {
    json::object row{{"execution", report.execution}, {"already_done", report.already_done}};
    row.insert(report.summary.begin(), report.summary.end());
    session.PrintRows(OneRow(row));
    return code;
  }
  session.Print(fmt::format("{}{}: {}, {:.1f} s\n", report.execution,
                            report.already_done ? " (was done before)"
                            : report.taken_up   ? " (taken up where it was stopped)"
                                                : "",
                            CountsText(report.summary), report.seconds));
  if (const std::string server = shop->streams_served_by(); !server.empty()) {
    session.Remark(fmt::format(
        "The records are with {}, which delivers them as the stream's buffering says.\n", server));
  }
  if (code != 0) {
    session.Remark(fmt::format("Some work is in the dead-letter queue: see `{} dlq ls --pipeline {}`\n",
                               session.program, pipeline.name()));
  }
  return code;
}

Status DoStepAgain(const PipelineWorkshop& shop, const pipeline::DeadLetter& letter, std::stop_token stop) {
  const pipeline::StepContext context{shop.pipeline(), shop.runtime(), letter.execution, stop};
  auto step = pipeline::FindStep(letter.step);
  RETURN_IF_ERROR(WithContext(step.status(), "the message names no step that can be done again"));
  RETURN_IF_ERROR((*step)->run(context, letter.input).status());
  return shop.Deliver(stop);
}

Result<serve::RunOutcome> RunWorkflowOccurrence(PipelineWorkshop& shop, const serve::Schedule& schedule,
                                                TimePoint, const std::string& execution,
                                                std::stop_token stop) {
  RETURN_IF_ERROR(VerbsOf(shop.pipeline().family()).check_run(shop));
  ASSIGN_OR_RETURN(
      const auto report,
      pipeline::RunExecution(shop.pipeline(), shop.runtime(), shop.engine(),
                             {InputOf(shop.pipeline(), schedule.config().input), execution}, stop));
  RETURN_IF_ERROR(shop.Deliver(stop));
  return serve::RunOutcome{
      report.some_failed() ? serve::RunResult::kIncomplete : serve::RunResult::kSucceeded,
      CountsText(report.summary)};
}

}  // namespace penstock::cli
