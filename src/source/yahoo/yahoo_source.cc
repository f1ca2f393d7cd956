#include "source/yahoo/yahoo_source.h"

#include <fmt/format.h>

#include "net/http.h"
#include "net/url.h"
#include "source/opened_body.h"
#include "source/page_guard.h"
#include "source/yahoo/body.h"
#include "source/yahoo/spelling.h"

namespace penstock::source::yahoo {
namespace {

constexpr size_t kMaxCrumbBytes = 64;
constexpr int64_t kMaxSmallBodyBytes = 1 << 20;

int64_t UnixSeconds(Date date) { return int64_t{DaysSinceEpoch(date)} * 86400; }

// "a=1; Path=/…" of each Set-Cookie as one Cookie header (RFC 6265 section 4.2.1).
std::string CookiesOf(const net::HttpResponse& response) {
  std::string cookies;
  for (const auto& [name, value] : response.headers.fields()) {
    constexpr std::string_view kName = "set-cookie";
    const bool same = std::equal(name.begin(), name.end(), kName.begin(), kName.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
    });
    if (same) cookies += (cookies.empty() ? "" : "; ") + value.substr(0, value.find(';'));
  }
  return cookies;
}

}  // namespace

const std::string_view kSampleConfiguration =
    "kind: yahoo\n"
    "# Who answers: the site itself, or a replay server (http://127.0.0.1:PORT).\n"
    "endpoint: https://query2.finance.yahoo.com\n"
    "# Sets the cookie that the site may ask for; empty when none is needed.\n"
    "cookie_endpoint: https://fc.yahoo.com\n"
    "# The site turns away what does not look like a browser.\n"
    "user_agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36\n"
    "# json (v8 chart: with dividends and splits) or csv (v7 download).\n"
    "format: json\n";

Result<std::unique_ptr<Source>> MakeYahooSource(const SourceSettings& settings, const SourceParts& parts) {
  YahooOptions options;
  for (const auto& [key, value] : settings) {
    const auto fail = [&key = key, &value = value](std::string_view expected) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("source.{}: expected {}, got: {}", key, expected, value));
    };
    if (key == "endpoint" || key == "cookie_endpoint") {
      const bool optional = key == "cookie_endpoint";
      if (!(optional && value.empty()) && !net::ParseUrl(value).ok()) return fail("an http or https URL");
      std::string url = value;
      while (!url.empty() && url.back() == '/') url.pop_back();
      (optional ? options.cookie_endpoint : options.endpoint) = url;
    } else if (key == "user_agent") {
      if (value.empty() || value.find_first_of("\r\n") != std::string::npos) return fail("one line of text");
      options.user_agent = value;
    } else if (key == "format") {
      if (value != "json" && value != "csv") return fail("json or csv");
      options.csv = value == "csv";
    } else {
      return MakeError(ErrorCode::kConfiguration, "unknown setting of the source yahoo: " + key,
                       "it knows endpoint, cookie_endpoint, user_agent and format");
    }
  }
  return std::make_unique<YahooSource>(std::move(options), parts);
}

Result<ParsedAnswer> YahooSource::Parse(std::string_view bytes, const ParseContext& context) const {
  return ParseBody(bytes, context);
}

Result<RawAnswer> YahooSource::Fetch(const FetchSpec& spec, std::stop_token stop) {
  if (parts_.client == nullptr)
    return MakeError(ErrorCode::kUsage, "this source was made without an HTTP client");
  if (spec.to < spec.from) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: the last day lies before the first: {}..{}",
                                                    spec.symbol, FormatDate(spec.from), FormatDate(spec.to)));
  }
  Session session;
  {
    const std::lock_guard lock(mutex_);
    session = session_;
  }
  auto answer = FetchOnce(spec, session, stop);
  if (answer.ok() || CodeOf(answer.status()) != ErrorCode::kUnauthenticated ||
      options_.cookie_endpoint.empty()) {
    return answer;
  }
  RETURN_IF_ERROR(Renew(session.generation, stop));
  {
    const std::lock_guard lock(mutex_);
    session = session_;
  }
  return FetchOnce(spec, session, stop);
}

