// Calls of one AWS service: signed, sent, tried again, and told apart when they fail.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aws/clock_skew.h"
#include "aws/credentials.h"
#include "aws/retry.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"
#include "net/url.h"

namespace penstock::aws {

struct AwsRequest {
  std::string method = "GET";
  std::string path = "/";  // not encoded; begins with '/'
  net::QueryParams query;  // not encoded
  net::Headers headers;    // all are signed
  std::string body;
  // As of net::HttpRequest: the body of a 2xx answer, piece by piece. Once a piece was given, nothing is
  // tried again: the caller goes on by Range.
  std::function<Status(std::string_view piece)> on_body{};
  std::function<Status(const net::HttpResponse& head)> on_head{};
  bool as_stored = false;
  int64_t max_body_bytes = 64 << 20;  // of a 2xx answer; 0: no bound, with on_body only
  int64_t total_timeout_ms = 0;
  int64_t stall_timeout_ms = 0;
  // false: carrying it out twice matters, so it is sent again only after answers that mean that it was not
  // carried out (throttling, a wrong clock).
  bool idempotent = true;
  // A 2xx answer may be an error by its body (IsErrorBody): CompleteMultipartUpload and CopyObject of S3.
  bool error_in_success = false;
  // Not signed: AssumeRoleWithWebIdentity, public objects.
  bool anonymous = false;
  // What no error may repeat, beside the credentials: a token in the body.
  std::vector<std::string> secrets{};
};

struct ClientOptions {
  std::string service;  // s3, sqs, sts …
  std::string region;
  // scheme://host[:port][/path]; empty: AWS's own of this service and region (DefaultEndpoint).
  std::string endpoint;
  // Bodies are not hashed where TLS protects them: for S3 only.
  bool unsigned_payload = false;
  int max_attempts = 3;  // with the first one
};

// https://SERVICE.REGION.amazonaws.com, of China .amazonaws.com.cn. Other partitions and FIPS or dual-stack
// names are given by AWS_ENDPOINT_URL_SERVICE.
std::string DefaultEndpoint(std::string_view service, std::string_view region);

// One service in one region. Thread-safe; what it is given lives longer.
//
// A failure of Send is either the transport's (net::HttpClient::Send), the credentials'
// (CredentialSource::Get), or AWS's (error.h), with the number of attempts in its text when there were
// several. Tried again is what IsRetryable says, as the SDKs' standard mode does (retry.h). Requests are
// signed by the service's clock, as its answers tell it (clock_skew.h): a call that was refused because ours
// is wrong is signed once more, and counts as an attempt.
class AwsClient {
 public:
  AwsClient(net::HttpClient& http, CredentialSource& credentials, Clock& clock, Random& random, Logger logger,
            ClientOptions options);

  // A 2xx answer.
  Result<net::HttpResponse> Send(const AwsRequest& request, std::stop_token stop = {});

  // A URL that carries its own signature, as PresignUrl of sigv4.h. A secret.
  Result<std::string> Presign(const AwsRequest& request, std::chrono::seconds lifetime,
                              std::stop_token stop = {});

  const ClientOptions& options() const { return options_; }
  const std::string& endpoint() const { return endpoint_; }
  int retry_tokens() const { return quota_.left(); }
  Duration clock_skew() const { return skew_.now(); }

 private:
  net::HttpRequest Unsigned(const AwsRequest& request) const;

  net::HttpClient& http_;
  CredentialSource& credentials_;
  Clock& clock_;
  Random& random_;
  const Logger logger_;
  const ClientOptions options_;
  const std::string endpoint_;
  RetryQuota quota_;
  ClockSkew skew_;
};

}  // namespace penstock::aws
