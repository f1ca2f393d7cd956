#include "aws/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "aws/error.h"
#include "aws/sigv4.h"
#include "base/sha256.h"

namespace penstock::aws {
namespace {

constexpr int64_t kLongestRefusal = 64 << 10;

std::string EncodePath(std::string_view path) {
  std::string encoded;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    encoded += net::PercentEncode(path.substr(begin, end - begin));
    if (end < path.size()) encoded += '/';
    begin = end + 1;
  }
  return encoded;
}

// As it is sent and signed: the host in lower case, no port that the scheme implies, no slash at the end.
std::string NormalEndpoint(const std::string& text) {
  const auto url = net::ParseUrl(text);
  std::string endpoint = url.ok() ? url->Origin() + url->path : text;  // Send says what is wrong with it
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

// "s3 GET /bucket/key", or of a JSON protocol "sqs AmazonSQS.SendMessage".
std::string NameOfCall(const AwsRequest& request, std::string_view service) {
  if (const auto target = request.headers.Find("x-amz-target")) return fmt::format("{} {}", service, *target);
  return fmt::format("{} {} {}", service, request.method, Redact(request.path, {}));
}

// Says when the head of an answer came, and whether something of it reached the caller; holds max_body_bytes.
struct Watch {
  const AwsRequest& request;
  Clock& clock;
  const std::string& what;
  bool delivered = false;
  int64_t bytes = 0;
  std::optional<TimePoint> head_at{};

  Status Count(size_t more) {
    bytes += static_cast<int64_t>(more);
    if (request.max_body_bytes <= 0 || bytes <= request.max_body_bytes) return Status::OK();
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("{}: the answer is longer than {} bytes", what, request.max_body_bytes));
  }

  void Attach(net::HttpRequest* http) {
    if (!request.on_body) return;
    http->on_head = [this](const net::HttpResponse& head) {
      head_at = clock.Now();
      if (!request.on_head) return Status::OK();
      delivered = true;
      return request.on_head(head);
    };
    http->on_body = [this](std::string_view piece) {
      delivered = true;
      RETURN_IF_ERROR(Count(piece.size()));
      return request.on_body(piece);
    };
  }
};

}  // namespace

std::string DefaultEndpoint(std::string_view service, std::string_view region) {
  return fmt::format("https://{}.{}.amazonaws.com{}", service, region,
                     region.starts_with("cn-") ? ".cn" : "");
}

AwsClient::AwsClient(net::HttpClient& http, CredentialSource& credentials, Clock& clock, Random& random,
                     Logger logger, ClientOptions options)
    : http_(http),
      credentials_(credentials),
      clock_(clock),
      random_(random),
      logger_(std::move(logger)),
      options_(std::move(options)),
      endpoint_(NormalEndpoint(options_.endpoint.empty() ? DefaultEndpoint(options_.service, options_.region)
                                                         : options_.endpoint)) {}

net::HttpRequest AwsClient::Unsigned(const AwsRequest& request) const {
  net::HttpRequest http;
  http.method = request.method;
  http.url = net::WithQuery(endpoint_ + EncodePath(request.path), request.query);
  http.headers = request.headers;
  http.body = request.body;
  // A refusal is read whole, however short the answer may be; see Watch.
  http.max_body_bytes = request.max_body_bytes > 0 ? std::max(request.max_body_bytes, kLongestRefusal) : 0;
  http.total_timeout_ms = request.total_timeout_ms;
  http.stall_timeout_ms = request.stall_timeout_ms;
  http.as_stored = request.as_stored;
  return http;
}

Result<net::HttpResponse> AwsClient::Send(const AwsRequest& request, std::stop_token stop) {
  const std::string what = NameOfCall(request, options_.service);
  SigningOptions signing = SigningOptionsOf(options_.service);
  signing.unsigned_payload = options_.unsigned_payload && endpoint_.starts_with("https:");
  if (!signing.unsigned_payload) signing.payload_sha256 = Sha256Hex(request.body);
  net::HttpRequest http = Unsigned(request);  // once: a part of an object is 16 MiB

  Watch watch{request, clock_, what};
  watch.Attach(&http);
  bool clock_corrected = false;
  int tokens_taken = 0;
  for (int attempt = 1;; ++attempt) {
    http.headers = request.headers;
    std::vector<std::string> secrets = request.secrets;
    const Duration skew = skew_.now();
    if (!request.anonymous) {
      ASSIGN_OR_RETURN(const Credentials credentials, credentials_.Get(stop));
      secrets.insert(secrets.end(), {credentials.secret_access_key, credentials.session_token});
      const SigningScope scope{options_.service, options_.region, clock_.Now() + skew};
      RETURN_IF_ERROR(SignRequest(credentials, scope, signing, &http).status());
    }
    const TimePoint sent = clock_.Now();
    Result<net::HttpResponse> result = http_.Send(http, stop);
    std::optional<Duration> learned;
    if (result.ok()) learned = skew_.Learn(*result, sent, watch.head_at.value_or(clock_.Now()));

    Status status;
    if (!result.ok()) {
      status = WithContext(result.status(), what);
    } else if (result->status < 200 || result->status > 299 ||
               (request.error_in_success && IsErrorBody(result->body))) {
      status = ToStatus(*result, what, clock_.Now(), secrets);
    }
    if (status.ok()) {
      quota_.GiveBack(tokens_taken > 0 ? tokens_taken : 1);
      RETURN_IF_ERROR(watch.Count(result->body.size()));  // empty where it was given piece by piece
      return result;
    }
    if (watch.delivered) return status;
    const bool mended = learned && !clock_corrected && IsClockRefusal(status, skew, *learned);
    const bool throttled = CodeOf(status) == ErrorCode::kThrottled;
    const bool again = mended || (IsRetryable(status) && (request.idempotent || throttled));
    if (!again || attempt >= options_.max_attempts) {
      return attempt == 1 ? status
                          : WithContext(status, fmt::format("no success after {} attempts", attempt));
    }
    if (mended) {
      clock_corrected = true;
      logger_.Warning("aws_clock_skew",
                      {{"service", options_.service},
                       {"seconds", static_cast<int64_t>(*learned / std::chrono::seconds(1))}});
      continue;
    }
    const int cost = throttled ? RetryQuota::kCostOfThrottling : RetryQuota::kCostOfOther;
    if (!quota_.Take(cost)) return WithContext(status, "not tried again, as too many calls fail now");
    tokens_taken = cost;
    const ErrorDetail* detail = DetailOf(status);
    const Duration wait =
        RetryPause(throttled, attempt, detail == nullptr ? std::nullopt : detail->retry_after, random_);
    logger_.Warning("aws_retry", {{"call", what},
                                  {"attempt", attempt},
                                  {"error", NameOf(CodeOf(status))},
                                  {"reason", status.message()},
                                  {"wait_ms", static_cast<int64_t>(wait / std::chrono::milliseconds(1))}});
    if (!clock_.SleepFor(wait, stop)) {
      return MakeError(ErrorCode::kCancelled, fmt::format("cancelled while waiting to try again: {}", what));
    }
  }
}

Result<std::string> AwsClient::Presign(const AwsRequest& request, std::chrono::seconds lifetime,
                                       std::stop_token stop) {
  ASSIGN_OR_RETURN(const Credentials credentials, credentials_.Get(stop));
  return PresignUrl(credentials, {options_.service, options_.region, clock_.Now() + skew_.now()},
                    SigningOptionsOf(options_.service), lifetime, Unsigned(request));
}

}  // namespace penstock::aws
