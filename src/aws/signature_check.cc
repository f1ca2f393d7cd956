#include "aws/signature_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "aws/sigv4.h"
#include "base/ascii.h"
#include "base/sha256.h"

namespace penstock::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::chrono::minutes kWindow{5};

SignatureRefusal Incomplete(std::string message) {
  return {"IncompleteSignatureException", std::move(message)};
}
SignatureRefusal Invalid(std::string message) { return {"InvalidSignatureException", std::move(message)}; }

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// 20150830T123600Z, the only form that AWS takes.
std::optional<TimePoint> ParseBasicTime(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto time = ParseTimestamp(fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2),
                                               text.substr(6, 2), text.substr(9, 2), text.substr(11, 2),
                                               text.substr(13, 2)));
  if (!time.ok()) return std::nullopt;
  return *time;
}
std::string BasicTime(TimePoint time) {
  std::string text;
  for (const char c : FormatTimestamp(time).substr(0, 19)) {
    if (c != '-' && c != ':') text += c;
  }
  return text + "Z";
}

// However much of the two is equal, it takes as long.
bool SameSecretly(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differing = 0;
  for (size_t i = 0; i < a.size(); ++i) differing |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differing == 0;
}

struct Presented {
  std::string_view id, day, region, service, terminator;
  std::vector<std::string_view> signed_headers;
  std::string_view signature;
};

// "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…"
std::optional<SignatureRefusal> Read(std::string_view authorization, Presented* out) {
  if (!authorization.starts_with(kAlgorithm)) {
    return SignatureRefusal{"MissingAuthenticationTokenException", "Missing Authentication Token"};
  }
  std::map<std::string_view, std::string_view> fields;
  for (std::string_view part : Split(authorization.substr(kAlgorithm.size()), ',')) {
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    const size_t equals = part.find('=');
    if (equals != std::string_view::npos) fields.emplace(part.substr(0, equals), part.substr(equals + 1));
  }
  std::string missing;
  for (const char* name : {"Credential", "Signature", "SignedHeaders"}) {
    if (!fields.contains(name))
      missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  }
  if (!missing.empty()) {
    missing.pop_back();
    return Incomplete(std::move(missing));
  }
  const auto scope = Split(fields["Credential"], '/');
  if (scope.size() != 5) {
    return Incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term");
  }
  *out = {scope[0],           scope[1], scope[2], scope[3], scope[4], Split(fields["SignedHeaders"], ';'),
          fields["Signature"]};
  return std::nullopt;
}

std::optional<SignatureRefusal> CheckTime(TimePoint signed_at, TimePoint now) {
  if (signed_at < now - kWindow) {
    return Invalid(fmt::format("Signature expired: {} is now earlier than {} ({} - 5 min.)",
                               BasicTime(signed_at), BasicTime(now - kWindow), BasicTime(now)));
  }
  if (signed_at > now + kWindow) {
    return Invalid(fmt::format("Signature not yet current: {} is still later than {} ({} + 5 min.)",
                               BasicTime(signed_at), BasicTime(now + kWindow), BasicTime(now)));
  }
  return std::nullopt;
}

// Host and every X-Amz header have to be signed, or another could send them with this signature.
std::optional<SignatureRefusal> CheckHeaders(const Presented& presented, const net::ServerRequest& request,
                                             SignedParts* parts) {
  const auto is_signed = [&](std::string_view name) {
    return std::find(presented.signed_headers.begin(), presented.signed_headers.end(), name) !=
           presented.signed_headers.end();
  };
  if (!is_signed("host")) {
    return Incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const auto& [name, value] : request.headers.fields()) {
    const std::string lower = AsciiLower(name);
    if (is_signed(lower)) {
      parts->headers.emplace_back(lower, value);
    } else if (lower.starts_with("x-amz-")) {
      return Invalid("There were headers present in the request which were not signed: " + lower);
    }
  }
  for (const std::string_view name : presented.signed_headers) {
    if (!request.headers.Find(name)) {
      return Invalid(fmt::format("The signed header '{}' is not in the request.", name));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SignatureRefusal> SignatureCheck::Check(const net::ServerRequest& request) const {
  Presented presented;
  const std::string authorization = request.headers.Find("authorization").value_or("");
  if (auto refusal = Read(authorization, &presented)) return refusal;
  const auto date = request.headers.Find("x-amz-date");
  const auto signed_at = date ? ParseBasicTime(*date) : std::nullopt;
  if (!signed_at) {
    return Incomplete(
        date ? fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                           "http://en.wikipedia.org/wiki/ISO_8601",
                           *date)
             : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  const std::string* secret = keys_.SecretOf(presented.id);
  if (secret == nullptr || request.headers.Find("x-amz-security-token")) {
    return SignatureRefusal{"UnrecognizedClientException",
                            "The security token included in the request is invalid."};
  }
  if (presented.day != date->substr(0, 8)) {
    return Invalid(
        fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                    "from HTTP: '{}' != '{}', from '{}'.",
                    presented.day, date->substr(0, 8), *date));
  }
  if (presented.service != service_) {
    return Invalid(fmt::format("Credential should be scoped to correct service: '{}'. ", service_));
  }
  if (presented.terminator != "aws4_request") {
    return Invalid(
        fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
                    presented.terminator));
  }
  if (auto refusal = CheckTime(*signed_at, clock_.Now())) return refusal;

  SignedParts parts;
  parts.method = request.method;
  parts.path = request.path;
  const size_t mark = request.target.find('?');
  if (mark != std::string::npos) parts.query = std::string_view(request.target).substr(mark + 1);
  if (auto refusal = CheckHeaders(presented, request, &parts)) return refusal;
  const std::string payload = Sha256Hex(request.body);
  parts.payload_sha256 = payload;
  if (const auto said = request.headers.Find("x-amz-content-sha256"); said && *said != payload) {
    return Invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  const auto steps =
      SignatureOf({std::string(presented.id), *secret, "", std::nullopt},
                  {service_, std::string(presented.region), *signed_at}, SigningOptionsOf(service_), parts);
  if (!steps.ok() || !SameSecretly(steps->signature, presented.signature)) {
    return Invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.");
  }
  return std::nullopt;
}

}  // namespace penstock::aws
