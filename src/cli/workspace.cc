#include "cli/workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/parallel.h"
#include "base/sha256.h"
#include "cli/aws_session.h"
#include "cli/demo.h"
#include "cli/live_tables.h"
#include "cli/serve_site.h"
#include "cli/s3_tables.h"
#include "cli/stream_access.h"
#include "lake/catalog.h"
#include "net/curl_client.h"
#include "net/rate_limiter.h"
#include "net/retry.h"
#include "net/sqlite_rate_limiter.h"
#include "net/url.h"
#include "pipeline/service_tasks.h"
#include "pipeline/step_runner.h"
#include "pipeline/tenders/archive_message.h"
#include "pipeline/views.h"
#include "query/duckdb_engine.h"
#include "queue/sqlite_queue.h"
#include "queue/sqs_queue.h"
#include "serve/sqlite_schedule_store.h"
#include "source/fundamentals.h"
#include "source/page_guard.h"
#include "source/registry.h"
#include "source/replay/replay_server.h"
#include "source/source.h"
#include "sqlite/database.h"
#include "store/folder_store.h"
#include "store/s3_location.h"
#include "workflow/engine.h"
#include "workflow/sqlite_execution_store.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return Status::OK();
  return MakeError(
      error == std::errc::read_only_file_system ? ErrorCode::kReadOnly : ErrorCode::kPermissionDenied,
      fmt::format("cannot make the folder {}: {}", path, error.message()),
      "choose a folder that you may write to (--bucket, PENSTOCK_STATE)");
}

// For what all pipelines of a user share on this machine: quotas.
std::string UserStateFolder() {
  if (const char* folder = std::getenv("PENSTOCK_STATE"); folder != nullptr && *folder != '\0') return folder;
  if (const char* folder = std::getenv("XDG_STATE_HOME"); folder != nullptr && *folder != '\0') {
    return std::string(folder) + "/penstock";
  }
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "/tmp" : home) + "/.local/state/penstock";
}

Result<std::shared_ptr<sqlite::Database>> OpenDatabase(const std::string& folder, const std::string& file,
                                                       sqlite::Options options) {
  RETURN_IF_ERROR(MakeFolder(folder));
  return sqlite::Database::Open(folder + "/" + file, options);
}

net::Quota QuotaOf(const pipeline::SourceConfig& config) {
  net::Quota quota{.requests = config.quota.requests, .window = config.quota.per};
  // The provider's clock against ours: while NTP corrects one, it runs wrong by 0.05 % at most.
  quota.guard_ms = 2 + std::chrono::duration_cast<std::chrono::milliseconds>(quota.window).count() / 1000;
  quota.lease_ms = 2 * config.timeout_s * 1000 + 60'000;
  return quota;
}

}  // namespace

struct Workspace::Parts {
  std::unique_ptr<AwsSession> aws;
  std::shared_ptr<store::ObjectStore> store;
  std::unique_ptr<lake::StoreCatalog> catalog;
  std::shared_ptr<sqlite::Database> state;
  std::shared_ptr<queue::Queues> queues;
  std::unique_ptr<workflow::SqliteExecutionStore> executions;
  std::unique_ptr<serve::SqliteScheduleStore> schedules;
};

Workspace::Workspace(Session& session, Bucket bucket)
    : session_(session), bucket_(bucket), parts_(std::make_unique<Parts>()) {}
Workspace::~Workspace() = default;

Result<store::ObjectStore*> Workspace::Store() {
  if (parts_->store == nullptr) {
    const std::string bucket = session_.bucket();
    if (bucket.starts_with(store::kS3Scheme)) {
      ASSIGN_OR_RETURN(auto* aws, Aws());
      ASSIGN_OR_RETURN(parts_->store, OpenS3Bucket(*aws, bucket));
      return parts_->store.get();
    }
    store::FolderOptions options;
    options.clock = &session_.clock();
    options.create = bucket_ == Bucket::kMake;
    if (!options.create && !Exists(bucket)) {
      return MakeError(
          ErrorCode::kUsage, fmt::format("there is no bucket {}", bucket),
          "name one by --bucket or PENSTOCK_BUCKET (`make run` fills ./demo), or fill this one by "
          "`penstock run`");
    }
    ASSIGN_OR_RETURN(parts_->store, store::FolderStore::Open(bucket, options));
  }
  return parts_->store.get();
}

Result<lake::Catalog*> Workspace::Catalog() {
  if (parts_->catalog == nullptr) {
    ASSIGN_OR_RETURN(auto* store, Store());
    parts_->catalog = std::make_unique<lake::StoreCatalog>(*store);
  }
  return parts_->catalog.get();
}

