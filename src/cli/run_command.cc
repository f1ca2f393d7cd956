#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <algorithm>

#include <filesystem>

#include "calendar/exchange_calendar.h"
#include "cli/command.h"
#include "cli/demo.h"
#include "cli/progress_bar.h"
#include "cli/query_runner.h"
#include "cli/run_screen.h"
#include "cli/run_target.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/metrics.h"
#include "pipeline/run.h"

namespace penstock::cli {
namespace {

struct RunOptions {
  std::string pipeline;
  std::string date, from, to;
  std::string input;
  std::string name;
  bool again = false;
  RunTarget target;
};

// What the options say, in sessions of the exchange; empty when none of the days was a session.
Result<std::vector<DateRange>> DaysOf(const RunOptions& options, const pipeline::Pipeline& pipeline,
                                      TimePoint now) {
  if (!options.date.empty() && (!options.from.empty() || !options.to.empty())) {
    return MakeError(ErrorCode::kUsage, "--date goes without --from and --to");
  }
  if (options.date.empty() && options.from.empty() && options.to.empty()) {
    if (options.target.demo) return DemoDays(pipeline);
    ASSIGN_OR_RETURN(const Date last, pipeline::LastSession(pipeline, now));
    return std::vector<DateRange>{{last, last}};
  }
  const auto parse = [](const std::string& option, const std::string& text) -> Result<Date> {
    const auto day = ParseDate(text);
    if (day.ok()) return *day;
    return MakeError(ErrorCode::kUsage,
                     fmt::format("{}: expected an existing day as YYYY-MM-DD, got {}", option, text));
  };
  Date from, to;
  if (!options.date.empty()) {
    ASSIGN_OR_RETURN(from, parse("--date", options.date));
    to = from;
  } else {
    if (options.from.empty()) return MakeError(ErrorCode::kUsage, "--to needs --from");
    ASSIGN_OR_RETURN(from, parse("--from", options.from));
    if (options.to.empty()) {
      ASSIGN_OR_RETURN(to, pipeline::LastSession(pipeline, now));
    } else {
      ASSIGN_OR_RETURN(to, parse("--to", options.to));
    }
    if (from > to) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("--from {} is after --to {}", FormatDate(from), FormatDate(to)));
    }
  }
  for (const Date day : {from, to}) {
    if (!pipeline.calendar->Covers(day)) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("the calendar of {} knows {} to {}, not {}", pipeline.calendar->mic(),
                                   FormatDate(pipeline.calendar->first()),
                                   FormatDate(pipeline.calendar->last()), FormatDate(day)));
    }
  }
  const auto sessions = pipeline.calendar->Sessions(from, to);
  if (sessions.empty()) return std::vector<DateRange>{};
  return std::vector<DateRange>{{sessions.front(), sessions.back()}};
}

// Nothing of the pipeline's was asked for on these days: why.
std::string WhyNoSession(const RunOptions& options, const pipeline::Pipeline& pipeline) {
  const std::string days =
      options.date.empty() ? fmt::format("{} to {}", options.from, options.to) : options.date;
  std::string why;
  if (const auto day = ParseDate(options.date); day.ok()) {
    const auto holiday = pipeline.calendar->HolidayName(*day);
    why = holiday ? fmt::format(" ({})", *holiday) : " (a weekend)";
  }
  return fmt::format("Nothing to do: {} was no session of {}{}.\n", days, pipeline.calendar->mic(), why);
}

// The largest gains and losses of the last day, by the pipeline's own saved query.
Status ShowMovers(Session& session, Workspace& workspace, const pipeline::Pipeline& pipeline, Date day) {
  session.Print(fmt::format("\n{}\n", Bold(session.out(), "Top movers of " + FormatDate(day))));
  QueryRequest request;
  request.saved = "movers";
  request.pipeline = pipeline.folder;
  request.parameters = {{"day", FormatDate(day)}, {"top", "5"}};
  return RunQuery(session, workspace, request);
}

