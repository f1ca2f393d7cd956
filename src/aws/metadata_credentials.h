// Credentials of the machine: from the container's endpoint (ECS, EKS) and the instance metadata service
// (EC2).
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"

namespace penstock::aws {

// The container's endpoint, where AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (on 169.254.170.2) or
// AWS_CONTAINER_CREDENTIALS_FULL_URI is set; the latter https, or of loopback or of the addresses of ECS and
// EKS. The request has what AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read each time) or
// AWS_CONTAINER_AUTHORIZATION_TOKEN hold. Source: AWS SDKs and Tools Reference Guide, "Container credential
// provider".
bool HasContainerEndpoint(const AwsEnvironment& environment);
// Asks three times at most. Configuration: another host, or a token that is no header.
Result<Credentials> FetchContainerCredentials(const AwsEnvironment& environment, net::HttpClient& http,
                                              Clock& clock, Random& random, const Logger& logger,
                                              std::stop_token stop = {});

// The instance metadata service, version 2 (a token first; version 1 is not spoken), unless
// AWS_EC2_METADATA_DISABLED is true. At AWS_EC2_METADATA_SERVICE_ENDPOINT, else as
// AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE says (IPv6, or by default IPv4); both also as properties of the
// profile, in lower case without "AWS_". Sources: AWS SDKs and Tools Reference Guide, "IMDS credential
// provider"; Amazon EC2 User Guide, "Use the Instance Metadata Service".
bool HasInstanceMetadata(const AwsEnvironment& environment);
// Unauthenticated: nobody answers there within a second (this is no EC2 machine), or it has no role.
Result<Credentials> FetchInstanceCredentials(const AwsEnvironment& environment, net::HttpClient& http,
                                             Clock& clock, Random& random, const Logger& logger,
                                             std::stop_token stop = {});

}  // namespace penstock::aws
