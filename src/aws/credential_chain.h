// Credentials from where the SDKs look for them, in their order.
#pragma once

#include <memory>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"

namespace penstock::aws {

// The first that is configured:
//   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//   2. the profile (AWS_PROFILE, else "default"): role_arn with source_profile, credential_source or
//      web_identity_token_file (and external_id, role_session_name, duration_seconds); aws_access_key_id and
//      aws_secret_access_key; credential_process
//   3. AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (AWS_ROLE_SESSION_NAME)
//   4. the container's endpoint, 5. the instance metadata service (metadata_credentials.h)
// Which one is decided here; nothing is run or asked over the network before the first Get. From then on
// credentials are kept and renewed (refreshing_credentials.h). When nothing is configured, Get fails with
// Unauthenticated and says where was looked. Configuration: half a pair of keys; a profile that names one
// that is not there, or itself in a circle, or what Penstock does not do (SSO, MFA), with what to do instead.
// The environment is copied; the rest that is given lives longer than the result.
// Source: AWS SDKs and Tools Reference Guide, "Credential provider chain", "Assume role credential provider".
Result<std::unique_ptr<CredentialSource>> MakeCredentials(const AwsEnvironment& environment,
                                                          net::HttpClient& http, Clock& clock, Random& random,
                                                          Logger logger);

}  // namespace penstock::aws
