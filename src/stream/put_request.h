// The bodies of PutRecord and PutRecordBatch, read in one pass into the bytes that the log takes.
// Source: Amazon Data Firehose API reference, PutRecord and PutRecordBatch; the limits of botocore's service
// model (firehose, 2015-08-04) and of the developer guide, "Quotas".
#pragma once

#include <string>

#include "base/status.h"
#include "stream/record_log.h"

namespace penstock::stream {

inline constexpr size_t kMostDataBytes = 1'000 << 10;  // of a record, before Base64
inline constexpr size_t kMostBatchRecords = 500;
inline constexpr size_t kMostBatchBytes = 4 << 20;  // of a batch's data, before Base64

struct PutRequest {
  std::string stream;  // DeliveryStreamName, of an allowed form
  RecordGroup group;
};

// {"DeliveryStreamName": …, "Record": {"Data": Base64}}, {"DeliveryStreamName": …, "Records": [{"Data": …},
// …]}. Members that the API does not have are passed over. FirehoseErrors: SerializationException (no JSON,
// another type, not Base64), ValidationException (a member that is missing or out of bounds),
// InvalidArgumentException (a batch with too many bytes). `body` may be moved in memory, its text stays.
Result<PutRequest> ReadPutRecord(std::string& body);
Result<PutRequest> ReadPutRecordBatch(std::string& body);

// ValidationException, as AWS words it, unless the name is one that a stream can have.
Status CheckStreamName(std::string_view name);

}  // namespace penstock::stream
