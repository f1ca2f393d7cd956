#include "pipeline/market/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "calendar/exchange_calendar.h"
#include "lake/marker.h"
#include "pipeline/execution_run.h"
#include "pipeline/layout.h"
#include "pipeline/market/coverage.h"
#include "pipeline/market/publish.h"
#include "pipeline/market/transform.h"
#include "pipeline/market/work_list.h"
#include "source/source.h"
#include "store/object_store.h"
#include "workflow/engine.h"

namespace penstock::pipeline {
namespace {

// The sessions must be known, and over.
Status CheckDays(const Pipeline& pipeline, const RunRequest& request, TimePoint now) {
  const auto& calendar = *pipeline.calendar;
  if (request.from > request.to) {
    return MakeError(ErrorCode::kUsage, fmt::format("the days end before they begin: {} to {}",
                                                    FormatDate(request.from), FormatDate(request.to)));
  }
  for (const Date day : {request.from, request.to}) {
    if (calendar.IsSession(day)) continue;
    const auto holiday = calendar.HolidayName(day);
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("{} was no session of {}{}", FormatDate(day), calendar.mic(),
                                 holiday ? " (" + *holiday + ")" : ""),
                     "choose a day on which the exchange traded");
  }
  ASSIGN_OR_RETURN(const Date last, LastSession(pipeline, now));
  if (request.to > last) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("the session of {} is not over yet, or its prices have not settled",
                                 FormatDate(request.to)),
                     fmt::format("the last session that can be run is {}", FormatDate(last)));
  }
  return Status::OK();
}

// What the marker has for exactly these days: symbol by symbol.
struct Covered {
  std::set<std::string> symbols;    // under the rules of now
  std::vector<RawObject> outdated;  // processed, but under other rules
};

// The key of an answer for exactly these days; nullopt: it is for others.
std::optional<RawKey> KeyOfTheseDays(const Pipeline& pipeline, const lake::MarkerInput& input,
                                     const RunRequest& request) {
  auto key = RawKey::Parse(pipeline.config.prefix, input.key);
  if (key && (key->from != request.from || key->to != request.to)) key.reset();
  return key;
}

// Whether an execution was started for exactly these days.
bool IsOfTheseDays(const workflow::ExecutionInfo& info, const RunRequest& request) {
  return GetStringOr(info.input, "from", "").ValueOr("") == FormatDate(request.from) &&
         GetStringOr(info.input, "to", "").ValueOr("") == FormatDate(request.to);
}

// How long an answer without a good row may have been given too early.
constexpr std::chrono::days kMayStillCome{7};

Result<Covered> FindCovered(const Pipeline& pipeline, const Runtime& runtime,
                            const std::optional<lake::Marker>& marker, const RunRequest& request) {
  Covered covered;
  if (!marker) return covered;
  const bool recent = TimePoint(request.to) + kMayStillCome > runtime.clock->Now();
  for (const auto& [name, input] : marker->inputs) {
    const auto key = KeyOfTheseDays(pipeline, input, request);
    if (!key) continue;
    if (recent && input.accepted == 0) continue;
    if (input.rule_version != pipeline.config.rule_version) {
      // Retention may have removed the answer: then it is asked for again.
      const auto raw = runtime.store->Head(input.key);
      if (CodeOf(raw.status()) == ErrorCode::kNotFound) continue;
      RETURN_IF_ERROR(raw.status());
      covered.outdated.push_back({input.key, input.fetched_at});
    }
    covered.symbols.insert(key->symbol);
  }
  return covered;
}

// Symbols that are left alone now.
Result<std::set<std::string>> FindQuarantined(const Pipeline& pipeline, const Runtime& runtime) {
  ASSIGN_OR_RETURN(const Coverage coverage, ReadCoverage(pipeline, runtime));
  std::set<std::string> out;
  const TimePoint now = runtime.clock->Now();
  for (const auto& [symbol, days] : coverage.symbols) {
    const auto until = days.QuarantinedUntil(pipeline.config.source.quarantine);
    if (until && *until > now) out.insert(symbol);
  }
  return out;
}

// The counts that the marker has of these days.
TransformSummary CountsOf(const Pipeline& pipeline, const std::optional<lake::Marker>& marker,
                          const RunRequest& request) {
  TransformSummary summary;
  summary.date = request.to;
  if (!marker) return summary;
  for (const auto& [name, input] : marker->inputs) {
    if (!KeyOfTheseDays(pipeline, input, request)) continue;
    ++summary.files;
    ++summary.files_skipped;
    summary.AddRows(input);
  }
  return summary;
}

