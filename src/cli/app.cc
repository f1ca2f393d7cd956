#include "cli/app.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <iostream>

#include "base/fault.h"
#include "base/spelling.h"
#include "cli/command.h"
#include "cli/session.h"
#include "cli/version.h"

namespace penstock::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  penstock run sp500 --demo                 a lake of recorded data in ./demo, in seconds
  penstock init mylake --template ftse100   a pipeline folder of your own
  penstock run mylake --live                the last session, from the provider
  penstock query "select symbol, close from ftse100.bars where dt = '2024-12-31'"
  penstock query --saved movers --pipeline ftse100
Exit codes: 0 done; 1 some work failed and is in the dead-letter queue; 2 usage or configuration.)";

// The verb that was meant, for a word that is none.
std::string Suggestion(const CLI::App& app, const std::string& word) {
  std::vector<std::string> verbs;
  for (const auto* sub : app.get_subcommands({})) verbs.push_back(sub->get_name());
  return DidYouMean(word, verbs);
}

// The innermost subcommand given, whose help fits the mistake; `path` becomes how it is called.
const CLI::App& Innermost(const CLI::App& app, std::string* path) {
  *path += (path->empty() ? "" : " ") + app.get_name();
  const auto given = app.get_subcommands();
  return given.empty() ? app : Innermost(*given.front(), path);
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  std::string path;
  const CLI::App& at = Innermost(app, &path);
  std::string text = error.what();
  if (&at == &app && argc > 1 && argv[1][0] != '-') {
    text = fmt::format("no such verb: {}{}", argv[1], Suggestion(app, argv[1]));
  } else if (const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error)) {
    std::vector<std::string> options;
    for (const auto* option : at.get_options()) options.push_back(option->get_name());
    for (const auto* option : app.get_options()) options.push_back(option->get_name());
    const std::string message = extras->what();
    const std::string word = message.substr(message.find_last_of(' ') + 1);
    text += DidYouMean(word, options);
  }
  std::cerr << "penstock: " << text << "\n  what to do: see `" << path << " --help`\n";
  return 2;
}

}  // namespace

int RunApp(int argc, char** argv, std::stop_token stop) {
  Session session(stop);
  if (argc > 0) session.program = argv[0];
  Action action;
  CLI::App app{"Market-data lake pipelines: fetch under quotas, keep the raw answers, validate, query."};
  app.name("penstock");
  app.set_version_flag("--version", std::string(kVersion));
  app.footer(kExamples);
  app.require_subcommand(1);
  app.fallthrough();
  app.get_formatter()->column_width(34);
  auto& options = session.options;
  app.add_option("--bucket", options.bucket,
                 "the lake: a folder or s3://NAME/PREFIX (PENSTOCK_BUCKET; default ./lake)");
  app.add_option("--output", options.output, "table, json, csv or ndjson");
  app.add_flag("--quiet", options.quiet, "results and errors only");
  app.add_option("--log-level", options.log_level, "debug, info, warning, error or off");

  AddInitCommand(app, session, action);
  AddRunCommand(app, session, action);
  AddExecutionsCommand(app, session, action);
  AddWorkflowCommand(app, session, action);
  AddQueryCommand(app, session, action);
  AddDashboardCommand(app, session, action);
  AddTablesCommand(app, session, action);
  AddRawCommand(app, session, action);
  AddProcessCommand(app, session, action);
  AddLedgerCommand(app, session, action);
  AddBackfillCommand(app, session, action);
  AddDlqCommand(app, session, action);
  AddLifecycleCommand(app, session, action);
  AddServeCommand(app, session, action);
  AddStreamCommand(app, session, action);
  AddSchedulesCommand(app, session, action);
  AddReplayCommand(app, session, action);
  AddDoctorCommand(app, session, action);
  AddStreamErrorsCommand(app, session, action);
  AddCompletionCommand(app, session, action);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& call) {
    return app.exit(call);
  } catch (const CLI::CallForVersion& call) {
    return app.exit(call);
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error, argc, argv);
  }

  Status status = session.Prepare();
  if (status.ok()) status = ArmFaultsFromEnvironment();
  int code = 0;
  if (status.ok()) {
    try {
      auto outcome = action();
      status = outcome.status();
      if (outcome.ok()) code = *outcome;
    } catch (const std::exception& e) {
      status = MakeError(ErrorCode::kInternal, std::string("unexpected: ") + e.what(),
                         "this is a defect of Penstock; `penstock doctor` may tell more of the machine");
    }
  }
  if (const Status flushed = session.FlushOutput(); status.ok()) status = flushed;
  if (status.ok()) return code;
  if (CodeOf(status) == ErrorCode::kCancelled && stop.stop_requested()) {
    std::cerr << "penstock: stopped; what was done is kept\n";
    return 130;
  }
  std::cerr << Red(session.err(), "penstock: ") << Describe(status) << "\n";
  return InfoOf(CodeOf(status)).exit_code;
}

}  // namespace penstock::cli
