#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/progress_bar.h"
#include "cli/run_target.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "cli/written_file.h"
#include "pipeline/pipeline.h"
#include "workflow/engine.h"
#include "workflow/execution_store.h"
#include "workflow/graph.h"
#include "workflow/history.h"

namespace penstock::cli {
namespace {

struct ExecutionsOptions {
  std::string name;
  std::string pipeline;
  std::string status;
  int limit = 20;
  bool history = false;
  bool graph = false;
  std::string svg;
  std::string cause = "stopped by a person";
  RunTarget target;
};

json::value StoppedOf(const workflow::ExecutionInfo& info) {
  if (info.status == workflow::ExecutionStatus::kRunning) return nullptr;
  return json::value(FormatTimestamp(info.stopped));
}

Result<int> List(Session& session, const ExecutionsOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* executions, workspace.Executions());
  workflow::ListOptions list;
  list.state_machine = options.pipeline;
  list.limit = options.limit;
  if (!options.status.empty()) {
    const auto status = workflow::ParseExecutionStatus(options.status);
    if (!status.ok()) return MakeError(ErrorCode::kUsage, "--status: " + status.status().message());
    list.status = *status;
  }
  ASSIGN_OR_RETURN(const auto infos, executions->List(list));
  Rows rows{{"name", "pipeline", "status", "started", "stopped", "error"}, {}};
  for (const auto& info : infos) {
    rows.Add({json::value(info.name), json::value(info.state_machine),
              json::value(workflow::NameOf(info.status)), json::value(FormatTimestamp(info.started)),
              StoppedOf(info), json::value(info.error)});
  }
  session.PrintRows(rows);
  return 0;
}

Result<workflow::ExecutionInfo> Find(workflow::ExecutionStore& executions, const std::string& name,
                                     const Session& session) {
  auto found = executions.Get(name);
  if (found.ok() || CodeOf(found.status()) != ErrorCode::kNotFound) return found;
  return MakeError(ErrorCode::kUsage, fmt::format("no execution {} in {}", name, session.bucket()),
                   "`penstock executions ls` lists them");
}

Result<int> Show(Session& session, const ExecutionsOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* executions, workspace.Executions());
  const auto found = Find(*executions, options.name, session);
  RETURN_IF_ERROR(found.status());
  if (options.graph) {
    ASSIGN_OR_RETURN(const std::string text, executions->GetDefinition(options.name));
    ASSIGN_OR_RETURN(const auto definition, workflow::ParseDefinition(text));
    ASSIGN_OR_RETURN(auto events, executions->History(options.name));
    ASSIGN_OR_RETURN(const auto children, executions->ChildHistory(options.name, ""));
    events.insert(events.end(), children.begin(), children.end());
    auto graph = workflow::GraphOf(definition->machine);
    workflow::ShowProgress(events, found->status, graph);
    if (options.svg.empty()) {
      session.Print(fmt::format("{} {}\n\n", found->name, workflow::NameOf(found->status)));
      session.Print(workflow::GraphAsText(graph, session.out().color));
      return 0;
    }
    return WriteTextFile(session, workflow::GraphAsSvg(graph, found->name), options.svg);
  }
  if (options.history) {
    ASSIGN_OR_RETURN(const auto history, executions->History(options.name));
    Rows rows{{"id", "previous", "time", "type", "details"}, {}};
    for (const auto& event : history) {
      json::object details = workflow::ToJsonEvent(event).as_object();
      for (const char* shown : {"id", "previousEventId", "timestamp", "type"}) details.erase(shown);
      rows.Add({json::value(event.id), json::value(event.previous_id),
                json::value(FormatTimestamp(event.timestamp)), json::value(workflow::EventName(event)),
                details.empty() ? json::value("") : details.begin()->value()});
    }
    session.PrintRows(rows);
    return 0;
  }
  session.Print(ToPrettyJson(json::object{{"name", found->name},
                                          {"stateMachine", found->state_machine},
                                          {"status", workflow::NameOf(found->status)},
                                          {"startDate", FormatTimestamp(found->started)},
                                          {"redriveCount", found->redrive_count},
                                          {"stopDate", StoppedOf(*found)},
                                          {"error", found->error},
                                          {"cause", found->cause},
                                          {"input", found->input},
                                          {"output", found->output}}));
  return 0;
}

