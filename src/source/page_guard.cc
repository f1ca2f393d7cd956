#include "source/page_guard.h"

#include <chrono>
#include <memory>
#include <string>

namespace penstock::source {

Status CheckIsNoPage(const net::HttpResponse& response, std::string_view masked_url) {
  if (response.status < 200 || response.status >= 300 || response.status == 204) return Status::OK();
  const std::string_view body = response.body;
  const size_t first = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first != std::string_view::npos && body[first] != '<') return Status::OK();
  return MakeError(
      ErrorCode::kUnavailable,
      std::string(first == std::string_view::npos ? "an empty body" : "an HTML page instead of data") +
          " came with status 200 from " + std::string(masked_url),
      "try again later; a consent or block page goes away with fewer requests");
}

Status CheckIsNoLimit(const net::HttpResponse& response, std::string_view masked_url) {
  constexpr size_t kMaxBytes = 1024;
  constexpr auto kPause = std::chrono::seconds(60);  // quotas are of a minute
  if (response.status != 200 || response.body.size() > kMaxBytes) return Status::OK();
  const std::string_view body = response.body;
  if (body.find("Error Message") == std::string_view::npos ||
      body.find("Limit Reach") == std::string_view::npos) {
    return Status::OK();
  }
  auto detail = std::make_shared<ErrorDetail>(ErrorCode::kThrottled);
  detail->retry_after = kPause;
  detail->advice = "lower the quota of the source";
  return MakeError(std::move(detail), "\"Limit Reach\" came with status 200 from " + std::string(masked_url));
}

Result<net::HttpResponse> PageGuard::Send(const net::HttpRequest& request, std::stop_token stop) {
  ASSIGN_OR_RETURN(net::HttpResponse response, inner_.Send(request, stop));
  // A page that was asked for is one.
  const auto accept = request.headers.Find("Accept");
  if (accept && *accept == "text/html") return response;
  RETURN_IF_ERROR(CheckIsNoPage(response, net::MaskUrl(request.url)));
  RETURN_IF_ERROR(CheckIsNoLimit(response, net::MaskUrl(request.url)));
  return response;
}

}  // namespace penstock::source