Result<RawAnswer> YahooSource::FetchOnce(const FetchSpec& spec, const Session& session,
                                         std::stop_token stop) {
  net::HttpRequest request;
  request.max_body_bytes = kMaxBodyBytes;
  request.url =
      fmt::format("{}/{}/{}?period1={}&period2={}&interval=1d&events={}&includeAdjustedClose=true",
                  options_.endpoint, options_.csv ? "v7/finance/download" : "v8/finance/chart",
                  net::PercentEncode(YahooSpelling(spec.symbol)), UnixSeconds(spec.from),
                  UnixSeconds(spec.to + std::chrono::days(1)), options_.csv ? "history" : "div%7Csplit");
  if (!session.crumb.empty()) request.url += "&crumb=" + net::PercentEncode(session.crumb);
  request.headers.Add("User-Agent", options_.user_agent);
  request.headers.Add("Accept", options_.csv ? "text/csv,text/plain" : "application/json");
  if (!session.cookie.empty()) request.headers.Add("Cookie", session.cookie);

  ASSIGN_OR_RETURN(net::HttpResponse response, parts_.client->Send(request, stop));
  RawAnswer answer;
  answer.masked_url = net::MaskUrl(request.url);
  RETURN_IF_ERROR(Judge(response, spec, answer.masked_url));
  answer.fetched_at = parts_.clock->Now();
  if (const auto date = response.headers.Find("Date")) {
    const auto parsed = ParseHttpDate(*date);
    if (parsed.ok()) answer.fetched_at = *parsed;
  }
  answer.extension = options_.csv ? "csv" : "json";
  answer.http_status = response.status;
  answer.generated = SaysGenerated(response.body);
  answer.body = std::move(response.body);
  return answer;
}

Status YahooSource::Judge(const net::HttpResponse& response, const FetchSpec& spec,
                          std::string_view masked_url) const {
  if (response.status >= 200 && response.status < 300) return CheckIsNoPage(response, masked_url);
  const Status by_status = net::ToStatus(response, masked_url, parts_.clock->Now());
  if (response.status == 429 || response.status >= 500) return by_status;
  // The body says more than the status. Without rows it is data; anything else is a failure that the body
  // names, or if it does not, the status does.
  ParseContext context;
  context.symbol = spec.symbol;
  context.raw_key = masked_url;
  const Status by_body = ParseBody(response.body, context).status();
  if (by_body.ok()) return response.status == 400 ? Status::OK() : by_status;
  if (CodeOf(by_body) == ErrorCode::kInvalidData) return by_status;
  return by_body;
}

Status YahooSource::Renew(int generation, std::stop_token stop) {
  const std::lock_guard renewing(renewing_);
  {
    const std::lock_guard lock(mutex_);
    if (session_.generation != generation) return Status::OK();  // another thread was first
  }
  net::HttpRequest request;
  request.max_body_bytes = kMaxSmallBodyBytes;
  request.url = options_.cookie_endpoint + "/";
  request.headers.Add("User-Agent", options_.user_agent);
  request.headers.Add("Accept", "text/html");
  ASSIGN_OR_RETURN(const net::HttpResponse page, parts_.client->Send(request, stop));
  Session session;
  session.cookie = CookiesOf(page);  // whatever its status: the site answers 404 here
  if (session.cookie.empty()) {
    return MakeError(ErrorCode::kUnauthenticated, "no cookie was set by " + net::MaskUrl(request.url),
                     "check source.cookie_endpoint");
  }
  request.url = options_.endpoint + "/v1/test/getcrumb";
  request.headers.Add("Cookie", session.cookie);
  ASSIGN_OR_RETURN(const net::HttpResponse crumb, parts_.client->Send(request, stop));
  RETURN_IF_ERROR(net::ToStatus(crumb, net::MaskUrl(request.url), parts_.clock->Now()));
  if (crumb.body.empty() || crumb.body.size() > kMaxCrumbBytes || crumb.body.front() == '<') {
    return MakeError(ErrorCode::kUnauthenticated, "no crumb came from " + net::MaskUrl(request.url));
  }
  session.crumb = crumb.body;
  session.generation = generation + 1;
  const std::lock_guard lock(mutex_);
  session_ = std::move(session);
  return Status::OK();
}

}  // namespace penstock::source::yahoo
