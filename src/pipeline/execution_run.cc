#include "pipeline/execution_run.h"

#include <fmt/format.h>

#include "base/sha256.h"
#include "pipeline/layout.h"
#include "store/object_store.h"
#include "workflow/engine.h"

namespace penstock::pipeline {
namespace {

using workflow::ExecutionInfo;
using workflow::ExecutionStatus;

// A run of this input that was stopped or killed before its end.
Result<std::string> FindUnfinished(workflow::Engine& engine, const Pipeline& pipeline,
                                   const json::object& input) {
  workflow::ListOptions options;
  options.state_machine = pipeline.name();
  options.status = ExecutionStatus::kRunning;
  ASSIGN_OR_RETURN(const auto running, engine.List(options));
  for (const auto& info : running) {
    if (info.input == json::value(input)) return info.name;
  }
  return std::string();
}

// Two runs of one input at different times are two executions.
Result<std::string> NameExecution(workflow::Engine& engine, const Pipeline& pipeline,
                                  const json::object& input, TimePoint now) {
  std::string time = FormatTimestamp(now).substr(0, 19);  // 2019-03-01T12:00:00
  std::erase(time, ':');
  return FreeExecutionName(
      engine, fmt::format("{}-{}-{}", pipeline.name(), time, Sha256Hex(ToJson(input)).substr(0, 8)));
}

json::object SummaryOf(const ExecutionInfo& info) {
  const auto* output = info.output.if_object();
  const auto* summary = output == nullptr ? nullptr : output->if_contains("summary");
  return summary != nullptr && summary->is_object() ? summary->get_object() : json::object{};
}

Status WriteSummary(const Pipeline& pipeline, const Runtime& runtime, const ExecutionInfo& info,
                    const ExecutionReport& report) {
  const json::object summary{{"pipeline", pipeline.name()},
                             {"execution", info.name},
                             {"input", info.input},
                             {"started", FormatTimestamp(info.started)},
                             {"stopped", FormatTimestamp(info.stopped)},
                             {"summary", report.summary}};
  return runtime.store
      ->Put(RunSummaryKey(pipeline.config.prefix, pipeline.name(), info.name), ToPrettyJson(summary))
      .status();
}

}  // namespace

Result<std::string> FreeExecutionName(workflow::Engine& engine, const std::string& base) {
  for (int n = 1;; ++n) {
    const std::string name = n == 1 ? base : fmt::format("{}-{}", base, n);
    const auto info = engine.Describe(name);
    if (info.ok()) continue;
    if (CodeOf(info.status()) == ErrorCode::kNotFound) return name;
    return info.status();
  }
}

bool ExecutionReport::some_failed() const {
  const auto* failed = summary.if_contains("failed");
  return failed != nullptr && failed->is_int64() && failed->get_int64() > 0;
}

Status ExecutionFailed(const std::string& name, const std::string& error, const std::string& cause) {
  return MakeError(
      ErrorCode::kTaskFailed, fmt::format("execution {} failed: {}: {}", name, error, cause),
      fmt::format("see `penstock executions show {}`; `penstock run` again takes up what is left", name));
}

Result<ExecutionReport> RunExecution(const Pipeline& pipeline, const Runtime& runtime,
                                     workflow::Engine& engine, const ExecutionRequest& request,
                                     std::stop_token stop) {
  const TimePoint began = runtime.clock->Now();
  ExecutionReport report;
  workflow::StartOptions start;
  start.state_machine = pipeline.name();
  start.definition_text = pipeline.workflow;
  start.name = request.name;
  start.input = request.input;
  std::string unfinished;
  if (start.name.empty()) {
    ASSIGN_OR_RETURN(unfinished, FindUnfinished(engine, pipeline, request.input));
  } else if (const auto known = engine.Describe(start.name); known.ok()) {
    if (known->state_machine != pipeline.name() || known->input != start.input) {
      return MakeError(ErrorCode::kUsage, fmt::format("the name {} belongs to another execution", start.name),
                       fmt::format("see `penstock executions show {}`, and choose another name", start.name));
    }
    report.already_done = known->status == ExecutionStatus::kSucceeded;
    if (known->status == ExecutionStatus::kRunning) unfinished = start.name;
  }
  if (start.name.empty() && unfinished.empty()) {
    ASSIGN_OR_RETURN(start.name, NameExecution(engine, pipeline, request.input, began));
  }
  report.taken_up = !unfinished.empty();
  report.execution = report.taken_up ? unfinished : start.name;
  runtime.log.Info(report.taken_up ? "run_resumed" : "run_started",
                   {{"execution", report.execution}, {"pipeline", pipeline.name()}});
  ASSIGN_OR_RETURN(const ExecutionInfo info,
                   report.taken_up ? engine.Resume(unfinished, stop) : engine.Run(start, stop));
  runtime.progress->End();
  if (info.status != ExecutionStatus::kSucceeded) return ExecutionFailed(info.name, info.error, info.cause);
  report.summary = SummaryOf(info);
  report.seconds = std::chrono::duration<double>(runtime.clock->Now() - began).count();
  if (!report.already_done) RETURN_IF_ERROR(WriteSummary(pipeline, runtime, info, report));
  runtime.log.Info("run_ended", {{"execution", report.execution}, {"summary", ToJson(report.summary)}});
  return report;
}

}  // namespace penstock::pipeline
