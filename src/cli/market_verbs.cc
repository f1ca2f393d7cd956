// process, dlq redrive and serve for pipelines of daily bars.
#include <fmt/format.h>

#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "pipeline/layout.h"
#include "pipeline/market/metrics.h"
#include "pipeline/market/process.h"
#include "pipeline/market/publish.h"
#include "pipeline/market/run.h"
#include "pipeline/market/steps.h"
#include "pipeline/step.h"

namespace penstock::cli {

Result<int> ProcessMarket(Session& session, pipeline::Pipeline loaded, const ProcessOptions& options) {
  pipeline::ProcessOptions process;
  process.again = options.again;
  process.stop = session.stop();
  ASSIGN_OR_RETURN(process.only, DayOf(options));
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
  return SayWhatWasProcessed(session, options, {static_cast<int64_t>(summaries.size()), fresh, dead});
}

bool IsMarketRawOfDay(const pipeline::Pipeline& pipeline, std::string_view key, Date day) {
  return key.starts_with(pipeline::RawPrefix(pipeline.config.prefix, day));
}

Status DoMarketStepAgain(const PipelineWorkshop& shop, const pipeline::DeadLetter& letter,
                         std::stop_token stop) {
  const pipeline::StepContext context{shop.pipeline(), shop.runtime(), letter.execution, stop};
  json::object input;
  std::string day;
  if (letter.step == "fetch") {
    ASSIGN_OR_RETURN(day, GetString(letter.input, "to"));
    ASSIGN_OR_RETURN(auto raw, pipeline::RunFetchStep(context, letter.input));
    if (raw.as_object().contains("unknown")) {
      return MakeError(ErrorCode::kNotFound, "the provider still does not know the symbol",
                       "`penstock ledger PIPELINE --dead` lists such symbols; purge the message, or correct "
                       "the symbol file");
    }
    input = {{"date", day}, {"raw", json::array{std::move(raw)}}};
  } else if (letter.step == "transform") {
    ASSIGN_OR_RETURN(day, GetString(letter.input, "date"));
    ASSIGN_OR_RETURN(const std::string key, GetString(letter.input, "key"));
    input = {{"date", day}, {"raw", json::array{json::object{{"key", key}}}}};
  } else {
    return DoStepAgain(shop, letter, stop);
  }
  ASSIGN_OR_RETURN(const auto summary, pipeline::RunTransformStep(context, input));
  ASSIGN_OR_RETURN(const int64_t dead, GetInt(summary, "dead_lettered"));
  if (dead > 0) return MakeError(ErrorCode::kInvalidData, "the raw answer still cannot be parsed");
  return pipeline::PublishTables(shop.pipeline(), shop.runtime()).status();
}

Result<serve::RunOutcome> RunMarketOccurrence(PipelineWorkshop& shop, const serve::Schedule& schedule,
                                              TimePoint occurrence, const std::string& execution,
                                              std::stop_token stop) {
  const pipeline::Pipeline& pipeline = shop.pipeline();
  ASSIGN_OR_RETURN(const Date session, pipeline::LastSession(pipeline, occurrence));
  const pipeline::RunRequest request{session, session, schedule.config().input, execution};
  ASSIGN_OR_RETURN(const auto report,
                   pipeline::RunPipeline(pipeline, shop.runtime(), shop.engine(), request, stop));
  RETURN_IF_ERROR(pipeline::WriteMetrics(pipeline, shop.runtime(), report));
  return serve::RunOutcome{
      report.some_failed() ? serve::RunResult::kIncomplete : serve::RunResult::kSucceeded,
      fmt::format("{}: {} rows accepted, {} rejected, {} symbols not fetched", FormatDate(session),
                  report.Count("accepted"), report.Count("rejected"), report.not_fetched)};
}

}  // namespace penstock::cli
