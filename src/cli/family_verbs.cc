#include "cli/family_verbs.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/json.h"
#include "cli/session.h"
#include "pipeline/dead_letter.h"

namespace penstock::cli {
namespace {

Result<int> NothingToProcess(Session&, pipeline::Pipeline pipeline, const ProcessOptions&) {
  return MakeError(
      ErrorCode::kUsage,
      fmt::format("process: the pipeline {} does this in its state machine alone", pipeline.name()),
      fmt::format("say `penstock run {}`", pipeline.name()));
}

// Their sources were made, and so checked, with the workshop.
Status NothingToCheck(const PipelineWorkshop&) { return Status::OK(); }

bool IsPackageOfDay(const pipeline::Pipeline& pipeline, std::string_view key, Date day) {
  return key.starts_with(fmt::format("{}raw/{:%Y/%m}/", pipeline.config.prefix, day));
}

// Letter by letter, where nothing is gained by doing many together.
template <Status (*kDoAgain)(const PipelineWorkshop&, const pipeline::DeadLetter&, std::stop_token)>
Status OneByOne(const PipelineWorkshop& shop, const std::vector<pipeline::DeadLetter>& letters,
                const LetterEnded& ended, std::stop_token stop) {
  for (size_t i = 0; i < letters.size(); ++i) {
    if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped on request");
    const Status status = kDoAgain(shop, letters[i], stop);
    if (CodeOf(status) == ErrorCode::kCancelled) return status;
    RETURN_IF_ERROR(ended(i, status));
  }
  return Status::OK();
}

constexpr FamilyVerbs kMarketVerbs{&NothingToCheck,      &RunMarket,
                                   &ProcessMarket,       &OneByOne<&DoMarketStepAgain>,
                                   &RunMarketOccurrence, &IsMarketRawOfDay};
constexpr FamilyVerbs kRecordsVerbs{&CheckRecordsRun,     &RunWorkflow,           &ProcessRecords,
                                    &DoRecordsStepsAgain, &RunWorkflowOccurrence, &IsRecordOfDay};
constexpr FamilyVerbs kTendersVerbs{&NothingToCheck,         &RunWorkflow,           &NothingToProcess,
                                    &OneByOne<&DoStepAgain>, &RunWorkflowOccurrence, &IsPackageOfDay};
constexpr FamilyVerbs kStreamVerbs{&NothingToCheck,        &RunStream,
                                   &NothingToProcess,      &OneByOne<&DoStepAgain>,
                                   &RunWorkflowOccurrence, &IsMarketRawOfDay};

}  // namespace

const FamilyVerbs& VerbsOf(source::Family family) {
  switch (family) {
    case source::Family::kRecords: return kRecordsVerbs;
    case source::Family::kTenders: return kTendersVerbs;
    case source::Family::kStream: return kStreamVerbs;
    case source::Family::kMarket: break;
  }
  return kMarketVerbs;
}

Status RequireMarket(const pipeline::Pipeline& pipeline, std::string_view verb) {
  if (pipeline.family() == source::Family::kMarket) return Status::OK();
  return MakeError(ErrorCode::kUsage,
                   fmt::format("{} is for pipelines of daily bars, and {} is none", verb, pipeline.name()),
                   "`penstock executions ls` and `penstock tables ls` say what it has done");
}

Result<json::object> ParseInput(const RunOptions& options) {
  if (options.input.empty()) return json::object{};
  const auto parsed = ParseJson(options.input);
  if (!parsed.ok() || !parsed->is_object()) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("--input: expected a JSON object, got {}", options.input));
  }
  return parsed->get_object();
}

Result<std::optional<Date>> DayOf(const ProcessOptions& options) {
  if (options.date.empty()) return std::nullopt;
  const auto day = ParseDate(options.date);
  if (!day.ok()) return MakeError(ErrorCode::kUsage, fmt::format("--date: {}", day.status().message()));
  return std::optional(*day);
}

int SayWhatWasProcessed(Session& session, const ProcessOptions& options, const Processed& processed) {
  if (processed.found == 0) {
    session.Remark(fmt::format("There are no raw objects{}.\n", options.date.empty() ? "" : " of that day"));
  } else if (processed.fresh == 0) {
    session.Remark("Nothing to do: every raw object was processed before. --again does it all the same.\n");
  }
  if (processed.dead == 0) return 0;
  session.Remark(fmt::format("{} in the dead-letter queue: see `penstock dlq ls`\n", processed.dead));
  return 1;
}

}  // namespace penstock::cli
