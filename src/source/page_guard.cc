#include "source/page_guard.h"

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

Result<net::HttpResponse> PageGuard::Send(const net::HttpRequest& request, std::stop_token stop) {
  ASSIGN_OR_RETURN(net::HttpResponse response, inner_.Send(request, stop));
  // A page that was asked for is one.
  const auto accept = request.headers.Find("Accept");
  if (accept && *accept == "text/html") return response;
  RETURN_IF_ERROR(CheckIsNoPage(response, net::MaskUrl(request.url)));
  return response;
}

}  // namespace penstock::source
