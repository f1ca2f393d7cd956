#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>

#include <filesystem>

#include "calendar/exchange_calendar.h"
#include "cli/demo.h"
#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/query_runner.h"
#include "cli/run_screen.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/market/metrics.h"
#include "pipeline/market/run.h"

namespace penstock::cli {
namespace {

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

// What the pipeline is for, by its own saved query: the screener, or the largest gains and losses of the last
// day.
Status ShowResult(Session& session, Workspace& workspace, const pipeline::Pipeline& pipeline, Date day) {
  QueryRequest request;
  request.pipeline = pipeline.folder;
  std::error_code error;
  const auto has = [&](const char* query) {
    return std::filesystem::exists(fmt::format("{}/{}.sql", pipeline.queries_folder(), query), error);
  };
  if (has("screener")) {
    session.Print(fmt::format("\n{}\n", Bold(session.out(), "The screener's largest companies")));
    request.saved = "screener";
    request.parameters = {{"top", "10"}};
  } else if (has("movers")) {
    session.Print(fmt::format("\n{}\n", Bold(session.out(), "Top movers of " + FormatDate(day))));
    request.saved = "movers";
    request.parameters = {{"day", FormatDate(day)}, {"top", "5"}};
  } else {
    return Status::OK();
  }
  return RunQuery(session, workspace, request);
}

void ShowWhereNext(const Session& session, const pipeline::Pipeline& pipeline, const RunOptions& options,
                   Date day) {
  const std::string lake = fmt::format("{}/{}", session.bucket(), pipeline.config.prefix);
  const bool by_symbol = pipeline.config.bar_files() == pipeline::TableFiles::kBySymbol;
  session.Print(
      fmt::format("\n{0}\n  {1}clean/bars/{2:<24} {3}\n"
                  "  {1}rejected/bars/{2:<21} with rule and reason\n"
                  "  {1}raw/dt=…/                           the answers as received\n",
                  Bold(session.out(), "The lake"), lake, by_symbol ? "SYMBOL.parquet" : "dt=…/bars.parquet",
                  by_symbol ? "one file a symbol" : "one file a session"));
  const RunHints hints = HintsOf(session, options.target);
  session.Print(fmt::format(
      "\n{0}\n  {1} query --bucket {2} \"select * from {3}.bars where {4} = '{5}' order by volume desc limit "
      "5\"\n"
      "  {1} query --bucket {2} --saved {6} --pipeline {7}\n"
      "  {1} ledger {7} --bucket {2}\n"
      "  {1} tables ls --bucket {2}\n"
      "  {1} run ftse100 --live           today's constituents of the FTSE 100, from the provider\n",
      Bold(session.out(), "Try next"), hints.program, hints.bucket, pipeline.config.database(),
      by_symbol ? "date" : "dt", FormatDate(day), by_symbol ? "screener" : "quality_by_day",
      options.pipeline));
}

}  // namespace

Result<int> RunMarket(Session& session, pipeline::Pipeline loaded, const RunOptions& options) {
  if (options.target.demo) PrepareDemo(loaded);
  ASSIGN_OR_RETURN(const auto days, DaysOf(options, loaded, session.clock().Now()));
  if (days.empty()) {
    session.Print(WhyNoSession(options, loaded));
    return 0;
  }
  if (!options.name.empty() && days.size() > 1) {
    return MakeError(ErrorCode::kUsage, "--name names one execution, and the demo is several",
                     "say the days too: --date, or --from and --to");
  }
  ASSIGN_OR_RETURN(json::object input, ParseInput(options));
  if (options.target.demo && options.input.empty() && loaded.config.demo) input = loaded.config.demo->input;

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
    RETURN_IF_ERROR(ShowResult(session, workspace, pipeline, days.back().to));
    ShowWhereNext(session, pipeline, options, days.back().to);
  }
  return some_failed ? 1 : 0;
}

}  // namespace penstock::cli