// A run of these days that was stopped or killed before its end.
Result<std::optional<workflow::ExecutionInfo>> FindUnfinished(workflow::Engine& engine,
                                                              const Pipeline& pipeline,
                                                              const RunRequest& request) {
  workflow::ListOptions options;
  options.state_machine = pipeline.name();
  options.status = workflow::ExecutionStatus::kRunning;
  ASSIGN_OR_RETURN(const auto running, engine.List(options));
  for (const auto& info : running) {
    if (!request.name.empty() && info.name != request.name) continue;
    if (IsOfTheseDays(info, request)) return info;
  }
  return std::nullopt;
}

// The newest execution of these days, when it has failed: with nothing left to fetch, what follows is still
// to be done.
Result<std::optional<workflow::ExecutionInfo>> FindFailed(workflow::Engine& engine, const Pipeline& pipeline,
                                                          const RunRequest& request) {
  workflow::ListOptions options;
  options.state_machine = pipeline.name();
  ASSIGN_OR_RETURN(const auto newest, engine.List(options));
  for (const auto& info : newest) {
    if (!IsOfTheseDays(info, request)) continue;
    const bool failed = info.status == workflow::ExecutionStatus::kFailed ||
                        info.status == workflow::ExecutionStatus::kTimedOut;
    return failed ? std::optional(info) : std::nullopt;
  }
  return std::nullopt;
}

// A name that is a function of the input, so that the same run has the same name; with -2, -3 … when it has
// ended before and symbols are still missing.
Result<std::string> NameExecution(workflow::Engine& engine, const Pipeline& pipeline,
                                  const RunRequest& request, const json::object& input) {
  const std::string days = request.from == request.to
                               ? FormatDate(request.to)
                               : fmt::format("{}--{}", FormatDate(request.from), FormatDate(request.to));
  const std::string digest = Sha256Hex(ToJson(input) + pipeline.workflow).substr(0, 8);
  return FreeExecutionName(engine, fmt::format("{}-{}-{}", pipeline.name(), days, digest));
}

// Whether symbols were added to the pipeline after a run began that was taken up again now: neither did it
// ask for them, nor are they in the marker.
Result<bool> LacksSymbols(const Pipeline& pipeline, const Runtime& runtime, const RunRequest& request,
                          const workflow::ExecutionInfo& info) {
  ASSIGN_OR_RETURN(const auto marker,
                   lake::ReadMarker(*runtime.store, pipeline.config.prefix, pipeline.name(), request.to));
  ASSIGN_OR_RETURN(Covered covered, FindCovered(pipeline, runtime, marker, request));
  std::set<std::string>& known = covered.symbols;
  const auto* input = info.input.if_object();
  const auto* symbols = input == nullptr ? nullptr : input->if_contains("symbols");
  if (symbols != nullptr && symbols->is_array()) {
    for (const auto& symbol : symbols->get_array()) {
      if (symbol.is_string()) known.emplace(symbol.get_string());
    }
  }
  return std::any_of(pipeline.symbols.begin(), pipeline.symbols.end(),
                     [&](const std::string& symbol) { return !known.contains(symbol); });
}

// What the transform step of an execution that succeeded said.
json::object SummaryOf(const workflow::ExecutionInfo& info) {
  const auto* output = info.output.if_object();
  const auto* transform = output == nullptr ? nullptr : output->if_contains("transform");
  return transform != nullptr && transform->is_object() ? transform->get_object() : json::object{};
}

// The execution of the name that was asked for, when it has ended.
Result<std::optional<workflow::ExecutionInfo>> FindEnded(workflow::Engine& engine, const Pipeline& pipeline,
                                                         const RunRequest& request) {
  const auto info = engine.Describe(request.name);
  if (CodeOf(info.status()) == ErrorCode::kNotFound) return std::nullopt;
  RETURN_IF_ERROR(info.status());
  if (info->state_machine != pipeline.name() || !IsOfTheseDays(*info, request)) {
    return MakeError(ErrorCode::kUsage, fmt::format("the name {} belongs to another execution", request.name),
                     fmt::format("see `penstock executions show {}`, and choose another name", request.name));
  }
  if (info->status != workflow::ExecutionStatus::kSucceeded) return std::nullopt;
  return *info;
}

Status WriteSummary(const Pipeline& pipeline, const Runtime& runtime, const RunReport& report,
                    const workflow::ExecutionInfo& info) {
  const json::object summary{{"pipeline", pipeline.name()},
                             {"execution", report.execution},
                             {"from", FormatDate(report.from)},
                             {"to", FormatDate(report.to)},
                             {"started", FormatTimestamp(info.started)},
                             {"stopped", FormatTimestamp(info.stopped)},
                             {"symbols", report.symbols},
                             {"not_fetched", report.not_fetched},
                             {"quarantined", report.quarantined},
                             {"transform", report.summary}};
  return runtime.store
      ->Put(RunSummaryKey(pipeline.config.prefix, pipeline.name(), report.execution), ToPrettyJson(summary))
      .status();
}

