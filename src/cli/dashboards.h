// The pages of serve/dashboard.h over a session's bucket: for the verb `dashboard`, and under /dashboards of
// `serve`.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http_server.h"
#include "pipeline/pipeline.h"
#include "serve/call_threads.h"

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
      : session_(session), pipelines_(std::move(pipelines)), threads_(kMostAtOnce) {}

  static bool Takes(const net::ServerRequest& request) {
    return !request.segments.empty() && request.segments[0] == "dashboards";
  }
  // Replies when the page is made, on a thread of its own: its queries may take minutes. 503 with Retry-After
  // while two are being made.
  void Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply);

 private:
  static constexpr int kMostAtOnce = 2;  // each uses all processors, and memory for its queries
  net::ServerResponse AnswerOf(const net::ServerRequest& request) const;
  Result<std::string> Page(const net::ServerRequest& request) const;

  Session& session_;
  const std::vector<std::string> pipelines_;  // names or folders
  serve::CallThreads threads_;                // last: its calls use the rest
};

}  // namespace penstock::cli
