#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/serve_site.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "stream/error_record.h"
#include "stream/error_replay.h"
#include "stream/prefix_expression.h"
#include "stream/stream_folder.h"

namespace penstock::cli {
namespace {

struct ErrorsOptions {
  std::string stream;
  std::vector<std::string> keys;
  int64_t wait_s = 30;
};

// A stream, whoever serves it.
struct StreamAt {
  std::string folder;
  stream::StreamSpec spec;
  stream::StreamPrefixes prefixes;
};

Result<StreamAt> FindStream(Workspace& workspace, const std::string& name) {
  ASSIGN_OR_RETURN(const std::string state, workspace.StateFolder());
  const std::string folder = StreamsFolder(state);
  ASSIGN_OR_RETURN(auto spec, stream::ReadStreamSpec(folder, name));
  ASSIGN_OR_RETURN(auto prefixes, stream::PrefixesOf(spec));
  return StreamAt{stream::StreamFolderOf(folder, name), std::move(spec), std::move(prefixes)};
}

Result<std::vector<stream::ErrorRecord>> RecordsOf(store::ObjectStore& store, const std::string& key) {
  ASSIGN_OR_RETURN(const auto object, store.Get(key));
  auto records = stream::ReadErrorRecords(object.bytes);
  if (!records.ok()) return WithContext(records.status(), key);
  return records;
}

Result<int> List(Session& session, const ErrorsOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto at, FindStream(workspace, options.stream));
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(const auto objects, stream::ListErrorObjects(*store, at.spec, at.prefixes));
  Rows rows{{"key", "records", "code", "message", "since"}, {}};
  for (const auto& object : objects) {
    ASSIGN_OR_RETURN(const auto records, RecordsOf(*store, object.key));
    if (records.empty()) continue;
    const auto& first = records.front();
    rows.Add({json::value(object.key), json::value(static_cast<int64_t>(records.size())),
              json::value(first.code), json::value(first.message),
              json::value(FormatTimestamp(first.arrival))});
  }
  if (rows.rows.empty() && session.format() == OutputFormat::kTable) {
    session.Remark(fmt::format("No record of {} failed.\n", options.stream));
    return 0;
  }
  session.PrintRows(rows);
  return 0;
}

Result<int> Show(Session& session, const ErrorsOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto at, FindStream(workspace, options.stream));
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  Rows rows{{"arrival", "attempts", "code", "message", "data"}, {}};
  for (const auto& key : options.keys) {
    ASSIGN_OR_RETURN(const auto records, RecordsOf(*store, key));
    for (const auto& record : records) {
      rows.Add({json::value(FormatTimestamp(record.arrival)), json::value(record.attempts),
                json::value(record.code), json::value(record.message), json::value(ToValidUtf8(record.raw))});
    }
  }
  session.PrintRows(rows);
  return 0;
}

Result<int> Replay(Session& session, const ErrorsOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto at, FindStream(workspace, options.stream));
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  ASSIGN_OR_RETURN(const auto objects, stream::ListErrorObjects(*store, at.spec, at.prefixes));
  std::vector<std::string> keys;
  for (const auto& object : objects) {
    const bool asked = options.keys.empty() ||
                       std::find(options.keys.begin(), options.keys.end(), object.key) != options.keys.end();
    if (asked) keys.push_back(object.key);
  }
  if (keys.size() < options.keys.size()) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("not all of these are objects of failed records of {}", options.stream),
                     fmt::format("`penstock stream errors ls {}` lists them", options.stream));
  }
  if (keys.empty()) {
    session.Remark(fmt::format("No record of {} failed.\n", options.stream));
    return 0;
  }
  RETURN_IF_ERROR(stream::RequestReplay(at.folder, keys));
  // Who serves the stream takes it up within seconds.
  const TimePoint until = session.clock().Now() + std::chrono::seconds(options.wait_s);
  while (true) {
    ASSIGN_OR_RETURN(const bool pending, stream::IsReplayPending(at.folder));
    if (!pending) break;
    if (session.clock().Now() >= until) {
      session.Print(
          fmt::format("{} objects are to be put through {} again; that is done when `penstock serve` runs\n",
                      keys.size(), options.stream));
      return 0;
    }
    if (!session.clock().SleepFor(std::chrono::milliseconds(100), session.stop())) {
      return MakeError(ErrorCode::kCancelled, "stopped; the replay goes on where the stream is served");
    }
  }
  // What fails again has another name.
  std::string left;
  for (const auto& key : keys) {
    const auto info = store->Head(key);
    if (CodeOf(info.status()) == ErrorCode::kNotFound) continue;
    RETURN_IF_ERROR(info.status());
    left += (left.empty() ? "" : ", ") + key;
  }
  if (!left.empty()) {
    return MakeError(
        ErrorCode::kCorrupt, fmt::format("not put through {} again: {}", options.stream, left),
        fmt::format("`penstock stream errors show {} KEY` says which line cannot be read", options.stream));
  }
  session.Print(fmt::format("{} objects put through {} again\n", keys.size(), options.stream));
  return 0;
}

}  // namespace

void AddStreamErrorsCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ErrorsOptions>();
  const auto streams = app.get_subcommands([](const CLI::App* verb) { return verb->get_name() == "stream"; });
  auto* parent = streams.empty()
                     ? app.add_subcommand("stream", "delivery streams: what they take, hold and deliver")
                     : streams.front();
  if (streams.empty()) parent->require_subcommand(1);
  auto* verb = parent->add_subcommand("errors", "records that could not be delivered: list, show, put again");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  penstock stream errors ls finance-delivery-stream\n"
      "  penstock stream errors replay finance-delivery-stream      all of them, once");
  const auto add = [&](const char* name, const char* text,
                       Result<int> (*run)(Session&, const ErrorsOptions&)) {
    auto* sub = verb->add_subcommand(name, text);
    sub->add_option("stream", options->stream, "the delivery stream's name")->required();
    sub->callback([&session, &action, options, run] {
      action = [&session, options, run] { return run(session, *options); };
    });
    return sub;
  };
  add("ls", "the objects below the error prefix, with their first record's reason", &List);
  add("show", "the records of objects, with reason and data", &Show)
      ->add_option("keys", options->keys, "from `stream errors ls`")
      ->required();
  auto* replay = add("replay", "put the failed records through the stream again, once", &Replay);
  replay->add_option("keys", options->keys, "from `stream errors ls`; default: all");
  replay->add_option("--wait", options->wait_s, "seconds to wait for the serving process")
      ->check(CLI::Range(0, 86400));
}

}  // namespace penstock::cli
