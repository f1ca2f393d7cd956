#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/family_verbs.h"
#include "cli/pipeline_bucket.h"
#include "cli/session.h"
#include "pipeline/pipeline.h"

namespace penstock::cli {
namespace {

Result<int> Run(Session& session, const RunOptions& options) {
  if (options.target.demo && session.options.bucket.empty()) session.options.bucket = "demo";
  ASSIGN_OR_RETURN(auto loaded, LoadWithBucket(session, options.pipeline));
  if (!options.step.empty()) return RunStep(session, std::move(loaded), options);
  const auto run = VerbsOf(loaded.family()).run;
  return run(session, std::move(loaded), options);
}

}  // namespace

void AddRunCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto* verb = app.add_subcommand("run", "fetch what is new and bring it into the lake");
  verb->add_option("pipeline", options->pipeline, "a pipeline's name or folder")->required();
  verb->add_option("--date", options->date, "daily bars: one session; default: the last one that is over");
  verb->add_option("--from", options->from,
                   "daily bars: first day, fetched in one request a symbol up to --to");
  verb->add_option("--to", options->to, "last day; default: the last session that is over");
  verb->add_option("--input", options->input, "a JSON object laid over the execution's input");
  verb->add_option("--step", options->step, "only this step of the workflow; its input is --input alone");
  verb->add_option("--name", options->name, "of the execution; the same name is run once");
  verb->add_flag("--again", options->again, "ask and process once more, also what is done (corrected data)");
  options->target.AddTo(*verb);
  verb->footer(
      "Examples:\n"
      "  penstock run ftse100 --live\n"
      "  penstock run sp500 --from 2024-01-02 --to 2024-12-31\n"
      "  penstock run sp500 --demo\n"
      "  penstock run ted --input '{\"year\":2019,\"month\":3}'\n"
      "  penstock run ted --step merge_year --input '{\"year\":2019}'");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Run(session, *options); }; });
}

}  // namespace penstock::cli
