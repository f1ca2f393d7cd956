#include "aws/metadata_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "aws/credential_document.h"
#include "aws/error.h"
#include "net/retry.h"
#include "net/url.h"

namespace penstock::aws {
namespace {

constexpr int64_t kTimeoutMs = 1000;  // as the SDKs
constexpr net::RetryPolicy kThreeTimes{
    .max_attempts = 3, .initial_backoff_ms = 200, .max_backoff_ms = 2000, .max_retry_after_ms = 5000};

bool IsTrue(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text == "true";
}

// A variable, or the property of the same meaning.
std::optional<std::string> Setting(const AwsEnvironment& environment, std::string_view variable,
                                   std::string_view property) {
  auto value = environment.Variable(variable);
  return value ? value : environment.Property(property);
}

bool IsOfContainers(const net::Url& url) {
  static constexpr std::array<std::string_view, 3> kHosts{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  return url.scheme == "https" || net::IsLoopback(url.host) ||
         std::find(kHosts.begin(), kHosts.end(), url.host) != kHosts.end();
}

Result<std::string> ContainerUrl(const AwsEnvironment& environment) {
  if (const auto relative = environment.Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    return "http://169.254.170.2" + std::string(relative->starts_with('/') ? "" : "/") + *relative;
  }
  const std::string url = environment.Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").value_or("");
  const auto parsed = net::ParseUrl(url);
  if (!parsed.ok() || !IsOfContainers(*parsed)) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI may not lead there: {}", net::MaskUrl(url)),
        "give https, loopback, 169.254.170.2, 169.254.170.23 or fd00:ec2::23");
  }
  return url;
}

Result<std::string> ContainerToken(const AwsEnvironment& environment) {
  std::string token = environment.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto path = environment.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    std::ifstream in(*path, std::ios::binary);
    if (!in) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: {}", *path));
    }
    token.assign(std::istreambuf_iterator<char>(in), {});
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return MakeError(ErrorCode::kConfiguration, "the container's authorization token has more than one line");
  }
  return token;
}

// What an endpoint of the machine says when it says no; its body may hold anything.
Status Refusal(const net::HttpResponse& response, std::string_view what, std::string_view url,
               TimePoint now) {
  const Status status = net::ToStatus(response, net::MaskUrl(url), now);
  if (status.ok())
    return MakeError(ErrorCode::kInvalidData, fmt::format("{} answered HTTP {}", what, response.status));
  return IsRetryable(status)
             ? WithContext(status, what)
             : MakeError(ErrorCode::kUnauthenticated, fmt::format("{}: {}", what, status.message()));
}

std::string InstanceUrl(const AwsEnvironment& environment) {
  std::string url =
      Setting(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint").value_or("");
  if (url.empty()) {
    const std::string mode =
        Setting(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
            .value_or("IPv4");
    url = mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

bool HasContainerEndpoint(const AwsEnvironment& environment) {
  return environment.Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
         environment.Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

Result<Credentials> FetchContainerCredentials(const AwsEnvironment& environment, net::HttpClient& http,
                                              Clock& clock, Random& random, const Logger& logger,
                                              std::stop_token stop) {
  constexpr std::string_view kWhat = "the container's credentials endpoint";
  net::HttpRequest request;
  ASSIGN_OR_RETURN(request.url, ContainerUrl(environment));
  ASSIGN_OR_RETURN(const std::string token, ContainerToken(environment));
  request.headers.Add("Accept", "application/json");
  if (!token.empty()) request.headers.Add("Authorization", token);
  request.max_body_bytes = 64 << 10;
  request.total_timeout_ms = kTimeoutMs * 2;
  net::RetryingClient retrying(http, kThreeTimes, clock, random, logger);
  ASSIGN_OR_RETURN(const net::HttpResponse response, retrying.Send(request, stop));
  if (response.status != 200) return Refusal(response, kWhat, request.url, clock.Now());
  return ParseCredentialDocument(response.body, kWhat);
}

bool HasInstanceMetadata(const AwsEnvironment& environment) {
  return !IsTrue(environment.Variable("AWS_EC2_METADATA_DISABLED").value_or(""));
}

Result<Credentials> FetchInstanceCredentials(const AwsEnvironment& environment, net::HttpClient& http,
                                             Clock& clock, Random& random, const Logger& logger,
                                             std::stop_token stop) {
  constexpr std::string_view kWhat = "the instance metadata service";
  const std::string origin = InstanceUrl(environment);
  net::HttpRequest ask_token{.method = "PUT", .url = origin + "/latest/api/token"};
  ask_token.headers.Add("X-aws-ec2-metadata-token-ttl-seconds", "300");
  ask_token.max_body_bytes = 64 << 10;
  ask_token.total_timeout_ms = kTimeoutMs;
  // Once: where there is no such service, nobody should wait for it.
  const auto token = http.Send(ask_token, stop);
  if (!token.ok()) {
    const ErrorCode code = CodeOf(token.status());
    if (code != ErrorCode::kUnavailable && code != ErrorCode::kTimeout)
      return WithContext(token.status(), kWhat);
    return MakeError(ErrorCode::kUnauthenticated,
                     fmt::format("{} does not answer at {}", kWhat, net::MaskUrl(origin)));
  }
  if (token->status != 200) return Refusal(*token, kWhat, ask_token.url, clock.Now());

  net::RetryingClient retrying(http, kThreeTimes, clock, random, logger);
  net::HttpRequest get{.url = origin + "/latest/meta-data/iam/security-credentials/"};
  get.headers.Add("X-aws-ec2-metadata-token", token->body);
  get.max_body_bytes = 64 << 10;
  get.total_timeout_ms = kTimeoutMs;
  ASSIGN_OR_RETURN(const net::HttpResponse roles, retrying.Send(get, stop));
  if (roles.status == 404) {
    return MakeError(ErrorCode::kUnauthenticated, "this EC2 machine has no role",
                     "attach an instance profile, or configure other credentials");
  }
  if (roles.status != 200) return Refusal(roles, kWhat, get.url, clock.Now());
  const std::string role = roles.body.substr(0, roles.body.find_first_of("\r\n"));
  if (role.empty()) return MakeError(ErrorCode::kUnauthenticated, "this EC2 machine has no role");
  get.url += net::PercentEncode(role);
  ASSIGN_OR_RETURN(const net::HttpResponse document, retrying.Send(get, stop));
  if (document.status != 200) return Refusal(document, kWhat, get.url, clock.Now());
  return ParseCredentialDocument(document.body, kWhat);
}

}  // namespace penstock::aws
