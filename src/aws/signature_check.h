// Signature Version 4 of requests that come in: who sent them, and that nobody changed them.
// Source: AWS IAM User Guide, "Create a signed AWS API request" and "Troubleshoot signed requests for AWS
// APIs"; the names of the errors as services of AWS JSON 1.1 give them (Amazon DynamoDB developer guide,
// "Error handling").
#pragma once

#include <optional>
#include <string>

#include "aws/access_keys.h"
#include "base/clock.h"
#include "net/http_server.h"

namespace penstock::aws {

// In the words of AWS.
struct SignatureRefusal {
  std::string error;    // InvalidSignatureException
  std::string message;  // holds no secret, and no signature that would have been right
};

// Thread-safe; `clock` outlives it.
class SignatureCheck {
 public:
  // `service` is the signing name: firehose. Any region is taken: clients name one because they must.
  SignatureCheck(AccessKeys keys, std::string service, const Clock& clock)
      : keys_(std::move(keys)), service_(std::move(service)), clock_(clock) {}

  // Nothing: signed by one of the keys within five minutes of now, over this method, path, query, body, Host
  // and every X-Amz header. So what was overheard can be sent again for as long, as with AWS.
  //   MissingAuthenticationTokenException   it has no signature
  //   IncompleteSignatureException          one that cannot be read
  //   UnrecognizedClientException           of an id that nobody configured, or with a session token
  //   InvalidSignatureException             another day or service than it says, too old, too early, not
  //   right
  std::optional<SignatureRefusal> Check(const net::ServerRequest& request) const;

 private:
  const AccessKeys keys_;
  const std::string service_;
  const Clock& clock_;
};

}  // namespace penstock::aws
