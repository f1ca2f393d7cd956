// HTTP over libcurl: one event loop for all connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/http.h"
#include "net/rate_limiter.h"

namespace penstock::net {

struct CurlOptions {
  // Requests under way at once, in all and to one host (scheme, name and port); further callers wait in Send.
  int max_in_flight = 16;
  int max_per_host = 16;
  int64_t connect_timeout_ms = 10'000;  // to a finished TLS handshake
  int64_t total_timeout_ms = 60'000;    // of one Send, redirects included, once it is under way
  // Timeout, when fewer bytes a second came for this long: a server that drips.
  int64_t low_speed_bytes_per_s = 100;
  int64_t low_speed_s = 20;
  std::string user_agent = "penstock";
  int max_redirects = 5;
  int64_t max_header_bytes = 256 << 10;
  // Certificates to trust instead of the system's, PEM.
  std::string ca_file;
  // Keeps cookies in memory, for as long as the client lives.
  bool cookies = false;
  // Every request that leaves takes a turn here, redirects and repetitions too. Waited for inside the bounds
  // above and outside the timeouts. Lives longer than the client.
  RateLimiter* limiter = nullptr;
};

// Keeps connections alive and shares them; HTTP/2 where a server offers it over TLS. TLS is always verified,
// other protocols than http and https do not exist. A redirect is followed when it leads to https of the same
// site (IsSameSite), or on loopback to the same origin; any other is RejectedByProvider. The proxy variables
// of the environment (https_proxy, no_proxy …) count, but not for loopback.
//
// A request on a kept connection that the server closed without a byte of an answer is sent once more, on a
// new connection.
//
// Send blocks; the work is done by a thread of the client. Requests under way when the client is destroyed
// end with Cancelled; the destructor waits for their callers to leave.
class CurlClient : public HttpClient {
 public:
  // Configuration: a ca_file that cannot be read, or a bound below 1.
  static Result<std::unique_ptr<CurlClient>> Make(CurlOptions options = {});
  ~CurlClient() override;

  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop = {}) override;
  // Sends that have begun and not returned, those that wait for their turn included.
  int callers() const;

 private:
  class Impl;
  explicit CurlClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::net
