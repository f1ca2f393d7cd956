#include "cli/pipeline_bucket.h"

#include <algorithm>
#include <cstdlib>

#include "cli/session.h"
#include "pipeline/records/iex_environment.h"
#include "pipeline/records/series_list.h"

namespace penstock::cli {
namespace {

bool NamesBucket(const Session& session) {
  const char* variable = std::getenv("PENSTOCK_BUCKET");
  return !session.options.bucket.empty() || (variable != nullptr && *variable != '\0');
}

}  // namespace

Status AdoptBucket(Session& session, const std::vector<pipeline::Pipeline>& pipelines) {
  // All of kind iex have the same environment.
  if (NamesBucket(session) || std::none_of(pipelines.begin(), pipelines.end(), pipeline::HasDefinitions)) {
    return Status::OK();
  }
  ASSIGN_OR_RETURN(const auto environment, pipeline::ReadIexEnvironment());
  session.options.bucket = environment.bucket.value_or("");
  return Status::OK();
}

Result<pipeline::Pipeline> LoadWithBucket(Session& session, std::string_view name) {
  ASSIGN_OR_RETURN(auto pipeline, pipeline::LoadPipeline(name));
  if (!pipeline::HasDefinitions(pipeline) || NamesBucket(session)) return pipeline;
  ASSIGN_OR_RETURN(const auto environment, pipeline::RequireIexEnvironment());
  session.options.bucket = *environment.bucket;
  return pipeline;
}

}  // namespace penstock::cli
