// What the verbs do that differ by the family of a pipeline. A verb looks its function up here, so that no
// other place asks which family it has before it.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cli/run_target.h"
#include "pipeline/pipeline.h"
#include "serve/scheduler.h"
#include "source/family.h"

namespace penstock::pipeline {
struct DeadLetter;
}

namespace penstock::cli {

class PipelineWorkshop;
class Session;

// Of `run`.
struct RunOptions {
  std::string pipeline;
  std::string date, from, to;  // kMarket
  std::string input;
  std::string step;  // only this one
  std::string name;
  bool again = false;  // kMarket
  RunTarget target;
};

// Of `process`.
struct ProcessOptions {
  std::string pipeline;
  std::string date;
  bool again = false;
};

// How the letter at this place ended, said when its work is durable. A failure ends all and is returned.
using LetterEnded = std::function<Status(size_t place, const Status& status)>;

struct FamilyVerbs {
  // Before a run begins: Configuration names what its source lacks.
  Status (*check_run)(const PipelineWorkshop& shop);
  // `run`, `process`: to the end, with what a person sees; the exit code.
  Result<int> (*run)(Session& session, pipeline::Pipeline pipeline, const RunOptions& options);
  Result<int> (*process)(Session& session, pipeline::Pipeline pipeline, const ProcessOptions& options);
  // `dlq redrive`: what the failed steps were to do, to its end in the lake.
  Status (*do_again)(const PipelineWorkshop& shop, const std::vector<pipeline::DeadLetter>& letters,
                     const LetterEnded& ended, std::stop_token stop);
  // `serve`: the run of a schedule's occurrence.
  Result<serve::RunOutcome> (*run_occurrence)(PipelineWorkshop& shop, const serve::Schedule& schedule,
                                              TimePoint occurrence, const std::string& execution,
                                              std::stop_token stop);
  // `raw --date`: whether a raw object is of that day.
  bool (*is_raw_of_day)(const pipeline::Pipeline& pipeline, std::string_view key, Date day);
};

const FamilyVerbs& VerbsOf(source::Family family);

// Usage: the verb is for pipelines of bars, and this is another.
Status RequireMarket(const pipeline::Pipeline& pipeline, std::string_view verb);

// --input as an object; empty when it was not given. Usage.
Result<json::object> ParseInput(const RunOptions& options);

// --date; nothing when it was not given. Usage.
Result<std::optional<Date>> DayOf(const ProcessOptions& options);
// What `process` tells a person at its end; the exit code.
struct Processed {
  int64_t found = 0;  // raw objects, or days of them
  int64_t fresh = 0;  // of these, not processed before
  int64_t dead = 0;   // of these, now in the dead-letter queue
};
int SayWhatWasProcessed(Session& session, const ProcessOptions& options, const Processed& processed);

// The functions of the table above; each family's in a file of its own.
Result<int> RunMarket(Session& session, pipeline::Pipeline pipeline, const RunOptions& options);
Result<int> ProcessMarket(Session& session, pipeline::Pipeline pipeline, const ProcessOptions& options);
Status DoMarketStepAgain(const PipelineWorkshop& shop, const pipeline::DeadLetter& letter,
                         std::stop_token stop);
Result<serve::RunOutcome> RunMarketOccurrence(PipelineWorkshop& shop, const serve::Schedule& schedule,
                                              TimePoint occurrence, const std::string& execution,
                                              std::stop_token stop);
// Of every family: --step, one step alone, with its output as JSON.
Result<int> RunStep(Session& session, pipeline::Pipeline pipeline, const RunOptions& options);
bool IsMarketRawOfDay(const pipeline::Pipeline& pipeline, std::string_view key, Date day);

Status CheckRecordsRun(const PipelineWorkshop& shop);
Result<int> ProcessRecords(Session& session, pipeline::Pipeline pipeline, const ProcessOptions& options);
Status DoRecordsStepsAgain(const PipelineWorkshop& shop, const std::vector<pipeline::DeadLetter>& letters,
                           const LetterEnded& ended, std::stop_token stop);
bool IsRecordOfDay(const pipeline::Pipeline& pipeline, std::string_view key, Date day);
Result<int> RunStream(Session& session, pipeline::Pipeline pipeline, const RunOptions& options);
// The input of an execution: the pipeline's name, and what was given.
json::object InputOf(const pipeline::Pipeline& pipeline, const json::object& given);
// Of families whose runs are executions and no more.
Result<int> RunWorkflow(Session& session, pipeline::Pipeline pipeline, const RunOptions& options);
Status DoStepAgain(const PipelineWorkshop& shop, const pipeline::DeadLetter& letter, std::stop_token stop);
Result<serve::RunOutcome> RunWorkflowOccurrence(PipelineWorkshop& shop, const serve::Schedule& schedule,
                                                TimePoint occurrence, const std::string& execution,
                                                std::stop_token stop);

}  // namespace penstock::cli
