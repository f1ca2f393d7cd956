#include "aws/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/ascii.h"
#include "base/sha256.h"
#include "net/url.h"

namespace penstock::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::chrono::seconds kLongestLifetime = std::chrono::hours(24 * 7);

// Changed or added on the way, so that signing them would break the signature.
bool IsSignable(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kUnsigned{
      "authorization", "connection",        "expect",     "keep-alive",     "proxy-authorization", "te",
      "trailer",       "transfer-encoding", "user-agent", "x-amzn-trace-id"};
  return std::find(kUnsigned.begin(), kUnsigned.end(), name) == kUnsigned.end();
}

// 20150830T123600Z; the first eight characters are the day.
std::string SigningTime(TimePoint time) {
  std::string text;
  for (const char c : FormatTimestamp(time)) {
    if (c == '.') break;
    if (c != '-' && c != ':') text += c;
  }
  return text + "Z";
}

// RFC 3986 section 5.2.4, and empty segments dropped, as the documentation asks.
std::string NormalizePath(std::string_view path) {
  std::vector<std::string_view> segments;
  bool slash_at_end = false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    slash_at_end = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!slash_at_end) {
      segments.push_back(segment);
    }
    begin = end + 1;
  }
  std::string normalized;
  for (const std::string_view segment : segments) normalized.append("/").append(segment);
  if (normalized.empty() || slash_at_end) normalized += '/';
  return normalized;
}

Result<std::string> CanonicalPath(std::string_view path, const SigningOptions& options) {
  std::string text = options.normalize_path ? NormalizePath(path) : std::string(path);
  std::string canonical;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('/', begin), text.size());
    std::string segment = text.substr(begin, end - begin);
    if (!options.double_encode_path) {
      ASSIGN_OR_RETURN(segment, net::PercentDecode(segment));
    }
    canonical += net::PercentEncode(segment);
    if (end < text.size()) canonical += '/';
    begin = end + 1;
  }
  return canonical;
}

Result<std::string> CanonicalQuery(std::string_view query) {
  ASSIGN_OR_RETURN(const net::QueryParams params, net::ParseQuery(query));
  net::QueryParams encoded;
  for (const auto& [name, value] : params) {
    encoded.emplace_back(net::PercentEncode(name), net::PercentEncode(value));
  }
  std::sort(encoded.begin(), encoded.end());  // by what is signed, not by what it means
  std::string canonical;
  for (const auto& [name, value] : encoded) {
    if (!canonical.empty()) canonical += '&';
    canonical += name + "=" + value;
  }
  return canonical;
}

// Without spaces at both ends, and one where there are several.
std::string TrimAll(std::string_view value) {
  std::string trimmed;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) {
      trimmed += c;
    } else if (!trimmed.empty() && trimmed.back() != ' ') {
      trimmed += ' ';
    }
  }
  if (!trimmed.empty() && trimmed.back() == ' ') trimmed.pop_back();
  return trimmed;
}

// By lower-case name; several of a name are one, with commas.
using CanonicalHeaders = std::map<std::string, std::string>;

void AddHeader(const std::string& key, const std::string& value, CanonicalHeaders& headers) {
  const auto [place, is_new] = headers.emplace(key, TrimAll(value));
  if (!is_new) place->second.append(",").append(TrimAll(value));
}

CanonicalHeaders HeadersToSign(const net::HttpRequest& request, const net::Url& url) {
  CanonicalHeaders headers;
  for (const auto& [name, value] : request.headers.fields()) {
    const std::string key = AsciiLower(name);
    if (IsSignable(key)) AddHeader(key, value, headers);
  }
  headers.emplace("host", url.Origin().substr(url.scheme.size() + 3));
  return headers;
}

std::string SignedNames(const CanonicalHeaders& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names.append(names.empty() ? "" : ";").append(name);
  return names;
}

std::string ScopeText(const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", SigningTime(scope.time).substr(0, 8), scope.region,
                     scope.service);
}

std::string PayloadHash(const net::HttpRequest& request, const SigningOptions& options) {
  if (options.unsigned_payload) return std::string(kUnsignedPayload);
  return options.payload_sha256.empty() ? Sha256Hex(request.body) : options.payload_sha256;
}

Result<SignatureSteps> Sign(const Credentials& credentials, const SigningScope& scope,
                            const SigningOptions& options, std::string_view method, std::string_view path,
                            std::string_view query, const CanonicalHeaders& headers,
                            std::string_view payload_hash) {
  SignatureSteps steps;
  ASSIGN_OR_RETURN(const std::string canonical_path, CanonicalPath(path, options));
  ASSIGN_OR_RETURN(const std::string canonical_query, CanonicalQuery(query));
  steps.canonical_request = fmt::format("{}\n{}\n{}\n", method, canonical_path, canonical_query);
  for (const auto& [name, value] : headers) steps.canonical_request += fmt::format("{}:{}\n", name, value);
  steps.canonical_request += fmt::format("\n{}\n{}", SignedNames(headers), payload_hash);

  steps.string_to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, SigningTime(scope.time), ScopeText(scope),
                                     Sha256Hex(steps.canonical_request));

  std::string key = HmacSha256("AWS4" + credentials.secret_access_key, SigningTime(scope.time).substr(0, 8));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  steps.signature = HmacSha256Hex(key, steps.string_to_sign);
  return steps;
}

