// The Firehose API on the wire, AWS JSON 1.1: POST / with X-Amz-Target: Firehose_20150804.ACTION.
// Source: Amazon Data Firehose API reference; botocore's service model (firehose, 2015-08-04); Smithy, "AWS
// JSON 1.1 protocol".
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "aws/signature_check.h"
#include "base/json.h"
#include "base/random.h"
#include "lake/catalog.h"
#include "net/http_server.h"
#include "stream/streams.h"

namespace penstock::stream {

// Thread-safe. What it is given outlives it, and every reply of it.
//
// CreateDeliveryStream, DescribeDeliveryStream, ListDeliveryStreams, UpdateDestination, DeleteDeliveryStream,
// PutRecord, PutRecordBatch, TagDeliveryStream, UntagDeliveryStream, ListTagsForDeliveryStream. A RecordId is
// the stream's time of creation and the record's sequence, 16 hexadecimal digits each. Encryption by KMS is
// refused.
class FirehoseApi {
 public:
  // `check` nullptr: whoever reaches the server may call.
  FirehoseApi(Streams& streams, lake::Catalog& catalog, const aws::SignatureCheck* check, Random& random)
      : streams_(streams), catalog_(catalog), check_(check), request_id_(random.Next()) {}

  // Whether it is a call of an AWS client at all; other requests may be for others.
  static bool IsCall(const net::ServerRequest& request);
  // Puts are answered when they are durable, everything else at once.
  void Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply);

 private:
  using Action = Result<json::object> (FirehoseApi::*)(const json::object& input, const std::string& region);
  void PutRecord(net::ServerRequest& request, net::ServerReply reply);
  void PutRecordBatch(net::ServerRequest& request, net::ServerReply reply);
  Result<json::object> Create(const json::object& input, const std::string& region);
  Result<json::object> Describe(const json::object& input, const std::string& region);
  Result<json::object> List(const json::object& input, const std::string& region);
  Result<json::object> Update(const json::object& input, const std::string& region);
  Result<json::object> Delete(const json::object& input, const std::string& region);
  Result<json::object> Tag(const json::object& input, const std::string& region);
  Result<json::object> Untag(const json::object& input, const std::string& region);
  Result<json::object> ListTags(const json::object& input, const std::string& region);
  void Register(const StreamSpec& spec);
  static Action ActionOf(std::string_view name);
  std::string NextRequestId();

  Streams& streams_;
  lake::Catalog& catalog_;
  const aws::SignatureCheck* const check_;
  std::atomic<uint64_t> request_id_;
  std::mutex placing_;  // one stream after the other looks which tables lie where
};

// The answers of puts. `asked`: how many records were put.
std::string PutRecordAnswer(const PutResult& result);
std::string PutRecordBatchAnswer(const PutResult& result, size_t asked);

}  // namespace penstock::stream
