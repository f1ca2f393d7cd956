// Puts records on a delivery stream through the Firehose API, as any producer does: of this machine's server,
// or of AWS. Source: Amazon Data Firehose API reference, PutRecordBatch.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "aws/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

namespace penstock::stream {

struct FirehoseClientOptions {
  int most_attempts = 8;   // for a record, with the first one
  bool anonymous = false;  // not signed: a server of this machine without access keys
};

struct PutCounts {
  int64_t records = 0;  // acknowledged
  int64_t requests = 0;
  int64_t again = 0;  // records that were refused and put once more
};

// Thread-safe. What it is given outlives it.
class FirehoseClient {
 public:
  FirehoseClient(aws::AwsClient& client, Clock& clock, Random& random, Logger log,
                 FirehoseClientOptions options = {})
      : client_(client), clock_(clock), random_(random), log_(std::move(log)), options_(options) {}

  // In batches of at most 500 records and 3 MiB, in their order. Records that the service refuses one by one
  // (ServiceUnavailableException, InternalFailure) are put again, and only they, after a pause that grows.
  // When it fails, some may have been stored: putting all of them again stores those twice. Unavailable: some
  // were refused to the end, and the text says how many and why; else what AwsClient::Send says (NotFound: no
  // such stream). TooLarge: a record above 1,000 KiB; nothing was put.
  Result<PutCounts> PutAll(const std::string& stream, std::span<const std::string> records,
                           std::stop_token stop);

 private:
  struct Answer;
  Result<Answer> PutBatch(const std::string& stream, std::span<const std::string* const> records,
                          std::stop_token stop);

  aws::AwsClient& client_;
  Clock& clock_;
  Random& random_;
  const Logger log_;
  const FirehoseClientOptions options_;
};

}  // namespace penstock::stream
