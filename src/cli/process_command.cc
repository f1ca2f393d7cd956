#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/family_verbs.h"
#include "cli/pipeline_bucket.h"
#include "cli/session.h"
#include "pipeline/pipeline.h"

namespace penstock::cli {
namespace {

Result<int> Process(Session& session, const ProcessOptions& options) {
  ASSIGN_OR_RETURN(auto loaded, LoadWithBucket(session, options.pipeline));
  const auto process = VerbsOf(loaded.family()).process;
  return process(session, std::move(loaded), options);
}

}  // namespace

void AddProcessCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ProcessOptions>();
  auto* verb = app.add_subcommand("process", "raw objects that are not in the lake yet into it (backfill)");
  verb->add_option("pipeline", options->pipeline, "a pipeline's name or folder")->required();
  verb->add_option("--date", options->date, "only of this raw day");
  verb->add_flag("--again", options->again, "also what was processed before");
  verb->footer(
      "After a change of rules, raise rule_version in pipeline.yaml and say: penstock process sp500");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Process(session, *options); }; });
}

}  // namespace penstock::cli
