// The concrete classes behind the seams, for one bucket. The only file pair that names them.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/status.h"
#include "cli/run_target.h"
#include "cli/session.h"
#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"

namespace penstock::lake {
class Catalog;
}
namespace penstock::queue {
class Queue;
struct QueueOptions;
class Queues;
}  // namespace penstock::queue
namespace penstock::query {
class Engine;
}
namespace penstock::serve {
class ScheduleStore;
}
namespace penstock::sqlite {
class Database;
}
namespace penstock::workflow {
class Engine;
class ExecutionStore;
}  // namespace penstock::workflow

namespace penstock::cli {

class AwsSession;

struct QueryLimits {
  std::string database;  // where names without one are looked up first
  int64_t memory_limit_mb = 1024;
  int64_t timeout_ms = 0;  // 0: none
  bool live = true;        // tables of streams with what waits for its delivery
};

// Opened lazily: a verb pays for what it uses. One thread at a time.
class Workspace {
 public:
  // kExisting: a bucket that is not there is a mistake (Usage), and is not made.
  enum class Bucket { kMake, kExisting };
  explicit Workspace(Session& session, Bucket bucket = Bucket::kExisting);
  ~Workspace();

  Result<store::ObjectStore*> Store();
  Result<lake::Catalog*> Catalog();
  // A queue of this bucket, made when it is new; with these options, if any, from now on.
  Result<std::shared_ptr<queue::Queue>> Queue(const std::string& name,
                                              const queue::QueueOptions* options = nullptr);
  Result<std::vector<std::string>> QueueNames();
  Result<workflow::ExecutionStore*> Executions();
  Result<serve::ScheduleStore*> Schedules();
  // SQL over the tables of the catalog; over none when there is no bucket.
  Result<std::unique_ptr<query::Engine>> QueryEngine(const QueryLimits& limits);

  // Where queues and executions are kept: PENSTOCK_STATE, else BUCKET/.penstock.
  Result<std::string> StateFolder();

 private:
  struct Parts;
  Result<std::shared_ptr<sqlite::Database>> State();
  // Local ones, or with PENSTOCK_QUEUES=sqs those in SQS.
  Result<queue::Queues*> Queues();
  Result<AwsSession*> Aws();

  Session& session_;
  const Bucket bucket_;
  std::unique_ptr<Parts> parts_;
};

// A pipeline ready to run: its runtime, its state machine's engine, its HTTP client. The workspace outlives
// it.
class PipelineWorkshop {
 public:
  struct Options {
    // Whom to ask; with `demo`, a replay server of this process. Another endpoint than pipeline.yaml's has no
    // quota.
    RunTarget target;
    pipeline::Progress* progress = nullptr;
  };
  static Result<std::unique_ptr<PipelineWorkshop>> Open(Session& session, Workspace& workspace,
                                                        pipeline::Pipeline pipeline, const Options& options);
  ~PipelineWorkshop();

  const pipeline::Pipeline& pipeline() const;
  const pipeline::Runtime& runtime() const;
  workflow::Engine& engine();
  // What its steps put on streams is in the lake, where the streams are this process's own.
  Status Deliver(std::stop_token stop) const;
  // The origin of the process that serves the streams its steps put on; empty: this one, or they put nothing.
  std::string streams_served_by() const;

 private:
  struct Parts;
  PipelineWorkshop();
  std::unique_ptr<Parts> parts_;
};

}  // namespace penstock::cli
