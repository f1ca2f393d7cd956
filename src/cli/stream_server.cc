#include "cli/stream_server.h"

#include <fmt/format.h>

#include "aws/sigv4.h"
#include "cli/serve_site.h"
#include "net/url.h"
#include "stream/server_lock.h"

namespace penstock::cli {
namespace {

constexpr Duration kPatience = std::chrono::minutes(1);  // with a server that takes nothing

const char* AdviceFor(int http_status) {
  return http_status == 403 ? "set PENSTOCK_ACCESS_KEYS as the server has it" : "";
}

}  // namespace

Result<std::optional<StreamServer>> StreamServer::Find(Session& session, Workspace& workspace) {
  ASSIGN_OR_RETURN(const std::string state, workspace.StateFolder());
  ASSIGN_OR_RETURN(const auto server, stream::ServerLock::Find(StreamsFolder(state)));
  if (!server) return std::nullopt;
  if (server->origin.empty()) {
    return MakeError(ErrorCode::kUnavailable,
                     fmt::format("process {} has the streams and does not listen (yet)", server->pid),
                     "try again");
  }
  ASSIGN_OR_RETURN(auto keys, aws::AccessKeys::FromEnvironment());
  ASSIGN_OR_RETURN(auto client, net::CurlClient::Make());
  return StreamServer(session, server->origin, std::move(keys), std::move(client));
}

Result<net::HttpResponse> StreamServer::Send(net::HttpRequest request) {
  if (const auto [id, secret] = keys_.First(); !id.empty()) {
    RETURN_IF_ERROR(aws::SignRequest({id, secret, "", std::nullopt},
                                     {"firehose", "us-east-1", session_->clock().Now()},
                                     aws::SigningOptionsOf("firehose"), &request)
                        .status());
  }
  return client_->Send(request, session_->stop());
}

Result<json::value> StreamServer::Get(const std::string& path) {
  net::HttpRequest request;
  request.url = origin_ + path;
  ASSIGN_OR_RETURN(const auto response, Send(std::move(request)));
  if (response.status == 200) return ParseJson(response.body);
  const auto document = ParseJson(response.body);
  const std::string message = document.ok() ? GetStringOr(*document, "message", "").ValueOr("")
                                            : fmt::format("HTTP {}", response.status);
  return MakeError(response.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnavailable, message,
                   AdviceFor(response.status));
}

Result<int64_t> StreamServer::Post(const std::string& stream, const std::string& content_type,
                                   std::string body) {
  for (Duration waited{0};;) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = fmt::format("{}/streams/{}/records", origin_, net::PercentEncode(stream));
    request.headers.Add("Content-Type", content_type);
    request.body = body;
    ASSIGN_OR_RETURN(const auto response, Send(std::move(request)));
    const auto document = ParseJson(response.body);
    if (response.status == 200 && document.ok()) return GetInt(*document, "accepted");
    const Status status = net::ToStatus(response, origin_, session_->clock().Now());
    std::string message = document.ok() ? GetStringOr(*document, "message", "").ValueOr("") : "";
    if (message.empty()) message = status.message();
    const bool busy = response.status == 429 || response.status == 503;
    if (const auto pause = DetailOf(status)->retry_after; busy && pause && waited < kPatience) {
      // Nothing of it was stored.
      if (waited == Duration(0)) session_->Remark(fmt::format("waiting for {}: {}\n", origin_, message));
      if (!session_->clock().SleepFor(*pause, session_->stop()))
        return MakeError(ErrorCode::kCancelled, "stopped");
      waited += *pause;
      continue;
    }
    return MakeError(busy                     ? ErrorCode::kUnavailable
                     : response.status == 404 ? ErrorCode::kNotFound
                     : response.status == 403 ? ErrorCode::kPermissionDenied
                                              : ErrorCode::kInvalidData,
                     std::move(message), AdviceFor(response.status));
  }
}

}  // namespace penstock::cli
