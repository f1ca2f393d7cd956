// What a failure carries that a server's answer made.
#pragma once

#include <string>

#include "base/status.h"

namespace penstock::net {

// Of the failures of ToStatus, which goes through RetryingClient: find it with dynamic_cast of
// penstock::DetailOf(status).
class AnswerDetail : public ErrorDetail {
 public:
  using ErrorDetail::ErrorDetail;

  // The beginning of the answer's body as it came. It may repeat a secret of the request: it is for who knows
  // those secrets and takes them out, never for a log.
  std::string said;
};

}  // namespace penstock::net
