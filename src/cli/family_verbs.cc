#include "cli/family_verbs.h"

#include <fmt/format.h>

#include "base/json.h"

namespace penstock::cli {
namespace {

Result<int> NothingToProcess(Session&, pipeline::Pipeline pipeline, const ProcessOptions&) {
  return MakeError(
      ErrorCode::kUsage,
      fmt::format("process: the pipeline {} does this in its state machine alone", pipeline.name()),
      fmt::format("say `penstock run {}`", pipeline.name()));
}

constexpr FamilyVerbs kMarketVerbs{&RunMarket, &ProcessMarket, &DoMarketStepAgain, &RunMarketOccurrence};
constexpr FamilyVerbs kRecordsVerbs{&RunWorkflow, &NothingToProcess, &DoStepAgain, &RunWorkflowOccurrence};
constexpr FamilyVerbs kTendersVerbs{&RunWorkflow, &NothingToProcess, &DoStepAgain, &RunWorkflowOccurrence};

}  // namespace

const FamilyVerbs& VerbsOf(source::Family family) {
  switch (family) {
    case source::Family::kRecords: return kRecordsVerbs;
    case source::Family::kTenders: return kTendersVerbs;
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

}  // namespace penstock::cli
