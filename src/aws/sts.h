// Credentials of a role, from AWS Security Token Service.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "aws/client.h"
#include "aws/credentials.h"
#include "base/status.h"

namespace penstock::aws {

struct RoleRequest {
  std::string role_arn;
  std::string session_name;  // in CloudTrail: 2 to 64 of letters, digits and =,.@-_+
  std::string external_id;   // empty: none
  int64_t duration_s = 0;    // 0: the service's own, an hour
};

// `sts` is a client of service "sts". Failures are those of AwsClient::Send, and InvalidData for an answer
// that holds no credentials. Source: AWS STS API Reference, "AssumeRole", "AssumeRoleWithWebIdentity";
// version 2011-06-15.
Result<Credentials> AssumeRole(AwsClient& sts, const RoleRequest& role, std::stop_token stop = {});
// Not signed: `token`, of an OpenID Connect provider, is what is believed. It appears in no failure.
Result<Credentials> AssumeRoleWithWebIdentity(AwsClient& sts, const RoleRequest& role,
                                              const std::string& token, std::stop_token stop = {});

}  // namespace penstock::aws
