// process, raw and dlq redrive for pipelines of records; and what a run of theirs needs before it begins.
#include <fmt/format.h>

#include "cli/family_verbs.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "pipeline/records/process_records.h"
#include "pipeline/records/record_layout.h"
#include "pipeline/records/series_list.h"
#include "pipeline/records/steps.h"
#include "pipeline/step.h"

namespace penstock::cli {

Status CheckRecordsRun(const PipelineWorkshop& shop) {
  return pipeline::OpenRecordSource(shop.pipeline(), shop.runtime(), pipeline::SourceUse::kAsk).status();
}

Result<int> ProcessRecords(Session& session, pipeline::Pipeline loaded, const ProcessOptions& options) {
  pipeline::ProcessRecordsOptions process;
  process.again = options.again;
  process.stop = session.stop();
  ASSIGN_OR_RETURN(process.only, DayOf(options));
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto shop,
                   PipelineWorkshop::Open(session, workspace, std::move(loaded), {{}, &progress}));
  ASSIGN_OR_RETURN(const auto source,
                   pipeline::OpenRecordSource(shop->pipeline(), shop->runtime(), pipeline::SourceUse::kRead));
  ASSIGN_OR_RETURN(const auto count,
                   pipeline::ProcessRecords(shop->pipeline(), shop->runtime(), *source, process));
  session.PrintRows(OneRow(count.ToJson()));
  return SayWhatWasProcessed(
      session, options,
      {count.files + count.already + count.failed, count.files + count.failed, count.failed});
}

Status DoRecordsStepAgain(const PipelineWorkshop& shop, const pipeline::DeadLetter& letter,
                          std::stop_token stop) {
  const pipeline::StepContext context{shop.pipeline(), shop.runtime(), letter.execution, stop};
  json::value input = letter.input;
  if (letter.step == "fetch_series") {
    ASSIGN_OR_RETURN(input, pipeline::RunFetchSeriesStep(context, input));
  } else if (letter.step != "process_series") {
    return DoStepAgain(shop, letter, stop);
  }
  ASSIGN_OR_RETURN(const auto result, pipeline::RunProcessSeriesStep(context, input));
  ASSIGN_OR_RETURN(const int64_t failed, GetInt(result, "failed"));
  if (failed == 0) return Status::OK();
  return MakeError(ErrorCode::kInvalidData, "the raw answer still cannot be read",
                   "`penstock dlq show` says why; `penstock dlq purge` drops it, and the raw object stays");
}

bool IsRecordOfDay(const pipeline::Pipeline& pipeline, std::string_view key, Date day) {
  const auto record = pipeline::RecordLayout(pipeline).ParseRawKey(key);
  return record && std::chrono::floor<std::chrono::days>(record->requested_at) == day;
}

}  // namespace penstock::cli
