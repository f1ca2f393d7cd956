#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

#include "base/spelling.h"
#include "calendar/exchange_calendar.h"
#include "cli/command.h"
#include "cli/demo.h"
#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/run_screen.h"
#include "cli/run_target.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/market/ledger.h"
#include "pipeline/market/run.h"

namespace penstock::cli {
namespace {

// Which cells.
struct CellOptions {
  std::string pipeline;
  std::vector<std::string> symbols;
  std::string from, to;

  void AddTo(CLI::App& verb) {
    verb.add_option("pipeline", pipeline, "a pipeline's name or folder")->required();
    verb.add_option("--symbol", symbols, "of these symbols only");
    verb.add_option("--from", from, "first day; default: the first that was ever asked for");
    verb.add_option("--to", to, "last day; default: the last that was ever asked for");
  }
};

struct LedgerOptions {
  CellOptions cells;
  bool missing = false, dead = false, rebuild = false;
};

struct BackfillOptions {
  CellOptions cells;
  bool missing = false;
  RunTarget target;
};

Result<Date> DayOf(const std::string& option, const std::string& text) {
  const auto day = ParseDate(text);
  if (day.ok()) return *day;
  return MakeError(ErrorCode::kUsage, fmt::format("{}: expected a day as YYYY-MM-DD, got {}", option, text));
}

Result<pipeline::LedgerQuery> QueryOf(const CellOptions& options, const pipeline::Pipeline& pipeline,
                                      const pipeline::Coverage& coverage) {
  for (const auto& symbol : options.symbols) {
    if (std::find(pipeline.symbols.begin(), pipeline.symbols.end(), symbol) != pipeline.symbols.end())
      continue;
    return MakeError(ErrorCode::kUsage, fmt::format("{} has no symbol {}{}", pipeline.name(), symbol,
                                                    DidYouMean(symbol, pipeline.symbols)));
  }
  pipeline::LedgerQuery query;
  if (options.from.empty() || options.to.empty()) {
    ASSIGN_OR_RETURN(query.days, pipeline::LedgerDays(pipeline, coverage));
  }
  if (!options.from.empty()) {
    ASSIGN_OR_RETURN(query.days.from, DayOf("--from", options.from));
  }
  if (!options.to.empty()) {
    ASSIGN_OR_RETURN(query.days.to, DayOf("--to", options.to));
  }
  if (query.days.from > query.days.to) {
    return MakeError(ErrorCode::kUsage, fmt::format("the days end before they begin: {} to {}",
                                                    FormatDate(query.days.from), FormatDate(query.days.to)));
  }
  query.symbols = options.symbols;
  return query;
}

std::string Percent(int64_t part, int64_t whole) {
  return whole == 0 ? ""
                    : fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// All cells by what became of them.
Rows Totals(const pipeline::Ledger& ledger) {
  Rows rows{{"cells", "count", "share", "meaning"}, {}};
  int64_t all = 0;
  for (const int64_t count : ledger.total) all += count;
  for (size_t i = 0; i < pipeline::kCells; ++i) {
    const auto cell = static_cast<pipeline::Cell>(i);
    rows.Add({json::value(pipeline::NameOf(cell)), json::value(ledger[cell]),
              json::value(Percent(ledger[cell], all)), json::value(pipeline::MeaningOf(cell))});
  }
  rows.Add({"all", json::value(all), "",
            json::value(fmt::format("{} symbols x {} sessions", ledger.symbols.size(), ledger.sessions))});
  return rows;
}

Rows BySymbol(const pipeline::Ledger& ledger) {
  Rows rows{{"symbol"}, {}};
  for (size_t i = 0; i < pipeline::kCells; ++i) {
    rows.columns.emplace_back(pipeline::NameOf(static_cast<pipeline::Cell>(i)));
  }
  for (const auto& symbol : ledger.symbols) {
    std::vector<json::value> row{json::value(symbol.symbol)};
    for (const int64_t count : symbol.count) row.emplace_back(count);
    rows.Add(std::move(row));
  }
  return rows;
}

Rows Ranges(const pipeline::Ledger& ledger, bool missing_only) {
  Rows rows{{"symbol", "from", "to", "sessions", "cell", "rule"}, {}};
  for (const auto& range : ledger.ranges) {
    if (missing_only && range.cell != pipeline::Cell::kMissing) continue;
    rows.Add({json::value(range.symbol), json::value(FormatDate(range.days.from)),
              json::value(FormatDate(range.days.to)), json::value(range.sessions),
              json::value(pipeline::NameOf(range.cell)), json::value(range.rule)});
  }
  return rows;
}

Rows DeadKeys(const pipeline::Pipeline& pipeline, const pipeline::Coverage& coverage) {
  Rows rows{{"symbol", "runs", "first_unknown", "last_unknown", "last_asked", "last_answer", "asked_again"},
            {}};
  for (const auto& symbol : pipeline.symbols) {
    const auto known = coverage.symbols.find(symbol);
    if (known == coverage.symbols.end()) continue;
    const auto streak = known->second.Streak();
    if (streak.runs == 0) continue;
    const auto until = known->second.QuarantinedUntil(pipeline.config.source.quarantine);
    const auto& answered = known->second.answered;
    rows.Add({json::value(symbol), json::value(streak.runs), json::value(FormatDate(streak.first)),
              json::value(FormatDate(streak.last)), json::value(FormatTimestamp(streak.last_asked)),
              json::value(answered.empty() ? "" : FormatDate(answered.ranges().back().to)),
              json::value(until ? "from " + FormatTimestamp(*until) : "in every run")});
  }
  return rows;
}

Result<int> ShowLedger(Session& session, const LedgerOptions& options) {
  ASSIGN_OR_RETURN(const pipeline::Pipeline pipeline, pipeline::LoadPipeline(options.cells.pipeline));
  RETURN_IF_ERROR(RequireMarket(pipeline, "ledger"));
  Workspace workspace(session);
  pipeline::Runtime runtime;
  ASSIGN_OR_RETURN(runtime.store, workspace.Store());
  runtime.clock = &session.clock();
  runtime.log = session.log();
  ASSIGN_OR_RETURN(const auto coverage,
                   pipeline::ReadCoverage(pipeline, runtime, {.rebuild = options.rebuild}));
  if (options.dead) {
    const Rows rows = DeadKeys(pipeline, coverage);
    session.PrintRows(rows);
    if (rows.rows.empty()) session.Remark("The provider knows every symbol that it was asked for.\n");
    return 0;
  }
  ASSIGN_OR_RETURN(pipeline::LedgerQuery query, QueryOf(options.cells, pipeline, coverage));
  query.ranges = options.missing || !query.symbols.empty();
  const auto ledger = pipeline::MakeLedger(pipeline, coverage, query);
  if (options.missing) {
    session.PrintRows(Ranges(ledger, true));
    session.Remark(
        ledger[pipeline::Cell::kMissing] == 0
            ? "Nothing is missing.\n"
            : fmt::format("{} cells are missing: `penstock backfill {} --missing` fetches just these\n",
                          ledger[pipeline::Cell::kMissing], options.cells.pipeline));
    return 0;
  }
  if (!query.symbols.empty()) {
    session.PrintRows(session.format() == OutputFormat::kTable ? BySymbol(ledger) : Ranges(ledger, false));
    if (session.format() == OutputFormat::kTable && !ledger.ranges.empty()) {
      session.Print("\n");
      session.PrintRows(Ranges(ledger, false));
    }
    return 0;
  }
  session.PrintRows(session.format() == OutputFormat::kTable ? Totals(ledger) : BySymbol(ledger));
  std::string remark = fmt::format("\n{}, {} to {}\n", pipeline.name(), FormatDate(query.days.from),
                                   FormatDate(query.days.to));
  if (const auto last = pipeline::LastSession(pipeline, session.clock().Now());
      last.ok() && *last > query.days.to) {
    const auto later = pipeline.calendar->Sessions(query.days.to + std::chrono::days(1), *last);
    remark += fmt::format("{} sessions after that were not run yet; --to {} counts them, too\n", later.size(),
                          FormatDate(*last));
  }
  session.Remark(remark);
  return 0;
}

// The missing cells, those of the same days in one run.
Result<int> Backfill(Session& session, const BackfillOptions& options) {
  if (!options.missing) {
    return MakeError(ErrorCode::kUsage, "say what is to be fetched: --missing",
                     "whole ranges of days are fetched by `penstock run PIPELINE --from D --to D`");
  }
  if (options.target.demo && session.options.bucket.empty()) session.options.bucket = "demo";
  ASSIGN_OR_RETURN(pipeline::Pipeline loaded, pipeline::LoadPipeline(options.cells.pipeline));
  RETURN_IF_ERROR(RequireMarket(loaded, "backfill"));
  if (options.target.demo) PrepareDemo(loaded);
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto shop, PipelineWorkshop::Open(session, workspace, std::move(loaded),
                                                           {options.target, &progress}));
  const pipeline::Pipeline& pipeline = shop->pipeline();
  ASSIGN_OR_RETURN(const auto coverage, pipeline::ReadCoverage(pipeline, shop->runtime()));
  ASSIGN_OR_RETURN(pipeline::LedgerQuery query, QueryOf(options.cells, pipeline, coverage));
  query.ranges = true;
  std::map<std::pair<Date, Date>, std::vector<std::string>> groups;
  for (const auto& range : pipeline::MakeLedger(pipeline, coverage, query).ranges) {
    if (range.cell == pipeline::Cell::kMissing) {
      groups[{range.days.from, range.days.to}].push_back(range.symbol);
    }
  }
  std::vector<pipeline::RunReport> reports;
  for (auto& [days, symbols] : groups) {
    pipeline::RunRequest request{days.first, days.second, {}, "", false, std::move(symbols)};
    ASSIGN_OR_RETURN(auto report, pipeline::RunPipeline(pipeline, shop->runtime(), shop->engine(), request,
                                                        session.stop()));
    reports.push_back(std::move(report));
  }
  if (reports.empty()) {
    session.Remark("Nothing is missing.\n");
    if (session.format() == OutputFormat::kTable) return 0;
  }
  if (session.format() == OutputFormat::kTable) {
    session.Print(RenderRuns(reports, session.out(), HintsOf(session, options.target)));
  } else {
    session.PrintRows(ToRows(reports));
  }
  return std::any_of(reports.begin(), reports.end(), [](const auto& report) { return report.some_failed(); })
             ? 1
             : 0;
}

}  // namespace

void AddLedgerCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<LedgerOptions>();
  auto* verb = app.add_subcommand("ledger", "what became of every session of every symbol");
  options->cells.AddTo(*verb);
  auto* missing = verb->add_flag("--missing", options->missing, "only what is missing, range by range");
  auto* dead =
      verb->add_flag("--dead", options->dead, "symbols that the provider does not know, with their history");
  missing->excludes(dead);
  verb->add_flag("--rebuild", options->rebuild, "from all markers, whatever is kept");
  verb->footer(
      "Examples:\n"
      "  penstock ledger sp500\n"
      "  penstock ledger sp500 --missing\n"
      "  penstock ledger sp500 --symbol BRK.B --from 2024-01-01\n"
      "  penstock ledger sp500 --dead");
  verb->callback([&session, &action, options] {
    action = [&session, options] { return ShowLedger(session, *options); };
  });
}

void AddBackfillCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<BackfillOptions>();
  auto* verb = app.add_subcommand("backfill", "fetch just the cells that the ledger has as missing");
  options->cells.AddTo(*verb);
  verb->add_flag("--missing", options->missing, "what `penstock ledger --missing` lists");
  options->target.AddTo(*verb);
  verb->footer(
      "Examples:\n"
      "  penstock backfill sp500 --missing\n"
      "  penstock backfill sp500 --missing --symbol AAPL --from 2024-01-02");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Backfill(session, *options); }; });
}

}  // namespace penstock::cli
