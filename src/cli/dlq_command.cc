#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/pipeline_bucket.h"
#include "cli/redrive.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/dead_letter.h"
#include "pipeline/pipeline.h"
#include "queue/queue.h"

namespace penstock::cli {
namespace {

struct DlqOptions {
  std::string pipeline;
  std::vector<std::string> ids;
  std::string id;
  RunTarget target;
  bool yes = false;
};

// The dead-letter queues asked for: of one pipeline, or all of the bucket.
Result<std::vector<std::shared_ptr<queue::Queue>>> QueuesOf(Workspace& workspace,
                                                            const std::string& pipeline) {
  std::vector<std::shared_ptr<queue::Queue>> out;
  ASSIGN_OR_RETURN(const auto names, workspace.QueueNames());
  for (const auto& name : names) {
    if (!name.ends_with("-dlq")) continue;
    if (!pipeline.empty() && name != pipeline + "-dlq") continue;
    ASSIGN_OR_RETURN(auto queue, workspace.Queue(name));
    out.push_back(std::move(queue));
  }
  return out;
}

std::string PipelineOf(const queue::Queue& queue) { return queue.name().substr(0, queue.name().size() - 4); }

std::string WhatOf(const pipeline::DeadLetter& letter) {
  const auto text = [&](std::string_view key) { return GetStringOr(letter.input, key, "").ValueOr(""); };
  if (const auto* raw = letter.input.if_contains("raw"); raw != nullptr && raw->is_array()) {
    const auto& keys = raw->get_array();
    if (keys.size() == 1 && keys.front().is_string()) return std::string(keys.front().get_string());
  }
  if (const std::string key = text("key"); !key.empty()) return key;
  if (text("symbol").empty()) return ToJson(letter.input);
  if (text("from") == text("to")) return fmt::format("{} {}", text("symbol"), text("to"));
  return fmt::format("{} {} … {}", text("symbol"), text("from"), text("to"));
}

// All messages, page after page.
Status ForEach(queue::Queue& queue, const std::function<Status(const queue::Message&)>& work) {
  queue::ListOptions options;
  while (true) {
    ASSIGN_OR_RETURN(const auto page, queue.List(options));
    for (const auto& message : page) RETURN_IF_ERROR(work(message));
    if (static_cast<int>(page.size()) < options.max_messages) return Status::OK();
    options.start_after_id = page.back().id;
  }
}

Result<int> List(Session& session, const DlqOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto queues, QueuesOf(workspace, options.pipeline));
  Rows rows{{"id", "pipeline", "step", "what", "error", "cause", "since"}, {}};
  int64_t unseen = 0;
  for (const auto& queue : queues) {
    if (!queue->capabilities().looks) {
      ASSIGN_OR_RETURN(const auto count, queue->Count());
      unseen += count.in_flight + count.delayed;
    }
    RETURN_IF_ERROR(ForEach(*queue, [&](const queue::Message& message) -> Status {
      const auto letter = LetterOf(message);
      if (letter.ok()) {
        rows.Add({json::value(message.id), json::value(PipelineOf(*queue)), json::value(letter->step),
                  json::value(WhatOf(*letter)), json::value(letter->error), json::value(letter->cause),
                  json::value(FormatTimestamp(message.sent_at))});
      } else {
        rows.Add({json::value(message.id), json::value(PipelineOf(*queue)), nullptr, nullptr, nullptr,
                  json::value("not a message of ours: " + message.body.substr(0, 80)),
                  json::value(FormatTimestamp(message.sent_at))});
      }
      return Status::OK();
    }));
  }
  if (unseen > 0) {
    session.Remark(fmt::format(
        "About {} more are in others' hands: SQS shows them when they are given back.\n", unseen));
  }
  if (rows.rows.empty() && session.format() == OutputFormat::kTable) {
    if (unseen == 0) session.Remark("The dead-letter queues are empty.\n");
    return 0;
  }
  session.PrintRows(rows);
  return 0;
}

Result<int> Show(Session& session, const DlqOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto queues, QueuesOf(workspace, options.pipeline));
  for (const auto& queue : queues) {
    const auto message = queue->Get(options.id);
    if (!message.ok()) {
      if (CodeOf(message.status()) == ErrorCode::kNotFound) continue;
      return message.status();
    }
    const auto body = ParseJson(message->body);
    json::object attributes;
    for (const auto& [name, value] : message->attributes) attributes[name] = value;
    session.Print(ToPrettyJson(json::object{{"id", message->id},
                                            {"queue", queue->name()},
                                            {"sent", FormatTimestamp(message->sent_at)},
                                            {"receive_count", message->receive_count},
                                            {"attributes", attributes},
                                            {"body", body.ok() ? *body : json::value(message->body)}}));
    return 0;
  }
  return MakeError(ErrorCode::kUsage,
                   fmt::format("no message {} in a dead-letter queue of {}", options.id, session.bucket()),
                   "`penstock dlq ls` lists them");
}