Result<std::string> Workspace::StateFolder() {
  if (const char* folder = std::getenv("PENSTOCK_STATE"); folder != nullptr && *folder != '\0') {
    return std::string(folder);
  }
  const std::string bucket = session_.bucket();
  if (bucket.starts_with(store::kS3Scheme)) {
    ASSIGN_OR_RETURN(const store::S3Location location, store::ParseS3Uri(bucket));
    return fmt::format("{}/buckets/{}-{}", UserStateFolder(), location.bucket,
                       Sha256Hex(location.Uri()).substr(0, 8));
  }
  ASSIGN_OR_RETURN(auto* store, Store());
  return store->uri() + "/.penstock";
}

Result<std::shared_ptr<sqlite::Database>> Workspace::State() {
  if (parts_->state == nullptr) {
    ASSIGN_OR_RETURN(const std::string folder, StateFolder());
    ASSIGN_OR_RETURN(parts_->state, OpenDatabase(folder, "state.db", {}));
  }
  return parts_->state;
}

Result<AwsSession*> Workspace::Aws() {
  if (parts_->aws == nullptr) {
    ASSIGN_OR_RETURN(parts_->aws, AwsSession::Open(session_.random(), session_.log()));
  }
  return parts_->aws.get();
}

Result<queue::Queues*> Workspace::Queues() {
  if (parts_->queues != nullptr) return parts_->queues.get();
  const char* chosen = std::getenv("PENSTOCK_QUEUES");
  const std::string kind = chosen == nullptr || *chosen == '\0' ? "local" : chosen;
  if (kind == "local") {
    ASSIGN_OR_RETURN(auto state, State());
    ASSIGN_OR_RETURN(parts_->queues, queue::SqliteQueues::Open(std::move(state), session_.clock()));
  } else if (kind == "sqs") {
    ASSIGN_OR_RETURN(auto* aws, Aws());
    ASSIGN_OR_RETURN(auto* client, aws->NewClient("sqs"));
    queue::SqsOptions options;
    if (const char* prefix = std::getenv("PENSTOCK_QUEUE_PREFIX"); prefix != nullptr) {
      options.prefix = prefix;
    } else {
      ASSIGN_OR_RETURN(auto* store, Store());
      options.prefix = fmt::format("penstock-{}-", Sha256Hex(store->uri()).substr(0, 8));
    }
    parts_->queues = std::make_shared<queue::SqsQueues>(*client, session_.clock(), session_.random(),
                                                        session_.log(), options);
  } else {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("PENSTOCK_QUEUES is neither local nor sqs: {}", kind),
                     "docs/queues.md says where queues can lie");
  }
  return parts_->queues.get();
}

Result<std::shared_ptr<queue::Queue>> Workspace::Queue(const std::string& name,
                                                       const queue::QueueOptions* options) {
  ASSIGN_OR_RETURN(auto* queues, Queues());
  return queues->Get(name, options == nullptr ? std::nullopt : std::optional(*options));
}

Result<std::vector<std::string>> Workspace::QueueNames() {
  ASSIGN_OR_RETURN(auto* queues, Queues());
  return queues->Names();
}

Result<workflow::ExecutionStore*> Workspace::Executions() {
  if (parts_->executions == nullptr) {
    ASSIGN_OR_RETURN(auto state, State());
    ASSIGN_OR_RETURN(parts_->executions, workflow::SqliteExecutionStore::Open(std::move(state)));
  }
  return parts_->executions.get();
}

Result<serve::ScheduleStore*> Workspace::Schedules() {
  if (parts_->schedules == nullptr) {
    ASSIGN_OR_RETURN(auto state, State());
    ASSIGN_OR_RETURN(parts_->schedules, serve::SqliteScheduleStore::Open(std::move(state)));
  }
  return parts_->schedules.get();
}

Result<std::unique_ptr<query::Engine>> Workspace::QueryEngine(const QueryLimits& limits) {
  std::vector<query::ViewSpec> views;
  query::DuckDbOptions options;
  const bool in_s3 = session_.bucket().starts_with(store::kS3Scheme);
  if (in_s3 || Exists(session_.bucket())) {
    ASSIGN_OR_RETURN(auto* store, Store());
    ASSIGN_OR_RETURN(auto* catalog, Catalog());
    ASSIGN_OR_RETURN(views, pipeline::ViewsOf(*catalog, store->uri()));
    ASSIGN_OR_RETURN(const std::string state, StateFolder());
    RETURN_IF_ERROR(AddLiveTables(session_, StreamsFolder(state), *store, limits.live, &views));
    if (in_s3) {
      ASSIGN_OR_RETURN(auto* aws, Aws());
      ASSIGN_OR_RETURN(options.s3, AccessToTables(*aws, *store));
    }
  }
  options.default_database = limits.database;
  options.memory_limit_mb = limits.memory_limit_mb;
  options.timeout_ms = limits.timeout_ms;
  return std::make_unique<query::DuckDbEngine>(std::move(views), options, session_.clock());
}

