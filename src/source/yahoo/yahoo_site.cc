#include "source/yahoo/yahoo_site.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/http.h"
#include "net/url.h"
#include "source/opened_body.h"
#include "source/page_guard.h"
#include "source/yahoo/body.h"

namespace penstock::source::yahoo {
namespace {

constexpr size_t kMaxCrumbBytes = 64;
constexpr int64_t kMaxSmallBodyBytes = 1 << 20;

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

Result<bool> ReadSiteSetting(const std::string& key, const std::string& value, SiteOptions* options) {
  const auto fail = [&](std::string_view expected) {
    return MakeError(ErrorCode::kConfiguration,
                     fmt::format("source.{}: expected {}, got: {}", key, expected, value));
  };
  if (key == "endpoint" || key == "cookie_endpoint") {
    const bool optional = key == "cookie_endpoint";
    if (!(optional && value.empty()) && !net::ParseUrl(value).ok()) return fail("an http or https URL");
    std::string url = value;
    while (!url.empty() && url.back() == '/') url.pop_back();
    (optional ? options->cookie_endpoint : options->endpoint) = url;
  } else if (key == "user_agent") {
    if (value.empty() || value.find_first_of("\r\n") != std::string::npos) return fail("one line of text");
    options->user_agent = value;
  } else {
    return false;
  }
  return true;
}

Result<RawAnswer> YahooSite::Ask(const std::string& path, std::string_view accept, std::string_view symbol,
                                 std::stop_token stop) {
  if (parts_.client == nullptr)
    return MakeError(ErrorCode::kUsage, "this source was made without an HTTP client");
  Session session;
  {
    const std::lock_guard lock(mutex_);
    session = session_;
  }
  auto answer = AskOnce(path, accept, symbol, session, stop);
  if (answer.ok() || CodeOf(answer.status()) != ErrorCode::kUnauthenticated ||
      options_.cookie_endpoint.empty()) {
    return answer;
  }
  RETURN_IF_ERROR(Renew(session.generation, stop));
  {
    const std::lock_guard lock(mutex_);
    session = session_;
  }
  return AskOnce(path, accept, symbol, session, stop);
}

Result<RawAnswer> YahooSite::AskOnce(const std::string& path, std::string_view accept,
                                     std::string_view symbol, const Session& session, std::stop_token stop) {
  net::HttpRequest request;
  request.max_body_bytes = kMaxBodyBytes;
  request.url = options_.endpoint + path;
  if (!session.crumb.empty()) request.url += "&crumb=" + net::PercentEncode(session.crumb);
  request.headers.Add("User-Agent", options_.user_agent);
  request.headers.Add("Accept", std::string(accept));
  if (!session.cookie.empty()) request.headers.Add("Cookie", session.cookie);

  ASSIGN_OR_RETURN(net::HttpResponse response, parts_.client->Send(request, stop));
  RawAnswer answer;
  answer.masked_url = net::MaskUrl(request.url);
  RETURN_IF_ERROR(Judge(response, symbol, answer.masked_url));
  answer.fetched_at = parts_.clock->Now();
  if (const auto date = response.headers.Find("Date")) {
    const auto parsed = ParseHttpDate(*date);
    if (parsed.ok()) answer.fetched_at = *parsed;
  }
  answer.http_status = response.status;
  answer.generated = SaysGenerated(response.body);
  answer.body = std::move(response.body);
  return answer;
}

Status YahooSite::Judge(const net::HttpResponse& response, std::string_view symbol,
                        std::string_view masked_url) const {
  if (response.status >= 200 && response.status < 300) return CheckIsNoPage(response, masked_url);
  const Status by_status = net::ToStatus(response, masked_url, parts_.clock->Now());
  if (response.status == 429 || response.status >= 500) return by_status;
  // The body says more than the status. Without rows it is data; anything else is a failure that the body
  // names, or if it does not, the status does.
  ParseContext context;
  context.symbol = symbol;
  context.raw_key = masked_url;
  const Status by_body = ParseBody(response.body, context).status();
  if (by_body.ok()) return response.status == 400 ? Status::OK() : by_status;
  if (CodeOf(by_body) == ErrorCode::kInvalidData) return by_status;
  return by_body;
}

Status YahooSite::Renew(int generation, std::stop_token stop) {
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
