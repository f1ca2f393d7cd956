// Refusals of AWS (and of what stands in its way) as bodies: XML, JSON, anything. The input is the body, and
// a header.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "aws/error.h"
#include "base/clock.h"
#include "base/utf8.h"

using namespace penstock;

namespace {
void Check(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  net::HttpResponse response{.status = 403};
  response.body = text;
  response.headers.Add("x-amzn-errortype", text.substr(0, text.find('\n')));
  response.headers.Add("x-amz-retry-after", text);
  const std::string secret = "verysecret";
  const Status status = aws::ToStatus(response, "s3 GET /b/k", TimePoint{}, {secret});
  Check(!status.ok() && status.message().find(secret) == std::string::npos);
  Check(status.message().find('\n') == std::string::npos && IsUtf8(status.message()));
  Check(status.message().size() < 4000 && aws::AwsErrorCode(status).find(secret) == std::string::npos);
  const ErrorDetail* detail = DetailOf(status);
  Check(!detail->retry_after || detail->retry_after->count() >= 0);
  aws::IsErrorBody(text);
  return 0;
}