// What a run has left to do.
struct Pending {
  json::object input;  // of its execution
  int64_t count = 0;   // answers to be fetched
  int64_t quarantined = 0;
  bool judged_again = false;  // kept answers were, under new rules
  TransformSummary done;      // what is there already
};

json::object InputOf(const Pipeline& pipeline, const RunRequest& request) {
  return {{"pipeline", pipeline.name()}, {"from", FormatDate(request.from)}, {"to", FormatDate(request.to)}};
}

// Of tables by day: the symbols without an answer for exactly these days.
Result<Pending> FindMissingAnswers(const Pipeline& pipeline, const Runtime& runtime,
                                   const RunRequest& request, std::stop_token stop) {
  const std::string& prefix = pipeline.config.prefix;
  const auto read_marker = [&] {
    return lake::ReadMarker(*runtime.store, prefix, pipeline.name(), request.to);
  };
  Pending pending;
  ASSIGN_OR_RETURN(auto marker, read_marker());
  if (request.again && marker) {
    // Forgotten, not processed: killed after this, the next run or `process` does it all the same.
    RETURN_IF_ERROR(lake::DeleteMarker(*runtime.store, prefix, pipeline.name(), request.to));
    marker.reset();
  }
  ASSIGN_OR_RETURN(const Covered covered, FindCovered(pipeline, runtime, marker, request));
  int64_t dead_letters = 0;  // of answers that were judged again
  if (!covered.outdated.empty()) {
    // The rules changed: the kept answers are judged again, nobody is asked.
    TransformOptions options;
    options.stop = stop;
    ASSIGN_OR_RETURN(const auto judged, Transform(pipeline, runtime, request.to, covered.outdated, options));
    dead_letters = judged.dead_lettered;
    pending.judged_again = true;
    RETURN_IF_ERROR(PublishTables(pipeline, runtime).status());
    ASSIGN_OR_RETURN(marker, read_marker());
  }
  std::set<std::string> quarantined;
  if (!request.again) {
    ASSIGN_OR_RETURN(quarantined, FindQuarantined(pipeline, runtime));
  }
  json::array missing;
  for (const auto& symbol : request.symbols.empty() ? pipeline.symbols : request.symbols) {
    if (covered.symbols.contains(symbol)) continue;
    if (quarantined.contains(symbol)) {
      ++pending.quarantined;
    } else {
      missing.emplace_back(symbol);
    }
  }
  pending.done = CountsOf(pipeline, marker, request);
  pending.done.dead_lettered = dead_letters;
  pending.count = static_cast<int64_t>(missing.size());
  pending.input = InputOf(pipeline, request);
  pending.input["symbols"] = std::move(missing);
  return pending;
}

// Of tables by symbol: the first step of the execution makes the list itself (pipeline/market/work_list.h).
Result<Pending> FindMissingFiles(const Pipeline& pipeline, const Runtime& runtime,
                                 const RunRequest& request) {
  Pending pending;
  ASSIGN_OR_RETURN(const Coverage coverage, ReadCoverage(pipeline, runtime));
  WorkListOptions options;
  options.days = {request.from, request.to};
  options.symbols = request.symbols;
  options.again = request.again;
  pending.count = static_cast<int64_t>(
      FindWork(pipeline, coverage, options, runtime.clock->Now(), &pending.quarantined).size());
  ASSIGN_OR_RETURN(const auto marker,
                   lake::ReadMarker(*runtime.store, pipeline.config.prefix, pipeline.name(), request.to));
  pending.done.date = request.to;
  if (marker) {
    for (const auto& [name, input] : marker->inputs) pending.done.AddRows(input);
    pending.done.files = pending.done.files_skipped = static_cast<int64_t>(marker->inputs.size());
  }
  pending.input = InputOf(pipeline, request);
  if (!request.symbols.empty()) pending.input["symbols"] = json::value_from(request.symbols);
  if (request.again) pending.input["again"] = true;
  return pending;
}

// A new execution for what is pending, run to its end.
Result<workflow::ExecutionInfo> StartExecution(const Pipeline& pipeline, const Runtime& runtime,
                                               workflow::Engine& engine, const RunRequest& request,
                                               Pending pending, std::stop_token stop) {
  json::object input = std::move(pending.input);
  for (const auto& member : request.input) input[member.key()] = member.value();
  workflow::StartOptions start;
  start.state_machine = pipeline.name();
  start.definition_text = pipeline.workflow;
  start.name = request.name;
  if (start.name.empty()) {
    ASSIGN_OR_RETURN(start.name, NameExecution(engine, pipeline, request, input));
  }
  start.input = std::move(input);
  runtime.log.Info("run_started",
                   {{"execution", start.name}, {"pipeline", pipeline.name()}, {"symbols", pending.count}});
  if (pipeline.config.bar_files() == TableFiles::kByDay) runtime.progress->Begin("fetch", pending.count);
  return engine.Run(start, stop);
}

}  // namespace

