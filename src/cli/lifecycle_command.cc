#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/pipeline_bucket.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "lake/lifecycle.h"
#include "pipeline/pipeline.h"
#include "store/object_store.h"

namespace penstock::cli {
namespace {

std::vector<lake::RetentionRule> RulesOf(const pipeline::Pipeline& pipeline) {
  const pipeline::RetentionConfig& config = pipeline.config.retention;
  const std::string clean = pipeline.family() == source::Family::kRecords ? "processed" : "clean";
  std::vector<lake::RetentionRule> rules;
  if (config.raw_remove_after_days) rules.push_back({"raw", std::nullopt, config.raw_remove_after_days});
  if (config.clean_archive_after_days || config.clean_remove_after_days) {
    rules.push_back({clean, config.clean_archive_after_days, config.clean_remove_after_days});
  }
  return rules;
}

Result<int> Lifecycle(Session& session, const std::string& name, bool apply) {
  ASSIGN_OR_RETURN(const auto pipeline, LoadWithBucket(session, name));
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(const auto plan, lake::PlanLifecycle(*store, pipeline.config.prefix, RulesOf(pipeline),
                                                        session.clock().Now()));
  if (!apply) {
    Rows rows{{"action", "key", "age_days", "bytes"}, {}};
    for (const auto& action : plan) {
      rows.Add({action.kind == lake::LifecycleAction::Kind::kArchive ? "archive" : "remove",
                json::value(action.key), json::value(action.age_days), json::value(action.size)});
    }
    if (plan.empty() && session.format() == OutputFormat::kTable) {
      session.Remark("Nothing is old enough to be archived or removed.\n");
      return 0;
    }
    session.PrintRows(rows);
    return 0;
  }
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  progress.Begin("lifecycle", static_cast<int64_t>(plan.size()));
  ASSIGN_OR_RETURN(const auto result, lake::ApplyLifecycle(*store, plan, session.stop(),
                                                           [&](size_t, size_t) { progress.Advance(1, 0); }));
  progress.End();
  session.Print(fmt::format("archived {}, removed {}, {} bytes; {} had changed since and were left\n",
                            result.archived, result.removed, Grouped(result.bytes), result.skipped));
  return 0;
}

}  // namespace

void AddLifecycleCommand(CLI::App& app, Session& session, Action& action) {
  auto name = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("lifecycle", "retention: what is old is archived, then removed");
  verb->require_subcommand(1);
  verb->footer("The rules stand under retention: in pipeline.yaml. Example: penstock lifecycle plan ftse100");
  for (const bool apply : {false, true}) {
    auto* sub = verb->add_subcommand(apply ? "apply" : "plan",
                                     apply ? "do what the plan says" : "what would be done now");
    sub->add_option("pipeline", *name, "a pipeline's name or folder")->required();
    sub->callback([&session, &action, name, apply] {
      action = [&session, name, apply] { return Lifecycle(session, *name, apply); };
    });
  }
}

}  // namespace penstock::cli
