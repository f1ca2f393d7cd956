// The load of a delivery stream, by Firehose's API, on any server that speaks it.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace penstock {

struct StreamLoad {
  std::string origin;  // http://127.0.0.1:PORT
  std::string stream;  // exists
  int64_t records = 0;
  int batch = 500;      // records of a PutRecordBatch; 1: PutRecord
  int connections = 8;  // each waits for its answer before it asks again
  // 0: as fast as it goes. Otherwise requests are due at this pace, and what a request took counts from when
  // it was due, also when no connection was free then.
  int64_t records_per_s = 0;
  int record_bytes = 250;
};

// Prints {"records", "seconds", "records_per_s", "p50_ms", "p99_ms", "most_ms"} of the requests. A record
// that is refused is a failure, with the server's words.
Status LoadStream(const StreamLoad& load);

}  // namespace penstock