int64_t RunReport::Count(std::string_view key) const {
  const auto* value = summary.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

Result<Date> LastSession(const Pipeline& pipeline, TimePoint now) {
  return pipeline.calendar->LastClosedSession(now - kSettleTime);
}

Result<RunReport> RunPipeline(const Pipeline& pipeline, const Runtime& runtime, workflow::Engine& engine,
                              const RunRequest& request, std::stop_token stop) {
  const TimePoint began = runtime.clock->Now();
  RETURN_IF_ERROR(CheckDays(pipeline, request, began));
  RunReport report;
  report.from = request.from;
  report.to = request.to;
  report.symbols =
      static_cast<int64_t>((request.symbols.empty() ? pipeline.symbols : request.symbols).size());
  const auto finish = [&]() -> RunReport {
    report.seconds = std::chrono::duration<double>(runtime.clock->Now() - began).count();
    return report;
  };

  if (!request.name.empty()) {
    ASSIGN_OR_RETURN(const auto ended, FindEnded(engine, pipeline, request));
    if (ended) {
      report.execution = ended->name;
      report.already_done = true;
      report.summary = SummaryOf(*ended);
      report.not_fetched = report.Count("not_fetched");
      return finish();
    }
  }
  int64_t dead_letters = 0;  // of answers that were judged again
  workflow::ExecutionInfo info;
  ASSIGN_OR_RETURN(const auto unfinished, FindUnfinished(engine, pipeline, request));
  if (unfinished) {
    report.execution = unfinished->name;
    runtime.log.Info("run_resumed", {{"execution", report.execution}});
    runtime.progress->Begin("fetch", 0);
    ASSIGN_OR_RETURN(info, engine.Resume(unfinished->name, stop));
  } else {
    ASSIGN_OR_RETURN(Pending pending, pipeline.config.bar_files() == TableFiles::kBySymbol
                                          ? FindMissingFiles(pipeline, runtime, request)
                                          : FindMissingAnswers(pipeline, runtime, request, stop));
    report.quarantined = pending.quarantined;
    dead_letters = pending.done.dead_lettered;
    std::optional<workflow::ExecutionInfo> failed;
    if (pending.count == 0 && request.name.empty()) {
      ASSIGN_OR_RETURN(failed, FindFailed(engine, pipeline, request));
    }
    if (pending.count == 0 && request.name.empty() && !failed) {
      // Nothing is written when the catalog has them; after a run that failed at this step, it has not.
      RETURN_IF_ERROR(PublishTables(pipeline, runtime).status());
      report.already_done = !pending.judged_again;
      report.summary = pending.done.ToJson();
      return finish();
    }
    const Status access = pending.count == 0 ? Status::OK() : runtime.source->CheckAccess();
    if (!access.ok()) return MakeError(ErrorCode::kConfiguration, access.message(), AdviceOf(access));
    // Redriven where it failed; by a machine that was changed since, all is gone through anew.
    if (failed && failed->definition_hash == Sha256Hex(pipeline.workflow)) {
      report.execution = failed->name;
      runtime.log.Info("run_redriven", {{"execution", report.execution}});
      ASSIGN_OR_RETURN(info, engine.Redrive(failed->name, stop));
    } else {
      ASSIGN_OR_RETURN(info, StartExecution(pipeline, runtime, engine, request, std::move(pending), stop));
      report.execution = info.name;
    }
  }
  runtime.progress->End();
  if (info.status != workflow::ExecutionStatus::kSucceeded) {
    return ExecutionFailed(info.name, info.error, info.cause);
  }
  report.summary = SummaryOf(info);
  if (dead_letters > 0) report.summary["dead_lettered"] = report.Count("dead_lettered") + dead_letters;
  report.not_fetched = report.Count("not_fetched");
  RETURN_IF_ERROR(WriteSummary(pipeline, runtime, report, info));
  // What is kept of the markers, so that the ledger and the next run find it up to date.
  RETURN_IF_ERROR(ReadCoverage(pipeline, runtime).status());
  if (unfinished && request.name.empty() && pipeline.config.bar_files() == TableFiles::kByDay) {
    ASSIGN_OR_RETURN(const bool lacks, LacksSymbols(pipeline, runtime, request, info));
    if (lacks && request.symbols.empty()) return RunPipeline(pipeline, runtime, engine, request, stop);
  }
  runtime.log.Info("run_ended", {{"execution", report.execution},
                                 {"read", report.Count("read")},
                                 {"accepted", report.Count("accepted")},
                                 {"rejected", report.Count("rejected")},
                                 {"not_fetched", report.not_fetched}});
  return finish();
}

}  // namespace penstock::pipeline
