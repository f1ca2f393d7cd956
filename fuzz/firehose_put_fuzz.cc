// PutRecord and PutRecordBatch: bodies of anybody who reaches the server.
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>

#include "base/base64.h"
#include "stream/firehose_error.h"
#include "stream/put_request.h"

using namespace penstock;
using namespace penstock::stream;

namespace {
void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckRequest(const Result<PutRequest>& request, size_t most) {
  if (!request.ok()) {
    const auto refusal = RefusalOf(request.status());
    Check(refusal.type == "SerializationException" || refusal.type == "ValidationException" ||
          refusal.type == "InvalidArgumentException");
    Check(refusal.http_status == 400 && refusal.message.size() < 1000);
    return;
  }
  const auto& sizes = request->group.sizes;
  Check(CheckStreamName(request->stream).ok());
  Check(!sizes.empty() && sizes.size() <= most);
  Check(std::accumulate(sizes.begin(), sizes.end(), size_t{0}) == request->group.bytes.size());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string body = text;
  CheckRequest(ReadPutRecord(body), 1);
  Check(body == text);
  CheckRequest(ReadPutRecordBatch(body), kMostBatchRecords);
  Check(body == text);

  // The strict decoder takes what the other one takes, or less, and gives the same.
  std::string strict = "before";
  if (AppendBase64Decoded(text, strict)) {
    Check("before" + Base64Decode(text).ValueOr("-") == strict && Base64Encode(strict.substr(6)) == text);
  } else {
    Check(strict == "before");
  }
  return 0;
}
