// What AWS says when it refuses: read from every form that its services use, and classified once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "net/http.h"

namespace penstock::aws {

// A failure's AWS code ("NoSuchKey", "QueueDoesNotExist"), as the service names it in its API reference;
// empty when it came from below AWS (no connection), or the service gave none (an answer to HEAD has no
// body).
std::string AwsErrorCode(const Status& status);
// The HTTP status that AWS answered; 0 when it did not.
int AwsHttpStatus(const Status& status);

// The three parts of an answer that is a refusal; each may be empty.
struct AwsError {
  std::string code;
  std::string message;
  std::string request_id;
};

// Reads a refusal: XML of S3 and of the query protocol (STS), JSON with __type, the headers x-amzn-errortype,
// x-amzn-query-error and those of the request's id. The code has no namespace in front ("com.amazonaws.sqs#")
// and no address behind. What is none of these gives an empty code. Sources: Amazon S3 API Reference, "Error
// responses"; Smithy, "AWS JSON 1.0 protocol", "Operation error serialization" and "AWS query compatible";
// AWS STS API Reference, "Common Errors".
AwsError ParseError(const net::HttpResponse& response);

// Whether the body of a 2xx answer is a refusal after all: S3 answers 200 at once where work takes long
// (CompleteMultipartUpload, CopyObject), and says in the body how it ended.
bool IsErrorBody(std::string_view body);

// Never OK. Text: `what` ("s3 GET /bucket/key"), code, message, HTTP status, request id, and none of
// `secrets`. The ErrorCode follows from AWS's code, and from the HTTP status where that is unknown;
// retry_after from x-amz-retry-after (milliseconds) or Retry-After. `now` turns a Retry-After date into a
// span.
Status ToStatus(const net::HttpResponse& response, std::string_view what, TimePoint now,
                const std::vector<std::string>& secrets);

// `text` without the values of `secrets`, cut to what a line can hold, printable.
std::string Redact(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace penstock::aws
