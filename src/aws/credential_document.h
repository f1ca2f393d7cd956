// Credentials as a JSON document: what a container's endpoint, the instance metadata service and a credential
// process answer.
#pragma once

#include <string_view>

#include "aws/credentials.h"
#include "base/status.h"

namespace penstock::aws {

// Members AccessKeyId, SecretAccessKey, Token or SessionToken, Expiration (RFC 3339). Unauthenticated: the
// document is a refusal (Code other than Success); InvalidData: it is none. No failure repeats a part of it
// but Code and Message of a refusal. `what` names the source in the text. Sources: AWS SDKs and Tools
// Reference Guide, "Container credential provider", "Process credential provider"; Amazon EC2 User Guide,
// "Retrieve security credentials from instance metadata".
Result<Credentials> ParseCredentialDocument(std::string_view text, std::string_view what);

}  // namespace penstock::aws
