#include "cli/stream_access.h"

#include <fmt/format.h>

#include "cli/serve_site.h"
#include "net/http_server.h"
#include "stream/server_lock.h"

namespace penstock::cli {
namespace {

constexpr int kTries = 50;
constexpr auto kPause = std::chrono::milliseconds(100);  // until a process that begins to serve says where

}  // namespace

struct StreamAccess::There {
  std::string origin;
  std::unique_ptr<net::CurlClient> http;
  std::unique_ptr<aws::StaticCredentials> credentials;
  std::unique_ptr<aws::AwsClient> aws;
  std::unique_ptr<stream::FirehoseClient> firehose;
};

struct StreamAccess::Here {
  std::unique_ptr<ServeSite> site;
  std::unique_ptr<net::HttpServer> server;  // stops before what it answers with goes
};

StreamAccess::StreamAccess(Session& session, Workspace& workspace, stream::StreamSpec spec)
    : session_(session), workspace_(workspace), spec_(std::move(spec)) {}
StreamAccess::~StreamAccess() = default;

Result<std::unique_ptr<StreamAccess::There>> StreamAccess::Connect(const std::string& origin) {
  ASSIGN_OR_RETURN(const aws::AccessKeys keys, aws::AccessKeys::FromEnvironment());
  auto there = std::make_unique<There>();
  there->origin = origin;
  ASSIGN_OR_RETURN(there->http, net::CurlClient::Make({}));
  const auto [id, secret] = keys.First();
  there->credentials = std::make_unique<aws::StaticCredentials>(aws::Credentials{id, secret, "", {}});
  there->aws = std::make_unique<aws::AwsClient>(
      *there->http, *there->credentials, session_.clock(), session_.random(), session_.log(),
      aws::ClientOptions{.service = "firehose", .region = "us-east-1", .endpoint = origin});
  there->firehose = std::make_unique<stream::FirehoseClient>(
      *there->aws, session_.clock(), session_.random(), session_.log(),
      stream::FirehoseClientOptions{.anonymous = keys.empty()});
  return there;
}

Status StreamAccess::OpenHere() {
  ASSIGN_OR_RETURN(aws::AccessKeys keys, aws::AccessKeys::FromEnvironment());
  auto here = std::make_unique<Here>();
  here->site = std::make_unique<ServeSite>(session_, std::move(keys));
  RETURN_IF_ERROR(here->site->OpenStreams(workspace_));
  RETURN_IF_ERROR(here->site->streams()->Ensure(spec_).status());
  ASSIGN_OR_RETURN(here->server, net::HttpServer::StartAsync(
                                     {}, [site = here->site.get()](const auto& request, const auto& reply) {
                                       site->Answer(request, reply);
                                     }));
  RETURN_IF_ERROR(here->site->streams()->Publish(here->server->origin()));
  ASSIGN_OR_RETURN(auto there, Connect(here->server->origin()));
  there_.push_back(std::move(there));
  here_ = std::move(here);
  return Status::OK();
}

Status StreamAccess::Open() {
  ASSIGN_OR_RETURN(const std::string state, workspace_.StateFolder());
  const std::string folder = StreamsFolder(state);
  // Who has the lock may be about to begin or to end.
  for (int i = 0; i < kTries; ++i) {
    ASSIGN_OR_RETURN(const auto server, stream::ServerLock::Find(folder));
    if (!server) {
      const Status opened = OpenHere();
      if (CodeOf(opened) != ErrorCode::kConflict) return opened;
    } else if (!server->origin.empty()) {
      if (!there_.empty() && there_.back()->origin == server->origin) return Status::OK();
      ASSIGN_OR_RETURN(auto there, Connect(server->origin));
      there_.push_back(std::move(there));
      return Status::OK();
    }
    if (!session_.clock().SleepFor(kPause, session_.stop()))
      return MakeError(ErrorCode::kCancelled, "stopped before the streams were opened");
  }
  return MakeError(
      ErrorCode::kUnavailable,
      fmt::format("another process has the streams in {}, and does not say where it listens", folder),
      "wait until it has ended, or say `penstock serve`");
}

Result<stream::FirehoseClient*> StreamAccess::Client() {
  const std::lock_guard lock(mutex_);
  if (here_ == nullptr) RETURN_IF_ERROR(Open());
  return there_.back()->firehose.get();
}

Status StreamAccess::Deliver(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (here_ == nullptr) return Status::OK();
  return here_->site->streams()->Flush(spec_.name, stop);
}

std::string StreamAccess::served_by() {
  const std::lock_guard lock(mutex_);
  return here_ != nullptr || there_.empty() ? "" : there_.back()->origin;
}

}  // namespace penstock::cli
