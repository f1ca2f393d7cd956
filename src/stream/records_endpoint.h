// POST /streams/NAME/records: records without an SDK.
//
//   curl --data-binary @bars.ndjson http://127.0.0.1:8181/streams/finance-delivery-stream/records
//
// The body: record_lines.h, by Content-Type; gzip or zstd by Content-Encoding. All of its records are stored,
// and the answer is 200 {"accepted": N} when they are durable, or none: 400 (a line that is wrong, by
// number), 404, 413, 415, and, to be sent again after Retry-After, 429 (back-pressure) and 503 (no space).
#pragma once

#include <atomic>
#include <memory>

#include "net/http_server.h"
#include "stream/streams.h"

namespace penstock::stream {

struct RecordsEndpointOptions {
  int64_t most_decoded_bytes = 16 << 20;  // of one body
  // Of all bodies that are being decoded; 429 above. Those that came are bounded by the server.
  int64_t most_decoding_bytes = 64 << 20;
  size_t most_records = 100'000;  // of one request
  // And of their bytes: rows of CSV become longer. As much as may wait for the disk.
  size_t most_record_bytes = LogOptions().pending_bytes;
};

// Thread-safe. What it is given outlives it, and every reply of it.
class RecordsEndpoint {
 public:
  explicit RecordsEndpoint(Streams& streams, const RecordsEndpointOptions& options = {})
      : streams_(streams), options_(options) {}

  // Whether the path is one of its own.
  static bool IsCall(const net::ServerRequest& request);
  void Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply);

 private:
  Result<RecordGroup> Read(const net::ServerRequest& request);

  Streams& streams_;
  const RecordsEndpointOptions options_;
  std::atomic<int64_t> decoding_bytes_{0};
};

}  // namespace penstock::stream