void ShowWhereNext(const Session& session, const pipeline::Pipeline& pipeline, const RunOptions& options,
                   Date day) {
  const std::string lake = fmt::format("{}/{}", session.bucket(), pipeline.config.prefix);
  session.Print(
      fmt::format("\n{}\n  {}clean/bars/dt=…/bars.parquet       one file a session\n"
                  "  {}rejected/bars/dt=…/bars.parquet    with rule and reason\n"
                  "  {}raw/dt=…/                          the answers as received\n",
                  Bold(session.out(), "The lake"), lake, lake, lake));
  const RunHints hints = HintsOf(session, options.target);
  session.Print(fmt::format(
      "\n{0}\n  {1} query --bucket {2} \"select * from {3}.bars where dt = '{4}' order by volume desc limit "
      "5\"\n"
      "  {1} query --bucket {2} --saved quality_by_day --pipeline {5}\n"
      "  {1} tables ls --bucket {2}\n"
      "  {1} run ftse100 --live           today's constituents of the FTSE 100, from the provider\n",
      Bold(session.out(), "Try next"), hints.program, hints.bucket, pipeline.config.database(),
      FormatDate(day), options.pipeline));
}

Result<int> Run(Session& session, const RunOptions& options) {
  if (options.target.demo && session.options.bucket.empty()) session.options.bucket = "demo";
  ASSIGN_OR_RETURN(pipeline::Pipeline loaded, pipeline::LoadPipeline(options.pipeline));
  if (options.target.demo) AddDemoSymbols(loaded);
  ASSIGN_OR_RETURN(const auto days, DaysOf(options, loaded, session.clock().Now()));
  if (days.empty()) {
    session.Print(WhyNoSession(options, loaded));
    return 0;
  }
  if (!options.name.empty() && days.size() > 1) {
    return MakeError(ErrorCode::kUsage, "--name names one execution, and the demo is several",
                     "say the days too: --date, or --from and --to");
  }
  json::object input;
  if (!options.input.empty()) {
    const auto parsed = ParseJson(options.input);
    if (!parsed.ok() || !parsed->is_object()) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("--input: expected a JSON object, got {}", options.input));
    }
    input = parsed->get_object();
  }

  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  Workspace workspace(session, Workspace::Bucket::kMake);
  ASSIGN_OR_RETURN(const auto shop, PipelineWorkshop::Open(session, workspace, std::move(loaded),
                                                           {options.target, &progress}));
  const pipeline::Pipeline& pipeline = shop->pipeline();
  const bool for_people = session.format() == OutputFormat::kTable;
  const bool with_remarks = for_people && !session.options.quiet;
  if (with_remarks) {
    session.Print(fmt::format(
        "{}: {} symbols, {}{}\n\n", Bold(session.out(), pipeline.name()),
        Grouped(static_cast<int64_t>(pipeline.symbols.size())), SpanText(days.front().from, days.back().to),
        options.target.demo ? ", recorded and generated data of the replay server" : ""));
  }

  std::vector<pipeline::RunReport> reports;
  for (const auto& range : days) {
    pipeline::RunRequest request{range.from, range.to, input, options.name, options.again};
    ASSIGN_OR_RETURN(auto report, pipeline::RunPipeline(pipeline, shop->runtime(), shop->engine(), request,
                                                        session.stop()));
    RETURN_IF_ERROR(pipeline::WriteMetrics(pipeline, shop->runtime(), report));
    reports.push_back(std::move(report));
  }
  const bool some_failed =
      std::any_of(reports.begin(), reports.end(), [](const auto& report) { return report.some_failed(); });
  if (!for_people) {
    session.PrintRows(ToRows(reports));
    return some_failed ? 1 : 0;
  }
  session.Print(RenderRuns(reports, session.out(), HintsOf(session, options.target)));
  if (options.target.demo && with_remarks) {
    RETURN_IF_ERROR(ShowMovers(session, workspace, pipeline, days.back().to));
    ShowWhereNext(session, pipeline, options, days.back().to);
  }
  return some_failed ? 1 : 0;
}

}  // namespace

void AddRunCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto* verb = app.add_subcommand("run", "fetch sessions and bring them into the lake");
  verb->add_option("pipeline", options->pipeline, "a pipeline's name or folder")->required();
  verb->add_option("--date", options->date, "one session; default: the last one that is over");
  verb->add_option("--from", options->from, "first day, fetched in one request a symbol up to --to");
  verb->add_option("--to", options->to, "last day; default: the last session that is over");
  verb->add_option("--input", options->input, "a JSON object laid over the execution's input");
  verb->add_option("--name", options->name, "of the execution; the same name is run once");
  verb->add_flag("--again", options->again, "ask and process once more, also what is done (corrected data)");
  options->target.AddTo(*verb);
  verb->footer(
      "Examples:\n"
      "  penstock run ftse100 --live\n"
      "  penstock run sp500 --from 2024-01-02 --to 2024-12-31\n"
      "  penstock run sp500 --demo");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Run(session, *options); }; });
}

}  // namespace penstock::cli