Status CheckUnsigned(const net::HttpRequest& request) {
  for (const char* name :
       {"authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256"}) {
    if (request.headers.Find(name).has_value()) {
      return MakeError(ErrorCode::kUsage, fmt::format("a request to sign has the header {} already", name));
    }
  }
  return Status::OK();
}

}  // namespace

SigningOptions SigningOptionsOf(std::string_view service) {
  SigningOptions options;
  if (service == "s3") {
    options.double_encode_path = false;
    options.normalize_path = false;
    options.content_sha256_header = true;
  }
  return options;
}

Result<SignatureSteps> SignatureOf(const Credentials& credentials, const SigningScope& scope,
                                   const SigningOptions& options, const SignedParts& parts) {
  CanonicalHeaders headers;
  for (const auto& [name, value] : parts.headers) AddHeader(AsciiLower(name), value, headers);
  return Sign(credentials, scope, options, parts.method, parts.path, parts.query, headers,
              parts.payload_sha256);
}

Result<SignatureSteps> SignRequest(const Credentials& credentials, const SigningScope& scope,
                                   const SigningOptions& options, net::HttpRequest* request) {
  RETURN_IF_ERROR(CheckUnsigned(*request));
  ASSIGN_OR_RETURN(const net::Url url, net::ParseUrl(request->url));
  const bool has_token = !credentials.session_token.empty();
  const std::string payload_hash = PayloadHash(*request, options);
  if (options.content_sha256_header) request->headers.Add("x-amz-content-sha256", payload_hash);
  request->headers.Add("X-Amz-Date", SigningTime(scope.time));
  if (has_token && options.sign_session_token) {
    request->headers.Add("X-Amz-Security-Token", credentials.session_token);
  }
  const CanonicalHeaders headers = HeadersToSign(*request, url);
  ASSIGN_OR_RETURN(SignatureSteps steps, Sign(credentials, scope, options, request->method, url.path,
                                              url.query, headers, payload_hash));
  request->headers.Add("Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                                    kAlgorithm, credentials.access_key_id, ScopeText(scope),
                                                    SignedNames(headers), steps.signature));
  if (has_token && !options.sign_session_token) {
    request->headers.Add("X-Amz-Security-Token", credentials.session_token);
  }
  return steps;
}

Result<std::string> PresignUrl(const Credentials& credentials, const SigningScope& scope,
                               const SigningOptions& options, std::chrono::seconds lifetime,
                               const net::HttpRequest& request, SignatureSteps* steps) {
  RETURN_IF_ERROR(CheckUnsigned(request));
  if (lifetime < std::chrono::seconds(1) || lifetime > kLongestLifetime) {
    return MakeError(ErrorCode::kUsage, fmt::format("a presigned URL cannot hold for {} s", lifetime.count()),
                     "ask for 1 second to 7 days");
  }
  ASSIGN_OR_RETURN(net::Url url, net::ParseUrl(request.url));
  const CanonicalHeaders headers = HeadersToSign(request, url);
  net::QueryParams params{
      {"X-Amz-Algorithm", std::string(kAlgorithm)},
      {"X-Amz-Credential", credentials.access_key_id + "/" + ScopeText(scope)},
      {"X-Amz-Date", SigningTime(scope.time)},
      {"X-Amz-SignedHeaders", SignedNames(headers)},
      {"X-Amz-Expires", std::to_string(lifetime.count())},
  };
  const net::QueryParams token{{"X-Amz-Security-Token", credentials.session_token}};
  const bool has_token = !credentials.session_token.empty();
  if (has_token && options.sign_session_token) params.push_back(token.front());
  std::string signed_url = net::WithQuery(request.url, params);
  ASSIGN_OR_RETURN(url, net::ParseUrl(signed_url));

  // Of S3: "because when you create a presigned URL, you don't know the payload content".
  const std::string payload_hash =
      scope.service == "s3" ? std::string(kUnsignedPayload) : PayloadHash(request, options);
  ASSIGN_OR_RETURN(const SignatureSteps signed_steps, Sign(credentials, scope, options, request.method,
                                                           url.path, url.query, headers, payload_hash));
  if (steps != nullptr) *steps = signed_steps;
  if (has_token && !options.sign_session_token) signed_url = net::WithQuery(signed_url, token);
  return net::WithQuery(signed_url, {{"X-Amz-Signature", signed_steps.signature}});
}

}  // namespace penstock::aws
