#include "aws/sts.h"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "net/url.h"

namespace penstock::aws {
namespace {

Result<Credentials> Call(AwsClient& sts, const std::string& action, const RoleRequest& role,
                         const net::QueryParams& more, AwsRequest request, std::stop_token stop) {
  net::QueryParams form{{"Action", action},
                        {"Version", "2011-06-15"},
                        {"RoleArn", role.role_arn},
                        {"RoleSessionName", role.session_name}};
  form.insert(form.end(), more.begin(), more.end());
  if (role.duration_s > 0) form.emplace_back("DurationSeconds", std::to_string(role.duration_s));
  request.method = "POST";
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.headers.Add("Accept", "application/xml");
  request.body = net::FormatQuery(form);
  request.max_body_bytes = 1 << 20;
  const auto response = sts.Send(request, stop);
  if (!response.ok()) return WithContext(response.status(), fmt::format("{} of {}", action, role.role_arn));

  pugi::xml_document document;
  document.load_buffer(response->body.data(), response->body.size(), pugi::parse_default,
                       pugi::encoding_utf8);
  const pugi::xml_node node =
      document.document_element().child((action + "Result").c_str()).child("Credentials");
  const Credentials credentials{node.child_value("AccessKeyId"), node.child_value("SecretAccessKey"),
                                node.child_value("SessionToken"), std::nullopt};
  const auto expires = ParseTimestamp(node.child_value("Expiration"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      credentials.session_token.empty() || !expires.ok()) {
    return MakeError(
        ErrorCode::kInvalidData,
        fmt::format("{} of {}: the answer of {} holds no credentials", action, role.role_arn, sts.endpoint()),
        "check AWS_ENDPOINT_URL_STS");
  }
  Credentials held = credentials;
  held.expires = *expires;
  return held;
}

}  // namespace

Result<Credentials> AssumeRole(AwsClient& sts, const RoleRequest& role, std::stop_token stop) {
  net::QueryParams more;
  if (!role.external_id.empty()) more.emplace_back("ExternalId", role.external_id);
  return Call(sts, "AssumeRole", role, more, {}, stop);
}

Result<Credentials> AssumeRoleWithWebIdentity(AwsClient& sts, const RoleRequest& role,
                                              const std::string& token, std::stop_token stop) {
  AwsRequest request;
  request.anonymous = true;
  request.secrets = {token};
  return Call(sts, "AssumeRoleWithWebIdentity", role, {{"WebIdentityToken", token}}, std::move(request),
              stop);
}

}  // namespace penstock::aws
