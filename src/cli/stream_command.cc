#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <future>

#include "cli/command.h"
#include "cli/pipeline_bucket.h"
#include "cli/record_file.h"
#include "cli/serve_site.h"
#include "cli/session.h"
#include "cli/stream_server.h"
#include "cli/stream_top.h"
#include "cli/workspace.h"
#include "net/url.h"
#include "stream/log_reader.h"
#include "stream/record_lines.h"
#include "stream/stream_folder.h"
#include "stream/stream_report.h"
#include "stream/streams.h"
#include "stream/waiting_records.h"

namespace penstock::cli {
namespace {

struct StreamOptions {
  std::string name;
  std::string file = "-";
  std::string format = "ndjson";
  int64_t lines = 10;
  bool follow = false;
  double interval_s = 1;
  int64_t count = 0;
};

Result<std::string> FolderOf(Workspace& workspace) {
  ASSIGN_OR_RETURN(const std::string state, workspace.StateFolder());
  return StreamsFolder(state);
}

// What the server says of all streams; without one, what stands in the folder.
Result<json::array> AllStreams(Session& session, Workspace& workspace) {
  ASSIGN_OR_RETURN(auto server, StreamServer::Find(session, workspace));
  if (server) {
    ASSIGN_OR_RETURN(const json::value all, server->Get("/streams"));
    if (!all.is_array())
      return MakeError(ErrorCode::kInvalidData, server->origin() + " is not `penstock serve`");
    return all.get_array();
  }
  ASSIGN_OR_RETURN(const std::string folder, FolderOf(workspace));
  ASSIGN_OR_RETURN(const auto specs, stream::ReadStreamSpecs(folder));
  json::array out;
  for (const auto& spec : specs) {
    stream::StreamInfo info;
    info.spec = spec;
    ASSIGN_OR_RETURN(const auto waiting, stream::ReadWaiting(folder, spec.name));
    info.delivery.buffered_records = waiting.records;
    info.delivery.buffered_bytes = waiting.bytes;
    if (waiting.oldest)
      info.delivery.freshness = std::max(session.clock().Now() - *waiting.oldest, Duration(0));
    json::object row = stream::StreamJson(info);
    row["state"] = "not served";
    out.push_back(std::move(row));
  }
  return out;
}

Result<int> ListStreams(Session& session) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const auto all, AllStreams(session, workspace));
  Rows rows{{"stream", "state", "records", "bytes", "throttled", "failed", "delivered", "undeliverable",
             "buffered", "age_s", "why"},
            {}};
  for (const auto& each : all) {
    rows.Add({each.at("name"), each.at("state"), each.at("records"), each.at("bytes"),
              each.at("throttled_records"), each.at("failed_records"), each.at("delivered_records"),
              each.at("undeliverable_records"), each.at("buffered_records"), each.at("freshness_s"),
              each.at("why")});
  }
  session.PrintRows(rows);
  return 0;
}

Status NoSuchStream(const std::string& name) {
  return MakeError(ErrorCode::kNotFound, fmt::format("there is no stream {}", name),
                   "`penstock stream ls` lists them");
}

Result<int> ShowStream(Session& session, const std::string& name) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const std::string folder, FolderOf(workspace));
  ASSIGN_OR_RETURN(const auto specs, stream::ReadStreamSpecs(folder));
  const auto spec =
      std::find_if(specs.begin(), specs.end(), [&](const auto& each) { return each.name == name; });
  if (spec == specs.end()) return NoSuchStream(name);
  json::object out;
  ASSIGN_OR_RETURN(const auto all, AllStreams(session, workspace));
  for (const auto& each : all) {
    if (each.at("name") == json::value(name)) out["now"] = each;
  }
  out["specification"] = stream::ToJson(*spec);
  session.Print(ToPrettyJson(out));
  return 0;
}

