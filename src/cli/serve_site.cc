#include "cli/serve_site.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/json_text.h"
#include "stream/firehose_error.h"
#include "stream/stream_report.h"

namespace penstock::cli {
namespace {

net::ServerResponse Problem(int status, const std::string& message) {
  return net::JsonResponse(status, json::object{{"message", ToValidUtf8(message)}});
}

constexpr const char* kIndex =
    "penstock serve\n\n"
    "POST /                       the Firehose API, for any AWS SDK\n"
    "POST /streams/NAME/records   records without an SDK: NDJSON, CSV, text\n"
    "GET  /streams                the delivery streams, and how they go\n"
    "GET  /functions/NAME         a collector\n"
    "GET  /dashboards             saved queries as pages\n"
    "GET  /schedules              what runs by itself, and when\n"
    "GET  /healthz, /metrics      for those who watch\n";

net::ServerResponse IndexPage() {
  net::ServerResponse response;
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  response.body = kIndex;
  return response;
}

// A name that somebody else's DNS leads here, after a browser has loaded their page under it, makes that page
// one of this site (DNS rebinding). An address and localhost are nobody's.
bool IsOfThisMachine(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.rfind(':'));
  const std::string name = AsciiLower(host);
  return name == "localhost" || name.ends_with(".localhost") ||
         name.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

std::string StreamsFolder(const std::string& state_folder) { return state_folder + "/streams"; }

ServeSite::ServeSite(Session& session, aws::AccessKeys keys) : session_(session) {
  if (!keys.empty()) {
    check_ = std::make_unique<aws::SignatureCheck>(std::move(keys), "firehose", session.clock());
  }
}
ServeSite::~ServeSite() = default;

Status ServeSite::OpenStreams(Workspace& workspace) {
  ASSIGN_OR_RETURN(const std::string state, workspace.StateFolder());
  ASSIGN_OR_RETURN(auto* catalog, workspace.Catalog());
  ASSIGN_OR_RETURN(auto* store, workspace.Store());
  auto streams = stream::Streams::Open(StreamsFolder(state), session_.clock(), session_.log(), {},
                                       {store, catalog, &session_.random()});
  streams_status_ = streams.status();
  RETURN_IF_ERROR(streams_status_);
  streams_ = *std::move(streams);
  firehose_ = std::make_unique<stream::FirehoseApi>(*streams_, *catalog, check_.get(), session_.random());
  records_ = std::make_unique<stream::RecordsEndpoint>(*streams_);
  return Status::OK();
}

std::optional<net::ServerResponse> ServeSite::Refusal(const net::ServerRequest& request) const {
  if ((request.method == "GET" || request.method == "HEAD") &&
      (request.path == "/healthz" || request.path == "/metrics")) {
    return std::nullopt;
  }
  if (check_ != nullptr) {
    const auto refusal = check_->Check(request);
    if (!refusal) return std::nullopt;
    return Problem(403, refusal->error + ": " + refusal->message);
  }
  if (request.headers.Find("origin") && request.method != "GET") {
    return Problem(403, "requests of web pages are refused: they have an Origin");
  }
  if (const auto host = request.headers.Find("host"); host && !IsOfThisMachine(*host)) {
    return Problem(403,
                   "without access keys this is asked for as localhost or by an address, not as " + *host);
  }
  return std::nullopt;
}

net::ServerResponse ServeSite::StreamPage(const net::ServerRequest& request) const {
  if (streams_ == nullptr) return Problem(503, Describe(streams_status_));
  if (request.method != "GET") return Problem(405, "GET only");
  if (request.segments.size() == 1) {
    json::array all;
    for (const auto& info : streams_->DescribeAll()) all.push_back(stream::StreamJson(info));
    return net::JsonResponse(200, all);
  }
  const auto info = streams_->Describe(request.segments[1]);
  if (!info.ok()) return Problem(404, Describe(info.status()));
  return net::JsonResponse(200, stream::StreamJson(*info));
}

void ServeSite::Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply) {
  // With keys it checks who calls by itself, and answers in its own words.
  const bool firehose = stream::FirehoseApi::IsCall(*request);
  if (!firehose || check_ == nullptr) {
    if (auto refusal = Refusal(*request)) return reply(*std::move(refusal));
  }
  if (firehose) {
    if (firehose_ != nullptr) return firehose_->Answer(request, reply);
    return reply(stream::AnswerOf({"ServiceUnavailableException", Describe(streams_status_), 500}));
  }
  if (stream::RecordsEndpoint::IsCall(*request) && records_ != nullptr)
    return records_->Answer(request, reply);
  if (!request->segments.empty() && request->segments[0] == "streams") return reply(StreamPage(*request));
  if (serve::FunctionCalls::IsCall(*request) && functions_ != nullptr)
    return functions_->Answer(request, reply);
  if (request->path == "/healthz" && streams_ != nullptr) {
    if (const Status health = streams_->health(); !health.ok()) return reply(Problem(503, Describe(health)));
  }
  if (pages_ == nullptr) return reply(Problem(404, "nothing is here: " + request->path));
  if (request->path == "/" && request->method == "GET") return reply(IndexPage());
  if (Dashboards::Takes(*request)) return dashboards_->Answer(request, reply);
  reply(pages_->Answer(*request));
}

}  // namespace penstock::cli
