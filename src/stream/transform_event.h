// The event that a transform's handler gets, and its answer. Source: Amazon Data Firehose developer guide,
// "Required parameters for data transformation", "Handle failure in data transformation", "Lambda invocation
// errors", "Understand partitioning keys"; what the guide leaves open, as records of real streams show it.
//
//   {"invocationId", "deliveryStreamArn", "region",
//    "records": [{"recordId", "approximateArrivalTimestamp" (ms), "data" (base64)}]}
//   {"records": [{"recordId", "result": "Ok|Dropped|ProcessingFailed", "data" (base64),
//                 "metadata": {"partitionKeys": {NAME: VALUE}}}]}
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/transform.h"

namespace penstock::stream {

struct EventSource {
  std::string stream_arn, region;
};

std::string TransformEvent(const EventSource& source, std::string_view invocation_id,
                           std::span<const TransformRecord> records);
// How much longer the event gets by this record, at most.
size_t EventBytesOf(const TransformRecord& record);

// What the answer says of each record, in their order. Where it breaks the contract the record fails, and no
// other with it: Lambda.MissingRecordId (not answered), Lambda.DuplicatedRecordId (answered twice),
// Lambda.ProcessingFailedStatus (the handler says so), Lambda.InvalidReturnFormat (Ok without data),
// Lambda.FunctionError (a result that is none, data that is not base64),
// DynamicPartitioning.MetadataExtractionFailed (keys that are none). An answer that is no JSON is
// Lambda.JsonProcessingException for all. Answers to records that were not asked for are left alone; their
// number in `unknown`, which may be null.
std::vector<Transformed> ReadTransformAnswer(std::string_view answer,
                                             std::span<const TransformRecord> records, size_t* unknown);

// A record that fails with this code and these words.
Transformed FailedRecord(std::string code, std::string message);

}  // namespace penstock::stream
