#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/dashboards.h"
#include "cli/pipeline_bucket.h"
#include "cli/query_runner.h"
#include "cli/session.h"
#include "cli/written_file.h"

namespace penstock::cli {
namespace {

struct DashboardOptions {
  std::string pipeline, out;
  std::vector<std::string> parameters;
};

Result<int> Dashboard(Session& session, const DashboardOptions& options) {
  ASSIGN_OR_RETURN(const auto parameters, ParseParameters(options.parameters));
  ASSIGN_OR_RETURN(const auto pipeline, LoadWithBucket(session, options.pipeline));
  ASSIGN_OR_RETURN(const std::string page, DashboardPage(session, pipeline, parameters, false));
  if (!options.out.empty()) return WriteTextFile(session, page, options.out);
  session.Print(page);
  return 0;
}

}  // namespace

void AddDashboardCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<DashboardOptions>();
  auto* verb =
      app.add_subcommand("dashboard", "a pipeline's saved queries as a page of charts and tables (HTML)");
  verb->add_option("pipeline", options->pipeline, "its name or folder")->required();
  verb->add_option("--param", options->parameters,
                   "NAME=VALUE for the queries that have it; may be given again")
      ->allow_extra_args(false);
  verb->add_option("--out", options->out, "write to this file instead of standard output");
  verb->footer(
      "Examples:\n"
      "  penstock dashboard ted --out ted.html\n"
      "  penstock dashboard ted --param currency=GBP --param year=2019 --out ted.html\n"
      "`penstock serve` has the same pages, with fields for the parameters, at /dashboards.");
  verb->callback([&session, &action, options] {
    action = [&session, options] { return Dashboard(session, *options); };
  });
}

}  // namespace penstock::cli
