// The process that serves the streams of a bucket, as other verbs reach it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/access_keys.h"
#include "base/json.h"
#include "cli/session.h"
#include "cli/workspace.h"
#include "net/curl_client.h"

namespace penstock::cli {

// Requests to `penstock serve` on this machine, signed where access keys are configured.
class StreamServer {
 public:
  // Nothing: nobody serves them. Unavailable: a process has them that does not listen (yet).
  static Result<std::optional<StreamServer>> Find(Session& session, Workspace& workspace);

  const std::string& origin() const { return origin_; }
  // The JSON of a page. NotFound; what the server says.
  Result<json::value> Get(const std::string& path);
  // Records to a stream: how many were accepted. While the server is busy or its disk is full it says so and
  // tries again, for a minute; then Unavailable, with what the server says.
  Result<int64_t> Post(const std::string& stream, const std::string& content_type, std::string body);

 private:
  StreamServer(Session& session, std::string origin, aws::AccessKeys keys,
               std::unique_ptr<net::CurlClient> client)
      : session_(&session), origin_(std::move(origin)), keys_(std::move(keys)), client_(std::move(client)) {}
  Result<net::HttpResponse> Send(net::HttpRequest request);

  Session* session_;
  std::string origin_;
  aws::AccessKeys keys_;
  std::unique_ptr<net::CurlClient> client_;
};

}  // namespace penstock::cli