// Takes records to a stream: by the server, or, when nobody serves, into the log, for the next one that does.
class RecordSink {
 public:
  static Result<RecordSink> Open(Session& session, Workspace& workspace, const std::string& name) {
    RecordSink sink;
    ASSIGN_OR_RETURN(sink.server_, StreamServer::Find(session, workspace));
    if (!sink.server_) {
      ASSIGN_OR_RETURN(const std::string folder, FolderOf(workspace));
      ASSIGN_OR_RETURN(const auto specs, stream::ReadStreamSpecs(folder));
      const auto named = [&](const auto& spec) { return spec.name == name; };
      if (std::none_of(specs.begin(), specs.end(), named)) return NoSuchStream(name);
      ASSIGN_OR_RETURN(sink.streams_, stream::Streams::Open(folder, session.clock(), session.log()));
    }
    sink.name_ = name;
    if (sink.server_) {
      const Status known = sink.server_->Get("/streams/" + net::PercentEncode(name)).status();
      if (CodeOf(known) == ErrorCode::kNotFound) return NoSuchStream(name);
      RETURN_IF_ERROR(known);
    }
    return sink;
  }

  // Returns how many were accepted.
  Result<int64_t> Put(const stream::RecordGroup& group) {
    // Each is a line already.
    if (server_) return server_->Post(name_, "text/plain", group.bytes);
    std::promise<stream::PutResult> promise;
    streams_->Put(name_, group, stream::Streams::Take::kAllOrNothing,
                  [&](const stream::PutResult& result) { promise.set_value(result); });
    const auto result = promise.get_future().get();
    if (CodeOf(result.status) == ErrorCode::kNotFound) return NoSuchStream(name_);
    RETURN_IF_ERROR(result.status);
    return static_cast<int64_t>(result.accepted);
  }
  bool served() const { return server_.has_value(); }

 private:
  RecordSink() = default;
  std::string name_;
  std::optional<StreamServer> server_;
  std::unique_ptr<stream::Streams> streams_;
};

// What a put that came to no end says: what is on the stream already must not be put again.
Status Stopped(const Status& status, int64_t accepted, const std::string& place) {
  const std::string advice = AdviceOf(status);
  const bool of_lines =
      CodeOf(status) == ErrorCode::kInvalidData || CodeOf(status) == ErrorCode::kTooLarge || advice.empty();
  return MakeError(CodeOf(status),
                   fmt::format("{} records were accepted, then: {}", accepted, status.message()),
                   !of_lines       ? advice
                   : accepted == 0 ? std::string("mend it, and put it again")
                                   : fmt::format("mend it, and put again from {} on", place));
}

Result<int> PutRecords(Session& session, const StreamOptions& options) {
  stream::LineFormat format = stream::LineFormat::kJson;
  if (options.format == "csv") {
    format = stream::LineFormat::kCsv;
  } else if (options.format == "text") {
    format = stream::LineFormat::kText;
  } else if (options.format != "ndjson") {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("--format: expected ndjson, csv or text, got {}", options.format));
  }
  Workspace workspace(session);
  ASSIGN_OR_RETURN(auto file, RecordFile::Open(options.file, format));
  ASSIGN_OR_RETURN(auto sink, RecordSink::Open(session, workspace, options.name));
  int64_t accepted = 0;
  while (true) {
    auto group = file.Next(session.stop());
    auto put = group.ok() && !group->sizes.empty() ? sink.Put(*group) : Result<int64_t>(0);
    const Status status = group.ok() ? put.status() : group.status();
    if (CodeOf(status) == ErrorCode::kCancelled) {
      session.Remark(
          fmt::format("{} records were accepted; those from {} on were not\n", accepted, file.place()));
    }
    if (!status.ok()) return Stopped(status, accepted, file.place());
    accepted += *put;
    if (group->sizes.empty()) break;
  }
  session.Print(fmt::format("{}\n", accepted));
  if (!sink.served()) session.Remark("Nobody serves the streams: `penstock serve` will deliver these.\n");
  return 0;
}

