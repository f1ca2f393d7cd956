#include <fmt/format.h>
#include <sys/statvfs.h>
#include <CLI/CLI.hpp>

#include "base/date.h"
#include "cli/command.h"
#include "cli/demo.h"
#include "cli/query_runner.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/pipeline.h"
#include "query/query_engine.h"
#include "source/registry.h"
#include "source/source.h"
#include "store/object_store.h"
#include "store/s3_location.h"
#include "workflow/execution_store.h"

namespace penstock::cli {
namespace {

constexpr std::string_view kProbeKey = "penstock-doctor-probe";
constexpr int64_t kLowDiskBytes = int64_t{1} << 30;

Status CheckBucket(Workspace& workspace) {
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  RETURN_IF_ERROR(store->Put(kProbeKey, "probe").status());
  return store->Delete(kProbeKey);
}

Status CheckDisk(Workspace& workspace) {
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  // What is kept on this machine, when the bucket is in S3.
  ASSIGN_OR_RETURN(const std::string folder, workspace.StateFolder());
  struct statvfs disk{};
  const bool in_s3 = store->uri().starts_with(store::kS3Scheme);
  const std::string place = in_s3 ? folder : store->uri();
  if (::statvfs(place.c_str(), &disk) != 0) return Status::OK();
  const auto free = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (free >= kLowDiskBytes) return Status::OK();
  return MakeError(ErrorCode::kNoSpace, fmt::format("the disk of {} has {} MiB left", place, free >> 20),
                   "free some space; `penstock lifecycle apply` removes what is old by the pipeline's rules");
}

Status CheckState(Workspace& workspace) {
  RETURN_IF_ERROR(workspace.QueueNames().status());
  ASSIGN_OR_RETURN(auto* executions, workspace.Executions());
  return executions->List({}).status();
}

Status CheckQuery(Workspace& workspace) {
  ASSIGN_OR_RETURN(const auto engine, workspace.QueryEngine({}));
  ASSIGN_OR_RETURN(const auto stream, engine->Execute("select 1"));
  return stream->Next().status();
}

Status CheckClock(const Session& session) {
  const TimePoint now = session.clock().Now();
  if (now < TimePoint(MakeDate(2024, 1, 1)) || now > TimePoint(MakeDate(2100, 1, 1))) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("the clock says {}", FormatTimestamp(now)),
                     "set the machine's clock; sessions, quotas and retention go by it");
  }
  return TimeZone::Find("Europe/London").status();
}

std::string SummaryOf(const pipeline::Pipeline& pipeline) {
  if (pipeline.family() != source::Family::kMarket) return pipeline.config.source.kind;
  return fmt::format("{} symbols, {}", pipeline.symbols.size(), pipeline.config.exchange);
}

Status CheckAccess(const pipeline::Pipeline& pipeline) {
  if (pipeline.family() != source::Family::kMarket) return Status::OK();
  const SystemClock clock;
  const auto& config = pipeline.config.source;
  ASSIGN_OR_RETURN(const auto source, source::MakeSource(config.kind, config.settings, {nullptr, &clock}));
  return source->CheckAccess();
}

Result<int> Doctor(Session& session, const std::string& only) {
  Workspace workspace(session, Workspace::Bucket::kMake);
  Rows rows{{"check", "result", "what"}, {}};
  std::string advice;
  int code = 0;
  const auto check = [&](const std::string& name, const std::string& good, const Status& status) {
    rows.Add({json::value(name), json::value(status.ok() ? "ok" : "FAILED"),
              json::value(status.ok() ? good : status.message())});
    if (status.ok()) return;
    code = std::max(code, InfoOf(CodeOf(status)).exit_code);
    advice += fmt::format("{}: {}\n", name, Describe(status));
  };
  check("clock", FormatTimestamp(session.clock().Now()) + ", time zones found", CheckClock(session));
  check("bucket", session.bucket() + " can be written", CheckBucket(workspace));
  check("disk", "at least 1 GiB free", CheckDisk(workspace));
  check("state", workspace.StateFolder().ValueOr("?") + " is sound", CheckState(workspace));
  check("SQL", "DuckDB loads and answers", CheckQuery(workspace));
  check("demo data", FindDataFolder().ValueOr("?"), FindDataFolder().status());
  for (const auto& name : only.empty() ? pipeline::KnownPipelines() : std::vector<std::string>{only}) {
    const auto pipeline = pipeline::LoadPipeline(name);
    check(name, pipeline.ok() ? SummaryOf(*pipeline) : "", pipeline.status());
    // Of all that came along, most are nobody's concern: a key is missed where its pipeline was named.
    if (pipeline.ok() && !only.empty()) check("access", "the provider can be asked", CheckAccess(*pipeline));
  }
  session.PrintRows(rows);
  if (!advice.empty()) session.Remark("\n" + advice);
  return code;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Session& session, Action& action) {
  auto name = std::make_shared<std::string>();
  auto* verb =
      app.add_subcommand("doctor", "check configuration, clock, disk and state, and say what to fix");
  verb->add_option("pipeline", *name, "only this pipeline; default: all that are here");
  verb->footer("Example: penstock doctor --bucket lake");
  verb->callback([&session, &action, name] { action = [&session, name] { return Doctor(session, *name); }; });
}

}  // namespace penstock::cli
