// The state of streams for people and for Prometheus (STREAM-6).
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "stream/streams.h"

namespace penstock::stream {

// One stream: what it is, counts since the process began, what its log holds.
json::object StreamJson(const StreamInfo& info);

// Prometheus text 0.0.4, a sample a stream and metric; empty without streams. What Firehose's CloudWatch
// metrics say: IncomingRecords is penstock_stream_incoming_records_total, ThrottledRecords
// …_throttled_records_total.
std::string RenderStreamMetrics(const std::vector<StreamInfo>& infos);

}  // namespace penstock::stream
