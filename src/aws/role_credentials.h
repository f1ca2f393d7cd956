// Sources of credentials that end at AWS STS.
#pragma once

#include <memory>
#include <string>

#include "aws/client.h"
#include "aws/credentials.h"
#include "aws/refreshing_credentials.h"
#include "aws/sts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"

namespace penstock::aws {

// `base` may assume `role`: its session's credentials, renewed in time. `sts`: region and endpoint of service
// "sts".
std::unique_ptr<CredentialSource> MakeRoleCredentials(std::unique_ptr<CredentialSource> base,
                                                      RoleRequest role, ClientOptions sts,
                                                      net::HttpClient& http, Clock& clock, Random& random,
                                                      const Logger& logger);

// Who has the token in the file may assume `role`. The file is read each time: its owner renews it. Get fails
// with Configuration when it cannot be read or is empty.
std::unique_ptr<CredentialSource> MakeWebIdentityCredentials(std::string token_file, RoleRequest role,
                                                             ClientOptions sts, net::HttpClient& http,
                                                             Clock& clock, Random& random,
                                                             const Logger& logger);

}  // namespace penstock::aws
