// How Firehose refuses: the name that clients act on, a message, an HTTP status.
// Source: Amazon Data Firehose API reference, the errors of each action, and "Common Errors"; AWS JSON 1.1
// (Smithy), "Operation error serialization".
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http_server.h"

namespace penstock::stream {

// `type`: ResourceNotFoundException, … as firehose_error.cc lists them. The Status has the ErrorCode that
// fits.
Status FirehoseError(std::string_view type, std::string message);

struct FirehoseRefusal {
  std::string type;
  std::string message;
  int http_status = 400;
};
// Of any failed Status: what FirehoseError said, or the error that fits its ErrorCode. NotFound is
// ResourceNotFoundException, AlreadyExists and Conflict ResourceInUseException, what a client may send wrong
// InvalidArgumentException, and what may go away ServiceUnavailableException, which the SDKs send again.
FirehoseRefusal RefusalOf(const Status& status);

inline constexpr const char* kAmzJson = "application/x-amz-json-1.1";

// The answer that is this refusal: __type and message.
net::ServerResponse AnswerOf(const FirehoseRefusal& refusal);

}  // namespace penstock::stream