struct PipelineWorkshop::Parts {
  std::unique_ptr<source::ReplayServer> replay;
  pipeline::Pipeline pipeline;
  pipeline::NoProgress no_progress;
  std::shared_ptr<queue::Queue> dead_letters;
  std::shared_ptr<queue::Queue> archives;
  std::shared_ptr<sqlite::Database> quotas;
  // Also where PENSTOCK_NOW tells another time: the provider's goes on as it does.
  BootClock quota_clock;
  std::unique_ptr<net::RateLimiter> limiter;
  std::unique_ptr<net::CurlClient> curl;
  std::unique_ptr<source::PageGuard> guard;
  std::unique_ptr<net::RetryingClient> client;
  std::unique_ptr<source::Source> source;
  std::unique_ptr<source::FundamentalSource> fundamentals;
  std::unique_ptr<source::MinuteSource> minutes;
  std::unique_ptr<StreamAccess> streams;
  pipeline::Runtime runtime;
  std::unique_ptr<net::CurlClient> http;
  std::mutex services_mutex;
  std::unique_ptr<pipeline::StepRunner> runner;
  std::unique_ptr<workflow::Engine> engine;
};

PipelineWorkshop::PipelineWorkshop() : parts_(std::make_unique<Parts>()) {}
PipelineWorkshop::~PipelineWorkshop() = default;

const pipeline::Pipeline& PipelineWorkshop::pipeline() const { return parts_->pipeline; }
const pipeline::Runtime& PipelineWorkshop::runtime() const { return parts_->runtime; }
workflow::Engine& PipelineWorkshop::engine() { return *parts_->engine; }

Status PipelineWorkshop::Deliver(std::stop_token stop) const {
  return parts_->streams == nullptr ? Status::OK() : parts_->streams->Deliver(stop);
}

std::string PipelineWorkshop::streams_served_by() const {
  return parts_->streams == nullptr ? "" : parts_->streams->served_by();
}

