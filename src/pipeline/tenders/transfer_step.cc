#include <fmt/format.h>

#include "pipeline/pipeline.h"
#include "pipeline/runtime.h"
#include "pipeline/tenders/archive_message.h"
#include "pipeline/tenders/archive_transfer.h"
#include "pipeline/tenders/steps.h"
#include "source/ted/packages.h"

namespace penstock::pipeline {
namespace {

using source::ted::Package;

TransferSpec SpecOf(const Pipeline& pipeline, const Package& package, std::string_view endpoint) {
  const std::string& prefix = pipeline.config.prefix;
  TransferSpec spec;
  spec.name = package.file_name();
  spec.url = package.Url(endpoint);
  spec.key = fmt::format("{}raw/{}", prefix, package.key());
  spec.parts = fmt::format("{}transfers/{}/", prefix, package.key());
  spec.record_key = fmt::format("{}markers/transfers/{}.json", prefix, package.key());
  return spec;
}

Result<TransferOutcome> Bring(const StepContext& context, const TransferSpec& spec) {
  auto outcome = TransferArchive(context.runtime, spec, {}, context.stop);
  if (CodeOf(outcome.status()) == ErrorCode::kNotFound) {
    return MakeError(
        ErrorCode::kNotFound,
        fmt::format("{}: TED has no such package: {}", spec.name, outcome.status().message()),
        "a month's package is there from the fifth working day of the next month on; name its issues "
        "(\"issues\":[43,44]) for daily packages until then");
  }
  return outcome;
}

}  // namespace

Result<json::value> RunStartTransferJobStep(const StepContext& context, const json::value& input) {
  const Runtime& runtime = context.runtime;
  ASSIGN_OR_RETURN(const auto packages, source::ted::ParsePackages(input));
  const auto setting = runtime.source_settings.find("endpoint");
  std::string endpoint(setting == runtime.source_settings.end() ? source::ted::kEndpoint : setting->second);
  while (endpoint.ends_with('/')) endpoint.pop_back();

  json::array archives;
  int64_t transferred = 0, unchanged = 0, bytes = 0;
  for (const Package& package : packages) {
    const TransferSpec spec = SpecOf(context.pipeline, package, endpoint);
    ASSIGN_OR_RETURN(const TransferOutcome outcome, Bring(context, spec));
    const TransferRecord& record = outcome.record;
    ArchiveMessage message;
    message.archive = record.key;
    message.bytes = record.bytes;
    message.sha256 = record.sha256;
    message.year = package.year;
    message.month = package.month;
    message.url = record.url;
    message.generated = record.offer.generated;
    RETURN_IF_ERROR(SendArchive(*runtime.archives, message));
    runtime.log.Info(outcome.unchanged ? "archive_unchanged" : "archive_transferred",
                     {{"execution", context.execution},
                      {"archive", record.key},
                      {"bytes", record.bytes},
                      {"resumed_at", outcome.kept_before},
                      {"connections", outcome.connections}});
    json::object archive = message.ToJson();
    archive["unchanged"] = outcome.unchanged;
    archive["resumed_at"] = outcome.kept_before;
    archives.push_back(std::move(archive));
    bytes += record.bytes;
    ++(outcome.unchanged ? unchanged : transferred);
  }
  return json::object{{"archives", std::move(archives)},
                      {"transferred", transferred},
                      {"unchanged", unchanged},
                      {"bytes", bytes}};
}

}  // namespace penstock::pipeline
