#include "source/replay/replay_server.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/json.h"
#include "net/http_server.h"
#include "source/inflate.h"
#include "source/replay/fault_plan.h"
#include "source/replay/fmp_replay.h"
#include "source/replay/iex_replay.h"
#include "source/replay/request_log.h"
#include "source/replay/ted_replay.h"
#include "source/replay/yahoo_replay.h"

namespace penstock::source {

class ReplayServer::Impl {
 public:
  Impl(ReplayOptions options, const Clock& clock, Logger logger, std::vector<Fault> faults, ReplayQuota quota)
      : options_(std::move(options)),
        clock_(clock),
        logger_(std::move(logger)),
        faults_(std::move(faults)),
        log_(quota) {}

  Status Start() {
    YahooReplayOptions yahoo;
    yahoo.data_dir = options_.data_dir;
    yahoo.generate_any = options_.generate_any;
    yahoo.generate_count = options_.generate_count;
    yahoo.calendar = options_.calendar;
    yahoo.seed = options_.seed;
    yahoo.require_crumb = options_.require_crumb;
    ASSIGN_OR_RETURN(auto provider, YahooReplay::Open(std::move(yahoo)));
    FmpReplayOptions fmp;
    fmp.key = options_.fmp_key;
    fmp.market.data_dir = options_.data_dir;
    fmp.market.generate_any = options_.generate_any;
    fmp.market.generate_count = options_.generate_count;
    fmp.market.seed = options_.seed;
    RETURN_IF_ERROR(ReadDead(&fmp.market));
    if (!options_.today.empty()) {
      const auto today = ParseDate(options_.today);
      if (!today.ok()) return MakeError(ErrorCode::kUsage, "not a day as YYYY-MM-DD: " + options_.today);
      fmp.market.today = *today;
    }
    IexReplayOptions iex;
    iex.market = fmp.market;
    iex.token = options_.iex_token;
    iex.changing = options_.iex_changing;
    ASSIGN_OR_RETURN(auto third, IexReplay::Open(std::move(iex)));
    ASSIGN_OR_RETURN(auto second, FmpReplay::Open(std::move(fmp)));
    providers_.push_back(std::move(provider));
    providers_.push_back(std::move(third));  // before FMP, which takes whatever is below /stable
    providers_.push_back(std::move(second));
    if (options_.ted_notices < 1 || options_.ted_notices > 350)
      return MakeError(ErrorCode::kUsage, "tender notices an issue: expected 1 to 350");
    TedReplayOptions ted;
    ted.data_dir = options_.data_dir;
    ted.notices_an_issue = static_cast<int>(options_.ted_notices);
    ted.today = fmp.market.today;
    providers_.push_back(std::make_unique<TedReplay>(std::move(ted)));

    net::ServerOptions server;
    server.address = options_.address;
    server.port = options_.port;
    server.threads = options_.threads;
    ASSIGN_OR_RETURN(server_, net::HttpServer::Start(server, [this](const net::ServerRequest& request) {
                       return Handle(request);
                     }));
    return Status::OK();
  }

  json::object Stats() const {
    json::object stats = log_.Stats();
    stats["connections"] = server_ == nullptr ? 0 : server_->connections_accepted();
    return stats;
  }

  net::HttpServer* server() { return server_.get(); }

 private:
  net::ServerResponse Handle(const net::ServerRequest& request) {
    if (!request.segments.empty() && request.segments[0] == "_replay") return Control(request);
    const auto wait = log_.Arrive(clock_.Now());
    net::ServerResponse response = wait ? TooMany(request, *wait) : Provide(request);
    log_.Answered(response.status);
    logger_.Debug("replayed", {{"path", request.path}, {"status", response.status}});
    return response;
  }

  // "34/1536".
  Status ReadDead(UsMarketOptions* market) const {
    if (options_.dead.empty()) return Status::OK();
    const char *text = options_.dead.c_str(), *end = text + options_.dead.size();
    const auto [slash, error] = std::from_chars(text, end, market->dead);
    const bool first = error == std::errc() && slash != end && *slash == '/';
    const auto [last, second] = first ? std::from_chars(slash + 1, end, market->dead_among)
                                      : std::from_chars_result{text, std::errc()};
    const bool good = first && second == std::errc() && last == end && market->dead >= 0 &&
                      market->dead <= market->dead_among && market->dead_among > 0 &&
                      market->dead_among <= 1'000'000;
    return good ? Status::OK()
                : MakeError(ErrorCode::kUsage,
                            "dead symbols: expected a share such as 34/1536, got " + options_.dead);
  }

