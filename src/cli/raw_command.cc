#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <iostream>

#include "base/parallel.h"
#include "cli/command.h"
#include "cli/family_verbs.h"
#include "cli/pipeline_bucket.h"
#include "cli/progress_bar.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/layout.h"
#include "pipeline/pipeline.h"
#include "store/object_store.h"

namespace penstock::cli {
namespace {

constexpr int kDeletesAtOnce = 16;  // each waits for the disk, or the network

struct RawOptions {
  std::string pipeline;
  std::string date;
  bool yes = false;
  bool dry_run = false;
};

Result<std::vector<store::ObjectInfo>> Find(Workspace& workspace, const pipeline::Pipeline& pipeline,
                                            const RawOptions& options) {
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(auto objects, store::ListAll(*store, pipeline::RawPrefix(pipeline.config.prefix)));
  if (options.date.empty()) return objects;
  const auto day = ParseDate(options.date);
  if (!day.ok()) return MakeError(ErrorCode::kUsage, fmt::format("--date: {}", day.status().message()));
  const auto is_of_day = VerbsOf(pipeline.family()).is_raw_of_day;
  std::erase_if(objects, [&](const auto& object) { return !is_of_day(pipeline, object.key, *day); });
  return objects;
}

void PrintObjects(const Session& session, const std::vector<store::ObjectInfo>& objects) {
  Rows rows{{"key", "bytes", "put"}, {}};
  for (const auto& object : objects) {
    rows.Add(
        {json::value(object.key), json::value(object.size), json::value(FormatTimestamp(object.modified))});
  }
  session.PrintRows(rows);
}

Result<int> List(Session& session, const RawOptions& options) {
  ASSIGN_OR_RETURN(const auto pipeline, LoadWithBucket(session, options.pipeline));
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto objects, Find(workspace, pipeline, options));
  PrintObjects(session, objects);
  return 0;
}

Result<int> Clear(Session& session, const RawOptions& options) {
  ASSIGN_OR_RETURN(const auto pipeline, LoadWithBucket(session, options.pipeline));
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto objects, Find(workspace, pipeline, options));
  int64_t bytes = 0;
  for (const auto& object : objects) bytes += object.size;
  if (options.dry_run) {
    PrintObjects(session, objects);
    return 0;
  }
  const std::string what =
      fmt::format("{} raw objects, {} bytes, of {}", Grouped(static_cast<int64_t>(objects.size())),
                  Grouped(bytes), options.pipeline);
  if (!options.yes && !objects.empty()) {
    std::string answer;
    if (session.err().interactive) {
      session.Remark(fmt::format("Remove {}? The clean lake stays. [y/N] ", what));
      std::getline(std::cin, answer);
    }
    if (answer != "y" && answer != "yes") {
      return MakeError(ErrorCode::kUsage, fmt::format("nothing was removed of {}", what),
                       "say --yes if that is meant");
    }
  }
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ProgressBar progress(session.clock(), session.err(), [&](std::string_view text) { session.Remark(text); });
  progress.Begin("clear", static_cast<int64_t>(objects.size()));
  const Status cleared = ParallelFor(
      objects.size(), kDeletesAtOnce,
      [&](size_t i) -> Status {
        RETURN_IF_ERROR(store->Delete(objects[i].key));
        progress.Advance(1, 0);
        return Status::OK();
      },
      session.stop());
  progress.End();
  RETURN_IF_ERROR(cleared);
  session.Print(fmt::format("removed {}\n", what));
  return 0;
}

}  // namespace

void AddRawCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<RawOptions>();
  auto* verb = app.add_subcommand("raw", "the answers as received: list, clear");
  verb->require_subcommand(1);
  verb->footer("Examples:\n  penstock raw ls sp500 --date 2017-08-11\n  penstock raw clear sp500 --dry-run");
  const auto add = [&](const char* name, const char* text, Result<int> (*run)(Session&, const RawOptions&)) {
    auto* sub = verb->add_subcommand(name, text);
    sub->add_option("pipeline", options->pipeline, "a pipeline's name or folder")->required();
    sub->add_option("--date", options->date, "only of this raw day");
    sub->callback([&session, &action, options, run] {
      action = [&session, options, run] { return run(session, *options); };
    });
    return sub;
  };
  add("ls", "keys, sizes, times", &List);
  auto* clear = add("clear", "remove them; never touches the clean lake", &Clear);
  clear->add_flag("--yes", options->yes, "do not ask");
  clear->add_flag("--dry-run", options->dry_run, "only list what would go");
}

}  // namespace penstock::cli
