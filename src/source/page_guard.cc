#include "source/page_guard.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace penstock::source {

Status CheckIsNoPage(const net::HttpResponse& response, std::string_view masked_url) {
  if (response.status < 200 || response.status >= 300 || response.status == 204 || response.status == 206)
    return Status::OK();  // none, and the middle of what may begin with anything
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

namespace {

Status Check(const net::HttpResponse& response, std::string_view masked_url) {
  RETURN_IF_ERROR(CheckIsNoPage(response, masked_url));
  return CheckIsNoLimit(response, masked_url);
}

// Holds back the beginning of a streamed body, with the head, until it is checked.
class HeldBeginning {
 public:
  explicit HeldBeginning(const net::HttpRequest& request)
      : request_(request), url_(net::MaskUrl(request.url)) {}

  Status OnHead(const net::HttpResponse& head) {
    start_ = head;
    return Status::OK();
  }
  Status OnBody(std::string_view piece) {
    if (released_) return request_.on_body(piece);
    start_.body += piece;
    return start_.body.size() > kEnough ? Release() : Status::OK();
  }
  // After the last piece.
  Status End() { return released_ ? Status::OK() : Release(); }

 private:
  static constexpr size_t kEnough = 1024;  // an answer that is a limit is not longer

  Status Release() {
    RETURN_IF_ERROR(Check(start_, url_));
    released_ = true;
    const std::string body = std::exchange(start_.body, "");
    if (request_.on_head) RETURN_IF_ERROR(request_.on_head(start_));
    return body.empty() ? Status::OK() : request_.on_body(body);
  }

  const net::HttpRequest& request_;
  const std::string url_;
  net::HttpResponse start_;
  bool released_ = false;
};

}  // namespace

Result<net::HttpResponse> PageGuard::Send(const net::HttpRequest& request, std::stop_token stop) {
  // A page that was asked for is one; an answer to HEAD has no body to look at.
  const auto accept = request.headers.Find("Accept");
  if ((accept && *accept == "text/html") || request.method == "HEAD") return inner_.Send(request, stop);
  if (!request.on_body) {
    ASSIGN_OR_RETURN(net::HttpResponse response, inner_.Send(request, stop));
    RETURN_IF_ERROR(Check(response, net::MaskUrl(request.url)));
    return response;
  }
  net::HttpRequest held = request;
  HeldBeginning beginning(request);
  held.on_head = [&](const net::HttpResponse& head) { return beginning.OnHead(head); };
  held.on_body = [&](std::string_view piece) { return beginning.OnBody(piece); };
  ASSIGN_OR_RETURN(net::HttpResponse response, inner_.Send(held, stop));
  if (response.status >= 200 && response.status < 300) RETURN_IF_ERROR(beginning.End());
  return response;
}

}  // namespace penstock::source
