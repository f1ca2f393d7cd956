// AWS Signature Version 4, computed here: pure functions over a request.
//
// Source: AWS IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating
// Requests (AWS Signature Version 4)": paths of S3 are encoded once and never normalized, and
// x-amz-content-sha256 is required. Proven with AWS's signing test suite (tests/data/aws/sigv4).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/status.h"
#include "net/http.h"

namespace penstock::aws {

// Where and when a signature holds: five minutes around `time`, fifteen for S3.
struct SigningScope {
  std::string service;  // s3, sqs, sts …: the signing name
  std::string region;
  TimePoint time;
};

struct SigningOptions {
  // The path of the URL is encoded once more before it is signed (all services but S3).
  bool double_encode_path = true;
  // "." and ".." are resolved and empty segments dropped in what is signed (all services but S3).
  bool normalize_path = true;
  // The header x-amz-content-sha256 is sent and signed (S3).
  bool content_sha256_header = false;
  // The body is not part of the signature: only over TLS, and only where the service allows it (S3).
  bool unsigned_payload = false;
  // SHA-256 of the body in hexadecimal digits, where the caller knows it already.
  std::string payload_sha256 = "";
  // false: the token is sent but not signed, as few services want it.
  bool sign_session_token = true;
};

// What the documentation says of this service.
SigningOptions SigningOptionsOf(std::string_view service);

// The steps of a signature, to compare with what a service says it computed. Not for logs: they hold the
// session token.
struct SignatureSteps {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;  // 64 hexadecimal digits
};

// What of a request is signed.
struct SignedParts {
  std::string_view method;
  std::string_view path;   // encoded, as it is sent
  std::string_view query;  // encoded, as it is sent, without '?'
  // Those that are signed, Host with them, values as they are sent; a name may stand more than once.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view payload_sha256;  // in hexadecimal digits
};

// The signature that these have, for who verifies one. Usage: a broken %XX.
Result<SignatureSteps> SignatureOf(const Credentials& credentials, const SigningScope& scope,
                                   const SigningOptions& options, const SignedParts& parts);

// Adds X-Amz-Date, Authorization and, where they apply, X-Amz-Security-Token and x-amz-content-sha256 to
// `request`, which has none of them yet. All its headers are signed, but for those that proxies change
// (User-Agent, Connection …); so is Host, which need not be there. What is sent has to be what was signed:
// nothing may be changed afterwards. Usage: a URL that is none, a header of those above, a broken %XX.
Result<SignatureSteps> SignRequest(const Credentials& credentials, const SigningScope& scope,
                                   const SigningOptions& options, net::HttpRequest* request);

// The URL of `request` with the signature in its query: whoever has it may send this request for `lifetime`
// (at most 7 days, and no longer than the credentials hold), with the headers of `request`. It is a secret. A
// body is signed only where options.payload_sha256 or the body is given; for S3 it never is. Usage: as
// SignRequest, or a lifetime out of bounds.
Result<std::string> PresignUrl(const Credentials& credentials, const SigningScope& scope,
                               const SigningOptions& options, std::chrono::seconds lifetime,
                               const net::HttpRequest& request, SignatureSteps* steps = nullptr);

}  // namespace penstock::aws
