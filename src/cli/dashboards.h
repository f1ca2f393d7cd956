// The pages of serve/dashboard.h over a session's bucket: for the verb `dashboard`, and under /dashboards of
// `serve`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http_server.h"
#include "pipeline/pipeline.h"

namespace penstock::cli {

class Session;

// Of the pipeline's saved queries, in their files' order. Usage: it has none, or a parameter that none has.
Result<std::string> DashboardPage(Session& session, const pipeline::Pipeline& pipeline,
                                  const std::map<std::string, std::string>& parameters, bool with_form);

// GET /dashboards lists the pipelines that have saved queries, /dashboards/NAME?PARAMETER=VALUE is the page
// of one. Thread-safe.
class Dashboards {
 public:
  // `session` outlives this.
  Dashboards(Session& session, std::vector<std::string> pipelines)
      : session_(session), pipelines_(std::move(pipelines)) {}

  static bool Takes(const net::ServerRequest& request) {
    return !request.segments.empty() && request.segments[0] == "dashboards";
  }
  net::ServerResponse Answer(const net::ServerRequest& request) const;

 private:
  Result<std::string> Page(const net::ServerRequest& request) const;

  Session& session_;
  const std::vector<std::string> pipelines_;  // names or folders
};

}  // namespace penstock::cli