Result<std::unique_ptr<PipelineWorkshop>> PipelineWorkshop::Open(Session& session, Workspace& workspace,
                                                                 pipeline::Pipeline pipeline,
                                                                 const Options& options) {
  std::unique_ptr<PipelineWorkshop> shop(new PipelineWorkshop());
  Parts& parts = *shop->parts_;
  parts.pipeline = std::move(pipeline);
  const pipeline::SourceConfig& config = parts.pipeline.config.source;

  std::string endpoint = options.target.endpoint;
  if (options.target.demo) {
    ASSIGN_OR_RETURN(parts.replay, StartDemoServer(parts.pipeline, session.clock()));
    endpoint = parts.replay->origin();
  }
  // Rounds wait for a provider's quota; a server that was named for this run has none of ours.
  if (!endpoint.empty()) parts.pipeline.config.batch.wait_s = 0;
  source::SourceSettings settings = config.settings;
  if (options.target.live) settings.erase("endpoint");
  if (!endpoint.empty()) settings["endpoint"] = endpoint;

  net::CurlOptions curl;
  curl.max_in_flight = curl.max_per_host = static_cast<int>(config.in_flight);
  curl.total_timeout_ms = config.timeout_s * 1000;
  curl.cookies = true;
  // A server that was named for this run has no quota of ours: it is somebody's own, or the replay.
  if (config.quota.requests > 0 && endpoint.empty()) {
    ASSIGN_OR_RETURN(parts.quotas, OpenDatabase(UserStateFolder(), "quotas.db",
                                                // Others hold it for a moment, unless the machine stalls.
                                                {.busy_timeout_ms = 60'000, .durable = false}));
    const auto configured = settings.find("endpoint");
    const std::string name = configured == settings.end() ? config.kind : configured->second;
    ASSIGN_OR_RETURN(parts.limiter,
                     net::SqliteRateLimiter::Open(parts.quotas, name, QuotaOf(config), parts.quota_clock));
    curl.limiter = parts.limiter.get();
  }
  ASSIGN_OR_RETURN(parts.curl, net::CurlClient::Make(curl));
  parts.guard = std::make_unique<source::PageGuard>(*parts.curl);
  parts.client = std::make_unique<net::RetryingClient>(*parts.guard, net::RetryPolicy{}, session.clock(),
                                                       session.random(), session.log());
  if (parts.pipeline.family() == source::Family::kMarket) {
    const source::SourceParts source_parts{parts.client.get(), &session.clock()};
    ASSIGN_OR_RETURN(parts.source, source::MakeSource(config.kind, settings, source_parts));
    auto fundamentals = source::MakeFundamentalSource(config.kind, settings, source_parts);
    if (fundamentals.ok()) {
      parts.fundamentals = *std::move(fundamentals);
    } else {
      IgnoreError(fundamentals.status(),
                  "not every kind of source has fundamentals; the step that needs them says so");
    }
  }

  if (parts.pipeline.family() == source::Family::kStream) {
    ASSIGN_OR_RETURN(parts.minutes,
                     source::MakeMinuteSource(config.kind, settings, {parts.client.get(), &session.clock()}));
    parts.streams = std::make_unique<StreamAccess>(session, workspace, *parts.pipeline.config.stream);
    parts.runtime.services.firehose = [&parts]() -> Result<stream::FirehoseClient*> {
      std::lock_guard lock(parts.services_mutex);
      return parts.streams->Client();
    };
  }

  ASSIGN_OR_RETURN(parts.dead_letters, workspace.Queue(parts.pipeline.dead_letter_queue()));
  pipeline::Runtime& runtime = parts.runtime;
  ASSIGN_OR_RETURN(runtime.store, workspace.Store());
  ASSIGN_OR_RETURN(runtime.catalog, workspace.Catalog());
  runtime.dead_letters = parts.dead_letters.get();
  if (parts.pipeline.family() == source::Family::kTenders) {
    const auto queue = pipeline::ArchiveQueueOptions(parts.pipeline);
    ASSIGN_OR_RETURN(parts.archives, workspace.Queue(pipeline::ArchiveQueueName(parts.pipeline), &queue));
    runtime.archives = parts.archives.get();
  }
  runtime.provider = parts.client.get();
  runtime.source_settings = settings;
  runtime.source = parts.source.get();
  runtime.minutes = parts.minutes.get();
  runtime.fundamentals = parts.fundamentals.get();
  runtime.clock = &session.clock();
  runtime.random = &session.random();
  runtime.progress = options.progress == nullptr ? &parts.no_progress : options.progress;
  runtime.log = session.log().With({"pipeline", parts.pipeline.name()});
  runtime.threads = HardwareThreads();

  runtime.services.sql = [&parts,
                          &workspace](const std::string& database) -> Result<std::shared_ptr<query::Engine>> {
    std::lock_guard lock(parts.services_mutex);
    ASSIGN_OR_RETURN(auto engine,
                     workspace.QueryEngine({database.empty() ? parts.pipeline.config.database() : database}));
    return std::shared_ptr<query::Engine>(std::move(engine));
  };
  runtime.services.http = [&parts]() -> Result<net::HttpClient*> {
    std::lock_guard lock(parts.services_mutex);
    if (parts.http == nullptr) {
      ASSIGN_OR_RETURN(parts.http, net::CurlClient::Make({}));
    }
    return parts.http.get();
  };
  runtime.services.queue = [&parts, &workspace](const std::string& name,
                                                bool make) -> Result<std::shared_ptr<queue::Queue>> {
    std::lock_guard lock(parts.services_mutex);
    if (!make) {
      ASSIGN_OR_RETURN(const auto names, workspace.QueueNames());
      if (std::find(names.begin(), names.end(), name) == names.end())
        return MakeError(ErrorCode::kNotFound, "no such queue: " + name);
    }
    return workspace.Queue(name);
  };

  parts.runner = std::make_unique<pipeline::StepRunner>(parts.pipeline, runtime);
  ASSIGN_OR_RETURN(auto* executions, workspace.Executions());
  workflow::EngineOptions engine;
  engine.max_parallel = static_cast<int>(config.in_flight);
  engine.sources = pipeline::SourcesOf(runtime);
  engine.definitions = [](const std::string& name) -> Result<std::string> {
    ASSIGN_OR_RETURN(const auto other, pipeline::LoadPipeline(name));
    return other.workflow;
  };
  parts.engine = std::make_unique<workflow::Engine>(*executions, *parts.runner, session.clock(),
                                                    session.random(), runtime.log, engine);
  return shop;
}

}  // namespace penstock::cli
