// process, raw and dlq redrive for pipelines of records; and what a run of theirs needs before it begins.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/parallel.h"
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

Status DoRecordsStepsAgain(const PipelineWorkshop& shop, const std::vector<pipeline::DeadLetter>& letters,
                           const LetterEnded& ended, std::stop_token stop) {
  const pipeline::Runtime& runtime = shop.runtime();
  // What is to be processed of each letter, or how it ended before that.
  std::vector<Result<std::vector<std::string>>> raw(letters.size(), std::vector<std::string>());
  const auto fetch = [&](size_t i) -> Status {
    const pipeline::DeadLetter& letter = letters[i];
    const pipeline::StepContext context{shop.pipeline(), runtime, letter.execution, stop};
    if (letter.step == "process_series") {
      raw[i] = pipeline::RawOf(letter.input);
    } else if (letter.step == "fetch_series") {
      const auto fetched = pipeline::RunFetchSeriesStep(context, letter.input);
      raw[i] = fetched.ok() ? pipeline::RawOf(*fetched) : fetched.status();
    } else if (const Status done = DoStepAgain(shop, letter, stop); !done.ok()) {
      raw[i] = done;
    }
    return CodeOf(raw[i].status()) == ErrorCode::kCancelled ? raw[i].status() : Status::OK();
  };
  RETURN_IF_ERROR(ParallelFor(letters.size(), 4 * runtime.threads, fetch, stop));
  std::vector<std::string> all;
  for (const auto& keys : raw) {
    if (keys.ok()) all.insert(all.end(), keys->begin(), keys->end());
  }
  ASSIGN_OR_RETURN(const auto source,
                   pipeline::OpenRecordSource(shop.pipeline(), runtime, pipeline::SourceUse::kRead));
  pipeline::RecordProcessor processor(shop.pipeline(), runtime, *source, "");
  pipeline::ProcessCount count;
  ASSIGN_OR_RETURN(const auto list, processor.ProcessAll(all, count, stop));
  const std::set<std::string> buried(list.begin(), list.end());
  for (size_t i = 0; i < letters.size(); ++i) {
    Status status = raw[i].status();
    if (status.ok() &&
        std::any_of(raw[i]->begin(), raw[i]->end(), [&](const auto& key) { return buried.contains(key); })) {
      status =
          MakeError(ErrorCode::kInvalidData, "the raw answer still cannot be read",
                    "`penstock dlq show` says why; `penstock dlq purge` drops it, and the raw object stays");
    }
    RETURN_IF_ERROR(ended(i, status));
  }
  return Status::OK();
}

bool IsRecordOfDay(const pipeline::Pipeline& pipeline, std::string_view key, Date day) {
  const auto record = pipeline::RecordLayout(pipeline).ParseRawKey(key);
  return record && std::chrono::floor<std::chrono::days>(record->requested_at) == day;
}

}  // namespace penstock::cli
