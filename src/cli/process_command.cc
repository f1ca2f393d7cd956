#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/process.h"

namespace penstock::cli {
namespace {

struct ProcessOptions {
  std::string pipeline;
  std::string date;
  bool again = false;
};

Result<int> Process(Session& session, const ProcessOptions& options) {
  ASSIGN_OR_RETURN(auto loaded, pipeline::LoadPipeline(options.pipeline));
  pipeline::ProcessOptions process;
  process.again = options.again;
  process.stop = session.stop();
  if (!options.date.empty()) {
    const auto day = ParseDate(options.date);
    if (!day.ok()) return MakeError(ErrorCode::kUsage, fmt::format("--date: {}", day.status().message()));
    process.only = *day;
  }
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto shop,
                   PipelineWorkshop::Open(session, workspace, std::move(loaded), {{}, &progress}));
  ASSIGN_OR_RETURN(const auto summaries, pipeline::ProcessRaw(shop->pipeline(), shop->runtime(), process));
  Rows rows{{"raw_day", "files", "done_before", "read", "accepted", "rejected", "in_dlq", "partitions"}, {}};
  int64_t dead = 0, fresh = 0;
  for (const auto& summary : summaries) {
    rows.Add({json::value(FormatDate(summary.date)), json::value(summary.files),
              json::value(summary.files_skipped), json::value(summary.read), json::value(summary.accepted),
              json::value(summary.rejected), json::value(summary.dead_lettered),
              json::value(summary.partitions_changed)});
    dead += summary.dead_lettered;
    fresh += summary.files - summary.files_skipped;
  }
  session.PrintRows(rows);
  if (summaries.empty()) {
    session.Remark("There are no raw objects" + std::string(options.date.empty() ? "" : " of that day") +
                   ".\n");
  } else if (fresh == 0) {
    session.Remark("Nothing to do: every raw object was processed before. --again does it all the same.\n");
  }
  if (dead > 0) session.Remark(fmt::format("{} in the dead-letter queue: see `penstock dlq ls`\n", dead));
  return dead > 0 ? 1 : 0;
}

}  // namespace

void AddProcessCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ProcessOptions>();
  auto* verb = app.add_subcommand("process", "raw objects without a marker into the lake (backfill)");
  verb->add_option("pipeline", options->pipeline, "a pipeline's name or folder")->required();
  verb->add_option("--date", options->date, "only of this raw day");
  verb->add_flag("--again", options->again, "also what was processed before");
  verb->footer(
      "After a change of rules, raise rule_version in pipeline.yaml and say: penstock process sp500");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Process(session, *options); }; });
}

}  // namespace penstock::cli