// Resume and redrive: the same, but for where they go on from.
using GoOn = Result<workflow::ExecutionInfo> (workflow::Engine::*)(const std::string&, std::stop_token);

Result<int> GoOnWith(Session& session, const ExecutionsOptions& options, GoOn go_on) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* executions, workspace.Executions());
  ASSIGN_OR_RETURN(const auto info, Find(*executions, options.name, session));
  ASSIGN_OR_RETURN(auto pipeline,
                   pipeline::LoadPipeline(options.pipeline.empty() ? info.state_machine : options.pipeline));
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  ASSIGN_OR_RETURN(const auto shop, PipelineWorkshop::Open(session, workspace, std::move(pipeline),
                                                           {options.target, &progress}));
  progress.Begin("fetch", 0);
  ASSIGN_OR_RETURN(const auto ended, (shop->engine().*go_on)(options.name, session.stop()));
  progress.End();
  session.Print(fmt::format("{} {}\n", ended.name, workflow::NameOf(ended.status)));
  if (ended.status != workflow::ExecutionStatus::kSucceeded) {
    return MakeError(ErrorCode::kTaskFailed, fmt::format("{}: {}: {}", ended.name, ended.error, ended.cause));
  }
  return 0;
}

Result<int> Resume(Session& session, const ExecutionsOptions& options) {
  return GoOnWith(session, options, &workflow::Engine::Resume);
}

Result<int> Redrive(Session& session, const ExecutionsOptions& options) {
  return GoOnWith(session, options, &workflow::Engine::Redrive);
}

Result<int> Stop(Session& session, const ExecutionsOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* executions, workspace.Executions());
  ASSIGN_OR_RETURN(const auto info, Find(*executions, options.name, session));
  ASSIGN_OR_RETURN(auto pipeline,
                   pipeline::LoadPipeline(options.pipeline.empty() ? info.state_machine : options.pipeline));
  ASSIGN_OR_RETURN(const auto shop, PipelineWorkshop::Open(session, workspace, std::move(pipeline), {}));
  RETURN_IF_ERROR(shop->engine().Stop(options.name, "Stopped", options.cause));
  session.Print(fmt::format("{} is to stop\n", options.name));
  return 0;
}

}  // namespace

void AddExecutionsCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ExecutionsOptions>();
  auto* verb = app.add_subcommand("executions", "runs of state machines: list, show, resume, redrive, stop");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  penstock executions ls --pipeline sp500\n  penstock executions show NAME --history\n"
      "  penstock executions show NAME --graph");
  const auto add = [&](const char* name, const char* text,
                       Result<int> (*run)(Session&, const ExecutionsOptions&)) {
    auto* sub = verb->add_subcommand(name, text);
    sub->callback([&session, &action, options, run] {
      action = [&session, options, run] { return run(session, *options); };
    });
    return sub;
  };
  auto* ls = add("ls", "the newest first", &List);
  ls->add_option("--pipeline", options->pipeline, "only of this one");
  ls->add_option("--status", options->status, "RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED");
  ls->add_option("--limit", options->limit, "how many")->check(CLI::PositiveNumber);
  auto* show = add("show", "one of them whole", &Show);
  show->add_flag("--history", options->history, "its events, as GetExecutionHistory names them");
  auto* graph =
      show->add_flag("--graph", options->graph, "its states as boxes and lines, by what became of them");
  show->add_option("--svg", options->svg, "with --graph: write an SVG file in the place of text")
      ->needs(graph);
  auto* resume = add("resume", "go on with one that was stopped half-way", &Resume);
  auto* redrive = add("redrive", "run one that failed again, from the state it failed in", &Redrive);
  for (auto* sub : {resume, redrive}) options->target.AddTo(*sub);
  auto* stop = add("stop", "end one that is running", &Stop);
  stop->add_option("--cause", options->cause, "why, for its history");
  for (auto* sub : {show, resume, redrive, stop})
    sub->add_option("name", options->name, "from `executions ls`")->required();
  for (auto* sub : {resume, redrive, stop})
    sub->add_option("--pipeline", options->pipeline, "its folder, if it is not found by name");
}

}  // namespace penstock::cli