  net::ServerResponse TooMany(const net::ServerRequest& request, Duration wait) {
    std::string symbol;
    ReplayAnswer answer = providers_.front()->TooMany();
    for (const auto& provider : providers_) {
      if (!provider->Takes(request, &symbol)) continue;
      answer = provider->TooMany();
      break;
    }
    net::ServerResponse response;
    response.status = answer.status;
    response.headers.Add("Content-Type", answer.content_type);
    response.headers.Add("Retry-After",
                         std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
    response.body = std::move(answer.body);
    return response;
  }

  net::ServerResponse Provide(const net::ServerRequest& request) {
    for (const auto& provider : providers_) {
      std::string symbol;
      if (!provider->Takes(request, &symbol)) continue;
      ReplayAnswer answer = provider->Answer(request);
      net::ServerResponse response;
      response.status = answer.status;
      response.headers = std::move(answer.headers);
      response.headers.Add("Content-Type", answer.content_type);
      if (answer.date) response.headers.Add("Date", FormatHttpDate(*answer.date));
      response.body = std::move(answer.body);
      Status changed = Status::OK();
      for (const Fault* fault : faults_.Strike(symbol)) {
        if (changed.ok()) changed = FaultPlan::Apply(*fault, symbol, &response);
      }
      if (changed.ok() && options_.gzip) changed = Compress(request, &response);
      return changed.ok() ? std::move(response) : Failure(500, Describe(changed));
    }
    return Failure(404, "no provider has this path: " + request.path);
  }

  static Status Compress(const net::ServerRequest& request, net::ServerResponse* response) {
    const auto accepted = request.headers.Find("Accept-Encoding");
    if (!accepted || accepted->find("gzip") == std::string::npos) return Status::OK();
    ASSIGN_OR_RETURN(response->body, Deflate(response->body));
    response->headers.Add("Content-Encoding", "gzip");
    return Status::OK();
  }

  net::ServerResponse Control(const net::ServerRequest& request) {
    const std::string verb = request.segments.size() == 2 ? request.segments[1] : "";
    if (verb == "stats" && request.method == "GET") return Json(json::value(Stats()));
    if (verb == "reset" && request.method == "POST") {
      log_.Reset();
      faults_.Reset();
      return Json(json::object{{"reset", true}});
    }
    if (verb == "symbols" && request.method == "GET") {
      json::array symbols;
      for (const auto& provider : providers_) {
        const auto known = provider->Symbols();
        if (!known.ok()) return Failure(500, Describe(known.status()));
        for (const std::string& symbol : *known) symbols.emplace_back(symbol);
      }
      return Json(symbols);
    }
    return Failure(
        404, "the replay server knows GET /_replay/stats, GET /_replay/symbols and POST /_replay/reset");
  }

  static net::ServerResponse Json(const json::value& value) {
    net::ServerResponse response;
    response.headers.Add("Content-Type", "application/json");
    response.body = ToJson(value) + "\n";
    return response;
  }

  static net::ServerResponse Failure(int status, const std::string& text) {
    net::ServerResponse response = Json(json::object{{"error", text}});
    response.status = status;
    return response;
  }

  const ReplayOptions options_;
  const Clock& clock_;
  const Logger logger_;
  FaultPlan faults_;
  RequestLog log_;
  std::vector<std::unique_ptr<ReplayProvider>> providers_;
  std::unique_ptr<net::HttpServer> server_;  // last: stops before what its handler uses goes
};

Result<std::unique_ptr<ReplayServer>> ReplayServer::Start(ReplayOptions options, const Clock& clock,
                                                          Logger logger) {
  std::vector<Fault> faults;
  for (const std::string& text : options.faults) {
    ASSIGN_OR_RETURN(Fault fault, ParseFault(text));
    faults.push_back(std::move(fault));
  }
  ReplayQuota quota;
  if (!options.quota.empty()) {
    ASSIGN_OR_RETURN(quota, ParseReplayQuota(options.quota));
  }
  auto impl = std::make_unique<Impl>(std::move(options), clock, std::move(logger), std::move(faults), quota);
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<ReplayServer>(new ReplayServer(std::move(impl)));
}

ReplayServer::ReplayServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayServer::~ReplayServer() = default;
uint16_t ReplayServer::port() const { return impl_->server()->port(); }
std::string ReplayServer::origin() const { return impl_->server()->origin(); }
std::string ReplayServer::Stats() const { return ToJson(json::value(impl_->Stats())); }
void ReplayServer::Stop() { impl_->server()->Stop(); }

}  // namespace penstock::source
