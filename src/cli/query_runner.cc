#include "cli/query_runner.h"

#include <fmt/format.h>

#include "cli/pipeline_bucket.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/pipeline.h"
#include "query/query_engine.h"
#include "query/result_writer.h"
#include "query/saved_query.h"

namespace penstock::cli {

Result<std::map<std::string, std::string>> ParseParameters(const std::vector<std::string>& given) {
  std::map<std::string, std::string> parameters;
  for (const auto& text : given) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return MakeError(ErrorCode::kUsage, fmt::format("--param: expected NAME=VALUE, got {}", text));
    }
    parameters[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return parameters;
}

Status RunQuery(Session& session, Workspace& workspace, const QueryRequest& request) {
  QueryLimits limits;
  limits.memory_limit_mb = request.memory_limit_mb;
  limits.timeout_ms = request.timeout_ms;
  limits.live = request.live;
  std::string folder;
  if (!request.pipeline.empty()) {
    ASSIGN_OR_RETURN(const auto pipeline, LoadWithBucket(session, request.pipeline));
    limits.database = pipeline.config.database();
    folder = pipeline.queries_folder();
  }
  ASSIGN_OR_RETURN(const auto engine, workspace.QueryEngine(limits));

  query::QueryOptions options;
  options.stop = session.stop();
  std::string sql = request.sql;
  if (!request.saved.empty()) {
    const auto loaded = query::LoadSavedQuery(folder, request.saved);
    if (CodeOf(loaded.status()) == ErrorCode::kNotFound) {
      return MakeError(ErrorCode::kUsage, loaded.status().message(), AdviceOf(loaded.status()));
    }
    ASSIGN_OR_RETURN(const auto saved, loaded);
    sql = saved.sql;
    ASSIGN_OR_RETURN(options.parameters,
                     query::ResolveParameters(saved, request.parameters, query::LastSessionOf(*engine)));
  } else {
    for (const auto& [name, value] : request.parameters)
      options.parameters.push_back(query::InferParameter(name, value));
  }

  query::WriteOptions write;
  ASSIGN_OR_RETURN(write.format, query::ParseResultFormat(request.format.empty() ? session.options.output
                                                                                 : request.format));
  if (request.format.empty() && !request.out.empty())
    write.format = query::FormatOfFile(request.out, write.format);
  write.width = session.out().interactive ? session.out().width : 0;
  write.shown_rows = request.shown_rows;

  auto executed = engine->Execute(sql, options);
  // A table that is not there is a mistake of the asker, not work that failed.
  if (CodeOf(executed.status()) == ErrorCode::kNotFound) {
    const auto bucket = workspace.Store();
    return MakeError(ErrorCode::kUsage,
                     fmt::format("{}\n(in the bucket {})", executed.status().message(), session.bucket()),
                     AdviceOf(bucket.ok() ? executed.status() : bucket.status()));
  }
  RETURN_IF_ERROR(executed.status());
  const auto stream = std::move(*executed);
  if (!request.out.empty()) {
    ASSIGN_OR_RETURN(const auto summary, query::WriteResultFile(*stream, write, request.out));
    session.Remark(
        fmt::format("{}: {} rows, {} bytes\n", request.out, Grouped(summary.rows), Grouped(summary.bytes)));
    return Status::OK();
  }
  return query::WriteResult(*stream, write,
                            [&](std::string_view bytes) -> Status {
                              session.Print(bytes);
                              return Status::OK();
                            })
      .status();
}

}  // namespace penstock::cli