Result<int> TailRecords(Session& session, const StreamOptions& options) {
  Workspace workspace(session);
  ASSIGN_OR_RETURN(const std::string folder, FolderOf(workspace));
  auto opened = stream::LogReader::Open(stream::LogFolderOf(folder, options.name), 0);
  if (CodeOf(opened.status()) == ErrorCode::kNotFound) return NoSuchStream(options.name);
  RETURN_IF_ERROR(opened.status());
  std::deque<std::string> last;
  bool begun = false;
  while (!session.stop().stop_requested()) {
    auto records = (*opened)->Next(1 << 20);
    if (CodeOf(records.status()) == ErrorCode::kNotFound) {  // delivered and removed meanwhile
      ASSIGN_OR_RETURN(*opened, stream::LogReader::Open(stream::LogFolderOf(folder, options.name), 0));
      continue;
    }
    RETURN_IF_ERROR(records.status());
    for (const auto& record : *records) {
      std::string line(record.data);
      if (!line.ends_with('\n')) line += '\n';
      last.push_back(std::move(line));
      if (!begun && static_cast<int64_t>(last.size()) > options.lines) last.pop_front();
    }
    if (!records->empty() && !begun) continue;
    begun = true;
    for (const auto& line : last) session.Print(line);
    last.clear();
    RETURN_IF_ERROR(session.FlushOutput());
    if (!options.follow) return 0;
    if (records->empty()) session.clock().SleepFor(std::chrono::milliseconds(200), session.stop());
  }
  return 0;
}

Result<int> Top(Session& session, const StreamOptions& options) {
  Workspace workspace(session);
  StreamTop top(session.out());
  for (int64_t i = 0; options.count == 0 || i < options.count; ++i) {
    ASSIGN_OR_RETURN(const auto all, AllStreams(session, workspace));
    session.Print(top.Render(all, session.clock().Now()));
    RETURN_IF_ERROR(session.FlushOutput());
    const Duration span(static_cast<int64_t>(options.interval_s * 1e6));
    if (i + 1 == options.count || !session.clock().SleepFor(span, session.stop())) break;
  }
  return 0;
}

}  // namespace

void AddStreamCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<StreamOptions>();
  auto* verb = app.add_subcommand("stream", "delivery streams: what they take, hold and deliver");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  penstock stream top\n"
      "  penstock stream put finance-delivery-stream bars.ndjson\n"
      "  penstock stream tail finance-delivery-stream -f");
  const auto add = [&](const char* name, const char* help, auto work) {
    auto* sub = verb->add_subcommand(name, help);
    sub->callback([&session, &action, options, work] {
      action = [&session, options, work] { return work(session, *options); };
    });
    return sub;
  };
  add("ls", "all streams", [](Session& s, const StreamOptions&) {
    return ListStreams(s);
  })->footer("Example: penstock stream ls --output json");
  auto* show = add("show", "the settings and the state of a stream, as JSON",
                   [](Session& s, const StreamOptions& o) { return ShowStream(s, o.name); });
  show->add_option("stream", options->name, "its name")->required();
  show->footer("Example: penstock stream show finance-delivery-stream");
  auto* put = add("put", "put records on a stream; prints how many were accepted",
                  [](Session& s, const StreamOptions& o) { return PutRecords(s, o); });
  put->add_option("stream", options->name, "its name")->required();
  put->add_option("file", options->file, "records, a line each; default: standard input");
  put->add_option("--format", options->format, "ndjson (default), csv with a header, or text");
  put->footer("Example: penstock stream put finance-delivery-stream bars.csv --format csv");
  auto* tail = add("tail", "the records that came last, as long as the log has them",
                   [](Session& s, const StreamOptions& o) { return TailRecords(s, o); });
  tail->add_option("stream", options->name, "its name")->required();
  tail->add_option("-n,--lines", options->lines, "so many (10)")->check(CLI::NonNegativeNumber);
  tail->add_flag("-f,--follow", options->follow, "go on as they come");
  tail->footer("Example: penstock stream tail finance-delivery-stream -n 100");
  auto* top = add("top", "records a second, what waits and how old it is, of all streams",
                  [](Session& s, const StreamOptions& o) { return Top(s, o); });
  top->add_option("--interval", options->interval_s, "seconds between two looks (1)")
      ->check(CLI::PositiveNumber);
  top->add_option("--count", options->count, "so many looks, then end")->check(CLI::NonNegativeNumber);
  top->footer("Example: penstock stream top --interval 5");
}

}  // namespace penstock::cli
