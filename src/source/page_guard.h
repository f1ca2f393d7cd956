// Providers answer "please wait" and "please agree" with status 200: as a page of HTML, or as an error in
// JSON.
#pragma once

#include <stop_token>
#include <string_view>

#include "net/http.h"

namespace penstock::source {

// Unavailable, which is worth another attempt: the answer is 2xx and its body is empty or a page of HTML.
Status CheckIsNoPage(const net::HttpResponse& response, std::string_view masked_url);

// Throttled, for a minute: {"Error Message": "Limit Reach …"} with status 200, as FMP says it.
Status CheckIsNoLimit(const net::HttpResponse& response, std::string_view masked_url);

// Stands below net::RetryingClient, so that such an answer is asked for again. Of a streamed body the first
// KiB is held back until it is known for data. Thread-safe if `inner` is.
class PageGuard : public net::HttpClient {
 public:
  explicit PageGuard(net::HttpClient& inner) : inner_(inner) {}
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token stop = {}) override;

 private:
  net::HttpClient& inner_;
};

}  // namespace penstock::source
