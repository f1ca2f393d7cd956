// Records that could not be delivered: an object below the error prefix holds one JSON document a line.
// Source: Amazon Data Firehose developer guide, "Handle failure in data transformation" (errorCode,
// errorMessage, lambdaArn) and "Handle errors for data format conversion" (lastErrorCode, lastErrorMessage,
// sequenceNumber, dataCatalogTable); times are milliseconds since the epoch, rawData is the record as it was
// put, in base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// Firehose's names of what went wrong, in !{firehose:error-output-type}.
inline constexpr std::string_view kProcessingFailed = "processing-failed";
inline constexpr std::string_view kConversionFailed = "format-conversion-failed";

// Why a record is not delivered: Firehose's code and words.
struct RecordFailure {
  std::string_view type = kProcessingFailed;
  std::string code, message;
  int64_t attempts = 1;
  std::string lambda_arn;  // of the handler that refused it; empty: none did
};

struct ErrorRecord {
  int64_t attempts = 1;
  TimePoint arrival{}, ended{};
  std::string code, message;
  std::string raw;        // the record's bytes
  std::string lambda_arn;
  uint64_t sequence = 0;  // in the stream's log
};

// Appends the line of one record.
void AppendErrorLine(const StreamSpec& spec, std::string_view type, const ErrorRecord& record,
                     std::string* out);

// Reads an object of either kind, and those that Firehose itself wrote. InvalidData: a line that is no such
// document, with its number.
Result<std::vector<ErrorRecord>> ReadErrorRecords(std::string_view object);

}  // namespace penstock::stream
