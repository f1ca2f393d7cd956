#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>

#include "cli/command.h"
#include "cli/query_runner.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "pipeline/pipeline.h"
#include "query/saved_query.h"

namespace penstock::cli {
namespace {

struct QueryOptions {
  QueryRequest request;
  std::string file;
  std::string engine = "duckdb";
  std::vector<std::string> parameters;
  bool list = false;
};

// The pipelines whose saved queries are meant: the one named, or all that are here.
Result<int> ListSaved(Session& session, const std::string& only) {
  Rows rows{{"pipeline", "query", "description", "parameters"}, {}};
  for (const auto& name : only.empty() ? pipeline::KnownPipelines() : std::vector<std::string>{only}) {
    ASSIGN_OR_RETURN(const auto pipeline, pipeline::LoadPipeline(name));
    ASSIGN_OR_RETURN(const auto queries, query::ListSavedQueries(pipeline.queries_folder()));
    for (const auto& query : queries) {
      std::string parameters;
      for (const auto& parameter : query.parameters) {
        parameters += fmt::format("{}{}", parameters.empty() ? "" : ", ", parameter.name);
        if (parameter.fallback) parameters += "=" + *parameter.fallback;
      }
      rows.Add({json::value(name), json::value(query.name), json::value(query.description),
                json::value(parameters)});
    }
  }
  session.PrintRows(rows);
  return 0;
}

// The pipeline that has the saved query, when only one does.
Result<std::string> PipelineOfSaved(const std::string& saved) {
  std::vector<std::string> having;
  for (const auto& name : pipeline::KnownPipelines()) {
    const auto pipeline = pipeline::LoadPipeline(name);
    if (pipeline.ok() && query::LoadSavedQuery(pipeline->queries_folder(), saved).ok())
      having.push_back(name);
  }
  if (having.size() == 1) return having.front();
  return MakeError(ErrorCode::kUsage,
                   having.empty()
                       ? fmt::format("no pipeline has a saved query {}", saved)
                       : fmt::format("{} is a saved query of {}", saved, fmt::join(having, " and ")),
                   having.empty() ? "`penstock query --list` shows them" : "say which one by --pipeline");
}

Result<int> Query(Session& session, QueryOptions options) {
  QueryRequest& request = options.request;
  if (options.list) return ListSaved(session, request.pipeline);
  if (options.engine != "duckdb") {
    return MakeError(ErrorCode::kUsage, fmt::format("--engine: expected duckdb, got {}", options.engine));
  }
  const int given =
      (request.sql.empty() ? 0 : 1) + (options.file.empty() ? 0 : 1) + (request.saved.empty() ? 0 : 1);
  if (given != 1) {
    return MakeError(ErrorCode::kUsage, "query: expected exactly one of SQL, --file and --saved",
                     "for example: penstock query \"select count(*) from sp500.bars\"");
  }
  ASSIGN_OR_RETURN(request.parameters, ParseParameters(options.parameters));
  if (!options.file.empty()) {
    std::ifstream file(options.file, std::ios::binary);
    if (!file) return MakeError(ErrorCode::kUsage, fmt::format("--file: cannot read {}", options.file));
    request.sql.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (!request.saved.empty() && request.pipeline.empty()) {
    ASSIGN_OR_RETURN(request.pipeline, PipelineOfSaved(request.saved));
  }
  Workspace workspace(session);
  RETURN_IF_ERROR(RunQuery(session, workspace, request));
  return 0;
}

}  // namespace

void AddQueryCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<QueryOptions>();
  QueryRequest& request = options->request;
  auto* verb = app.add_subcommand("query", "SQL over the lake");
  verb->add_option("sql", request.sql, "one statement that reads");
  verb->add_option("--file", options->file, "the SQL is in this file");
  verb->add_option("--saved", request.saved, "a query of the pipeline's queries/ folder");
  verb->add_option("--pipeline", request.pipeline,
                   "whose saved query, and whose tables need no database in front");
  verb->add_option("--param", options->parameters, "NAME=VALUE for :NAME in the SQL; may be given again")
      ->allow_extra_args(false);
  verb->add_flag("--list", options->list, "the saved queries");
  verb->add_option("--format", request.format,
                   "table, csv, json, ndjson, markdown or parquet; default: --output");
  verb->add_option("--out", request.out, "write to this file, which appears whole or not at all");
  verb->add_option("--engine", options->engine, "duckdb");
  verb->add_option("--memory-mb", request.memory_limit_mb, "more than this spills to disk")
      ->check(CLI::PositiveNumber);
  verb->add_option("--timeout-ms", request.timeout_ms, "ends a query that takes longer")
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("!--no-live,--live", request.live,
                 "only what streams have delivered; by default also what they have accepted since")
      ->envname("PENSTOCK_LIVE");
  verb->footer(
      "Examples:\n"
      "  penstock query \"select symbol, close from sp500.bars where dt = '2017-08-11' order by close "
      "desc\"\n"
      "  penstock query --saved movers --pipeline sp500 --param day=2017-08-11 --param top=5\n"
      "  penstock query --file report.sql --out report.parquet");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Query(session, *options); }; });
}

}  // namespace penstock::cli
