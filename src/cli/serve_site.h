// What `penstock serve` answers: calls of AWS clients, requests to streams, pages of state.
#pragma once

#include <memory>
#include <string>

#include "aws/signature_check.h"
#include "cli/dashboards.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "net/http_server.h"
#include "serve/function_calls.h"
#include "serve/status_pages.h"
#include "stream/firehose_api.h"
#include "stream/records_endpoint.h"
#include "stream/streams.h"

namespace penstock::cli {

// With access keys, all but /healthz and /metrics has to be signed. Without, whoever reaches it may call, but
// for pages of browsers: what a page of somebody else sends to this machine carries an Origin, or, where its
// name was made to lead here, that name as its Host.
class ServeSite {
 public:
  ServeSite(Session& session, aws::AccessKeys keys);
  ~ServeSite();

  // The streams of the workspace. Conflict: another process serves them; then calls are answered so.
  Status OpenStreams(Workspace& workspace);
  // nullptr: another process has them.
  stream::Streams* streams() { return streams_.get(); }

  // Before requests come in. They outlive the site, which may have none of them.
  void SetPages(const serve::StatusPages& pages, Dashboards& dashboards) {
    pages_ = &pages;
    dashboards_ = &dashboards;
  }
  void SetFunctions(serve::FunctionCalls& functions) { functions_ = &functions; }
  void Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply);

 private:
  std::optional<net::ServerResponse> Refusal(const net::ServerRequest& request) const;
  net::ServerResponse StreamPage(const net::ServerRequest& request) const;

  Session& session_;
  std::unique_ptr<aws::SignatureCheck> check_;  // nullptr: no keys are configured
  Status streams_status_;                       // why there are none
  std::unique_ptr<stream::Streams> streams_;
  std::unique_ptr<stream::FirehoseApi> firehose_;
  std::unique_ptr<stream::RecordsEndpoint> records_;
  const serve::StatusPages* pages_ = nullptr;
  Dashboards* dashboards_ = nullptr;
  serve::FunctionCalls* functions_ = nullptr;
};

// Where the streams of a state folder lie.
std::string StreamsFolder(const std::string& state_folder);

}  // namespace penstock::cli
