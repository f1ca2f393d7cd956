#include "cli/dashboards.h"

#include <fmt/format.h>

#include "base/error_code.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "query/query_engine.h"
#include "query/saved_query.h"
#include "serve/dashboard.h"

namespace penstock::cli {
namespace {

constexpr int64_t kTimeoutMs = 60'000;  // of one query of a page

}  // namespace

Result<std::string> DashboardPage(Session& session, const pipeline::Pipeline& pipeline,
                                  const std::map<std::string, std::string>& parameters, bool with_form) {
  serve::DashboardSpec spec;
  ASSIGN_OR_RETURN(spec.queries, query::ListSavedQueries(pipeline.queries_folder()));
  if (spec.queries.empty()) {
    return MakeError(ErrorCode::kUsage, fmt::format("the pipeline {} has no saved queries", pipeline.name()),
                     fmt::format("put .sql files into {}", pipeline.queries_folder()));
  }
  spec.title = pipeline.name();
  spec.description = pipeline.config.description;
  spec.parameters = parameters;
  spec.with_form = with_form;
  spec.now = session.clock().Now();
  Workspace workspace(session);
  QueryLimits limits;
  limits.database = pipeline.config.database();
  limits.timeout_ms = kTimeoutMs;
  ASSIGN_OR_RETURN(const auto engine, workspace.QueryEngine(limits));
  return serve::RenderDashboard(spec, *engine, session.stop());
}

Result<std::string> Dashboards::Page(const net::ServerRequest& request) const {
  std::vector<std::pair<std::string, std::string>> links;
  const bool list = request.segments.size() == 1 || request.segments[1].empty();
  for (const auto& name : pipelines_) {
    ASSIGN_OR_RETURN(const auto pipeline, pipeline::LoadPipeline(name));
    if (list) {
      ASSIGN_OR_RETURN(const auto queries, query::ListSavedQueries(pipeline.queries_folder()));
      if (!queries.empty()) links.emplace_back(pipeline.name(), "/dashboards/" + pipeline.name());
    } else if (request.segments[1] == pipeline.name() && request.segments.size() == 2) {
      std::map<std::string, std::string> parameters;
      for (const auto& [parameter, value] : request.query) {
        if (!value.empty()) parameters[parameter] = value;
      }
      return DashboardPage(session_, pipeline, parameters, true);
    }
  }
  if (list) return serve::RenderLinks("Dashboards", links);
  return MakeError(ErrorCode::kNotFound, "no such dashboard", "/dashboards lists them");
}

void Dashboards::Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply) {
  net::ServerResponse refusal;
  if (request->method != "GET" && request->method != "HEAD") {
    refusal.status = 405;
    return reply(std::move(refusal));
  }
  const auto taken = threads_.Run([this, request, reply] { reply(AnswerOf(*request)); });
  if (taken == serve::CallThreads::Taken::kYes) return;
  refusal.status = 503;
  refusal.headers.Add("Retry-After", "10");
  refusal.headers.Add("Content-Type", "text/plain; charset=utf-8");
  refusal.body = fmt::format("{} pages are being made; try again soon\n", kMostAtOnce);
  reply(std::move(refusal));
}

net::ServerResponse Dashboards::AnswerOf(const net::ServerRequest& request) const {
  net::ServerResponse response;
  const auto page = Page(request);
  response.headers.Add("Cache-Control", "no-store");
  response.headers.Add("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'");
  if (page.ok()) {
    response.headers.Add("Content-Type", "text/html; charset=utf-8");
    response.body = *page;
  } else {
    response.status = InfoOf(CodeOf(page.status())).http_status;
    response.headers.Add("Content-Type", "text/plain; charset=utf-8");
    response.body = Describe(page.status()) + "\n";
  }
  return response;
}

}  // namespace penstock::cli
