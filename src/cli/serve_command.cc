#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

#include "cli/collector_function.h"
#include "cli/command.h"
#include "cli/dashboards.h"
#include "cli/listen_address.h"
#include "cli/pipeline_bucket.h"
#include "cli/scheduled_runs.h"
#include "cli/serve_site.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "net/http_server.h"
#include "pipeline/layout.h"
#include "serve/status_pages.h"
#include "store/s3_location.h"
#include "stream/stream_report.h"

namespace penstock::cli {
namespace {

struct ServeOptions {
  std::vector<std::string> pipelines;
  std::string listen = "127.0.0.1:8181";
  RunTarget target;
};

// 2026-11-20T17:15:00Z; empty when there is none.
std::string Moment(const std::vector<TimePoint>& times, size_t index) {
  return index < times.size() ? FormatTimestamp(times[index]).substr(0, 19) + "Z" : "";
}

// As many connections as the machine lets this process have; idle ones cost next to nothing.
int RaiseConnections() {
  constexpr rlim_t kMost = 16'384, kOthers = 512;  // descriptors of logs, databases, transforms
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  const rlimit wanted{std::min(limit.rlim_max, std::max(limit.rlim_cur, kMost + kOthers)), limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  return static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur, kOthers + 64, kMost + kOthers) - kOthers);
}

Status CheckListening(const ListenAddress& listen, const std::string& text, bool has_keys) {
  if (listen.is_loopback() || has_keys) return Status::OK();
  return MakeError(
      ErrorCode::kUsage,
      fmt::format("--listen: expected a loopback address, as no keys are configured that others "
                  "would have to show, got {}",
                  text),
      "use 127.0.0.1:PORT or [::1]:PORT, or set PENSTOCK_ACCESS_KEYS=ID:SECRET (docs/streams.md)");
}

// Those that pipelines declare.
Status EnsureStreams(stream::Streams& streams, const std::vector<pipeline::Pipeline>& pipelines) {
  for (const auto& pipeline : pipelines) {
    if (!pipeline.config.stream) continue;
    RETURN_IF_ERROR(WithContext(streams.Ensure(*pipeline.config.stream).status(), pipeline.config.file));
  }
  return Status::OK();
}

Result<int> Serve(Session& session, const ServeOptions& options) {
  ASSIGN_OR_RETURN(const ListenAddress listen, ParseListenAddress(options.listen));
  ASSIGN_OR_RETURN(aws::AccessKeys keys, aws::AccessKeys::FromEnvironment());
  RETURN_IF_ERROR(CheckListening(listen, options.listen, !keys.empty()));
  if (options.target.demo && session.options.bucket.empty()) session.options.bucket = "demo";
  ASSIGN_OR_RETURN(const ScheduledPipelines loaded, LoadSchedules(options.pipelines));
  RETURN_IF_ERROR(AdoptBucket(session, loaded.pipelines));
  Workspace workspace(session, Workspace::Bucket::kMake);
  ASSIGN_OR_RETURN(auto* store, workspace.Schedules());
  ASSIGN_OR_RETURN(auto* objects, workspace.Store());
  std::vector<std::string> metrics_keys;
  for (const auto& pipeline : loaded.pipelines) {
    metrics_keys.push_back(pipeline::MetricsKey(pipeline.config.prefix, pipeline.name()));
  }
  ServeSite site(session, std::move(keys));
  const Status streams = site.OpenStreams(workspace);
  // Several may serve the schedules of a bucket.
  if (!streams.ok() && (CodeOf(streams) != ErrorCode::kConflict || loaded.schedules.empty())) return streams;
  if (!streams.ok()) session.Remark(fmt::format("without streams: {}\n", streams.message()));
  const serve::StatusPages pages(
      loaded.schedules, *store, *objects, std::move(metrics_keys), session.clock(), [&] {
        return site.streams() == nullptr ? "" : stream::RenderStreamMetrics(site.streams()->DescribeAll());
      });
  Dashboards dashboards(session, options.pipelines.empty() ? pipeline::LocalPipelines() : options.pipelines);
  site.SetPages(pages, dashboards);
  serve::FunctionCalls functions(CollectorFunctions(session, loaded.pipelines, options.target),
                                 session.log());
  site.SetFunctions(functions);
  if (site.streams() != nullptr) RETURN_IF_ERROR(EnsureStreams(*site.streams(), loaded.pipelines));
  net::ServerOptions server_options;
  server_options.address = listen.address;
  server_options.port = listen.port;
  server_options.threads = 4;
  server_options.max_header_bytes = 16 << 10;  // as much may each of the connections hold
  server_options.max_connections = RaiseConnections();
  ASSIGN_OR_RETURN(const auto server,
                   net::HttpServer::StartAsync(server_options, [&](const auto& request, const auto& reply) {
                     site.Answer(request, reply);
                   }));
  if (site.streams() != nullptr) RETURN_IF_ERROR(site.streams()->Publish(server->origin()));
  session.Print(fmt::format("{}\n", server->origin()));
  RETURN_IF_ERROR(session.FlushOutput());
  for (const auto& pipeline : loaded.pipelines) {
    if (!pipeline.config.stream || site.streams() == nullptr) continue;
    const auto& stream = *pipeline.config.stream;
    session.Remark(fmt::format("{}: takes records, delivered after {} s or {} MiB\n", stream.name,
                               stream.buffering.interval_s, stream.buffering.size_mib));
  }
  for (const auto& schedule : loaded.schedules) {
    ASSIGN_OR_RETURN(const auto status, serve::StatusOf(schedule, nullptr, session.clock().Now(), 1));
    const std::string next = Moment(status.next, 0);
    session.Remark(fmt::format("{}: {}, next {}\n", schedule.id(), schedule.config().expression,
                               !schedule.config().enabled ? "never: it is switched off"
                               : next.empty()             ? "never"
                                                          : next));
  }

  if (loaded.schedules.empty()) {
    while (session.clock().SleepFor(std::chrono::hours(1), session.stop())) {
    }
    functions.Stop();  // while what they ask is still served
    server->Stop();
    return 0;
  }
  ScheduledRuns runs(session, workspace, loaded, options.target);
  serve::Scheduler scheduler(loaded.schedules, *store, runs, session.clock(), session.random(),
                             session.log());
  RETURN_IF_ERROR(scheduler.Run(session.stop()));
  functions.Stop();
  server->Stop();
  return 0;
}

Result<int> ListSchedules(Session& session, const std::string& pipeline) {
  ASSIGN_OR_RETURN(
      const ScheduledPipelines loaded,
      LoadSchedules(pipeline.empty() ? std::vector<std::string>{} : std::vector<std::string>{pipeline}));
  RETURN_IF_ERROR(AdoptBucket(session, loaded.pipelines));
  Workspace workspace(session);
  serve::ScheduleStore* store = nullptr;
  // Without a bucket nothing has run.
  std::error_code error;
  if (session.bucket().starts_with(store::kS3Scheme) || std::filesystem::exists(session.bucket(), error)) {
    ASSIGN_OR_RETURN(store, workspace.Schedules());
  }
  Rows rows{{"schedule", "expression", "timezone", "next", "second", "third", "last", "result", "message"},
            {}};
  for (const auto& schedule : loaded.schedules) {
    ASSIGN_OR_RETURN(const auto status, serve::StatusOf(schedule, store, session.clock().Now(), 3));
    const auto moment = [&](size_t index) -> json::value {
      const std::string text = Moment(status.next, index);
      return text.empty() ? json::value(nullptr) : json::value(text);
    };
    std::vector<json::value> row{json::value(schedule.id()),
                                 json::value(schedule.config().expression),
                                 json::value(schedule.timezone()),
                                 schedule.config().enabled ? moment(0) : json::value("off"),
                                 moment(1),
                                 moment(2),
                                 nullptr,
                                 nullptr,
                                 nullptr};
    if (status.last) {
      const bool done = status.last->state == serve::RunState::kDone;
      row[6] = Moment({status.last->occurrence}, 0);
      row[7] = done ? serve::NameOf(status.last->outcome.result) : serve::NameOf(status.last->state);
      row[8] = status.last->outcome.message;
    }
    rows.Add(std::move(row));
  }
  session.PrintRows(rows);
  return 0;
}

}  // namespace

void AddServeCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ServeOptions>();
  auto* verb = app.add_subcommand(
      "serve",
      "run the schedules of pipelines, take records into delivery streams, and say over HTTP how it goes");
  verb->add_option("pipelines", options->pipelines,
                   "names or folders; default: all below ./ and ./pipelines that have schedules");
  verb->add_option(
      "--listen", options->listen,
      "ADDRESS:PORT, default 127.0.0.1:8181; of loopback unless PENSTOCK_ACCESS_KEYS is set: the Firehose "
      "API, /streams, /dashboards, /healthz, /metrics, /schedules");
  options->target.AddTo(*verb);
  verb->footer(
      "Examples:\n"
      "  penstock serve\n"
      "  penstock serve ftse100 sp500 --bucket lake --listen 127.0.0.1:8282");
  verb->callback([&session, &action, options] {
    // Each start and end is a line of the log.
    if (session.options.log_level.empty()) session.options.log_level = "info";
    action = [&session, options] { return Serve(session, *options); };
  });
}

void AddSchedulesCommand(CLI::App& app, Session& session, Action& action) {
  auto pipeline = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("schedules", "when pipelines run by themselves, and how it went");
  verb->require_subcommand(1);
  auto* list = verb->add_subcommand("ls", "the next three occurrences of each schedule, and its last run");
  list->add_option("pipeline", *pipeline,
                   "a pipeline's name or folder; default: all that `serve` would take");
  list->footer("Example: penstock schedules ls ftse100");
  verb->footer("Example: penstock schedules ls");
  list->callback([&session, &action, pipeline] {
    action = [&session, pipeline] { return ListSchedules(session, *pipeline); };
  });
}

}  // namespace penstock::cli