Result<int> Redrive(Session& session, const DlqOptions& options) {
  Workspace workspace(session);
  // --pipeline may be a folder that is not found by its name.
  std::string name = options.pipeline;
  if (!options.pipeline.empty()) {
    ASSIGN_OR_RETURN(const auto loaded, LoadWithBucket(session, options.pipeline));
    name = loaded.name();
  }
  ASSIGN_OR_RETURN(const auto queues, QueuesOf(workspace, name));
  RedriveCount total;
  Status not_found;  // of a pipeline; the queues of the others are done all the same
  for (const auto& queue : queues) {
    const std::string folder = options.pipeline.empty() ? PipelineOf(*queue) : options.pipeline;
    const auto count = RedriveQueue(session, workspace, *queue, folder, options.ids, options.target);
    if (CodeOf(count.status()) == ErrorCode::kConfiguration) {
      not_found = count.status();
      continue;
    }
    RETURN_IF_ERROR(count.status());
    total.done += count->done;
    total.failed += count->failed;
  }
  session.Print(fmt::format("{} done, {} failed again\n", total.done, total.failed));
  RETURN_IF_ERROR(not_found);
  if (total.done + total.failed < static_cast<int64_t>(options.ids.size())) {
    return MakeError(ErrorCode::kUsage, "not all of these messages are in a dead-letter queue",
                     "`penstock dlq ls` lists them");
  }
  return total.failed > 0 ? 1 : 0;
}

Result<int> Purge(Session& session, const DlqOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto queues, QueuesOf(workspace, options.pipeline));
  int64_t waiting = 0;
  for (const auto& queue : queues) {
    ASSIGN_OR_RETURN(const auto count, queue->Count());
    waiting += count.visible + count.in_flight + count.delayed;
  }
  if (!options.yes && waiting > 0) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("purge would remove {} messages for good; nothing was done", waiting),
                     "say --yes if that is meant");
  }
  int64_t removed = 0;
  for (const auto& queue : queues) {
    ASSIGN_OR_RETURN(const int64_t count, queue->Purge());
    removed += count;
  }
  session.Print(fmt::format("{} removed\n", removed));
  return 0;
}

}  // namespace

void AddDlqCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<DlqOptions>();
  auto* verb = app.add_subcommand("dlq", "what could not be done: list, show, do again, remove");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  penstock dlq ls\n  penstock dlq redrive           everything again\n"
      "  penstock dlq purge --pipeline ftse100 --yes");
  const auto add = [&](const char* name, const char* text, Result<int> (*run)(Session&, const DlqOptions&)) {
    auto* sub = verb->add_subcommand(name, text);
    sub->add_option("--pipeline", options->pipeline,
                    "only this pipeline's queue; redrive: its name or folder");
    sub->callback([&session, &action, options, run] {
      action = [&session, options, run] { return run(session, *options); };
    });
    return sub;
  };
  add("ls", "the messages, oldest first", &List);
  add("show", "one message whole", &Show)->add_option("id", options->id, "from `dlq ls`")->required();
  auto* redrive = add("redrive", "do the failed work again; what succeeds leaves the queue", &Redrive);
  redrive->add_option("ids", options->ids, "messages; default: all");
  options->target.AddTo(*redrive);
  add("purge", "remove all messages", &Purge)->add_flag("--yes", options->yes, "do not ask");
}

}  // namespace penstock::cli
