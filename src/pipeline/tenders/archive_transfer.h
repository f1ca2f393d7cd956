// Brings an archive of any size from a server into the bucket: through memory of bounded size, resumed by
// Range where it stopped, checked before it is published (TED-1).
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "net/retry.h"
#include "pipeline/runtime.h"
#include "pipeline/tenders/offered_object.h"

namespace penstock::pipeline {

struct TransferSpec {
  std::string name;  // for people: "2019-03.tar.gz"
  std::string url;
  std::string key;         // of the object
  std::string parts;       // prefix of what is kept meanwhile (kept_parts.h)
  std::string record_key;  // where it is noted what was transferred
};

struct TransferOptions {
  int64_t part_bytes = 16 << 20;  // what a kill loses at most, and about half of the memory needed
  // Connections in a row that bring no byte more, before it is given up; what came stays.
  int idle_connections = 5;
  net::RetryPolicy pause;                      // between connections
  int64_t stall_timeout_ms = 60'000;           // no byte for so long ends a connection
  int64_t connection_timeout_ms = 86'400'000;  // of one connection, however it goes
};

// What is noted of a transferred object, at record_key.
struct TransferRecord {
  std::string url;  // masked
  std::string key;
  int64_t bytes = 0;
  std::string sha256;
  OfferedObject offer;
  std::string stored;  // the object's etag in the bucket
  TimePoint transferred_at;

  json::object ToJson() const;
  static Result<TransferRecord> Parse(std::string_view text);
};

struct TransferOutcome {
  TransferRecord record;
  bool unchanged = false;   // it was there, and the server has no other
  int64_t kept_before = 0;  // bytes of an earlier, stopped transfer that were used
  int64_t connections = 0;
};

// Done again, an object that the server still has in the same version is left alone, by a conditional
// request. NotFound: the server has no such object. NoSpace: too little for parts and whole, said before
// anything is asked for. Unavailable, Timeout, Throttled: it stopped, and what came is kept for the next
// call. RejectedByProvider: what came is no gzip archive. Unavailable also where length, checksum or gzip's
// own check are wrong: all that came is thrown away then.
Result<TransferOutcome> TransferArchive(const Runtime& runtime, const TransferSpec& spec,
                                        const TransferOptions& options, std::stop_token stop);

}  // namespace penstock::pipeline
