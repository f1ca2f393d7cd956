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

// The first that is configured: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN). Which one is
// decided here; nothing is asked over the network before the first Get. Configuration: one of the two
// variables without the other. When nothing is configured, Get fails with Unauthenticated and says where was
// looked. What is given lives longer than the result.
Result<std::unique_ptr<CredentialSource>> MakeCredentials(const AwsEnvironment& environment,
                                                          net::HttpClient& http, Clock& clock, Random& random,
                                                          Logger logger);

}  // namespace penstock::aws
