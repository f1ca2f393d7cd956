// One stream that this process serves: its log, what delivers it, and what was counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "stream/record_log.h"
#include "stream/stream_spec.h"
#include "stream/stream_worker.h"

namespace penstock::stream {

// Since the process began.
struct StreamCounts {
  uint64_t put_requests = 0;
  uint64_t records = 0, bytes = 0;  // acknowledged
  uint64_t throttled_requests = 0;  // that lost a part or all to back-pressure
  uint64_t throttled_records = 0;
  uint64_t failed_records = 0;  // not stored for another reason
};

enum class StreamState { kActive, kDeleting, kDeletingFailed };

struct StreamInfo {
  StreamSpec spec;
  StreamState state = StreamState::kActive;
  std::string deleting_error;  // of kDeletingFailed
  StreamCounts counts;
  LogMetrics log;
  uint64_t first = 0, end = 0;  // sequences that the log holds, [first, end)
  Status health;                // of the log
  DeliveryMetrics delivery;
  std::string delivery_error;  // why nothing is delivered; empty: it is
};

// What became of a group: of its records the first `accepted` are durable, with the sequences from `first`
// on. The rest were refused for `status`, which is OK when there is no rest.
struct PutResult {
  Status status;
  size_t accepted = 0;
  uint64_t first = 0;
  TimePoint created;  // of the stream: with a sequence, it names a record for ever
};

// Of a group for which there is no room: what fits, from the first record on, or nothing.
enum class Take { kWhatFits, kAllOrNothing };

// NotFound, in Firehose's words.
Status NoSuchStream(std::string_view name);

// Thread-safe.
class ServedStream {
 public:
  // `folder` has all streams. What it is given outlives it.
  static Result<std::shared_ptr<ServedStream>> Open(const std::string& folder, StreamSpec spec,
                                                    LogOptions options, const DeliveryPlace& place,
                                                    Clock& clock, const Logger& logger);
  ~ServedStream();

  using PutDone = std::function<void(const PutResult&)>;
  // As Streams::Put. NotFound: it is being deleted.
  void Put(RecordGroup group, Take take, PutDone done);

  StreamInfo info() const;
  StreamSpec spec() const;
  void SetSpec(StreamSpec spec);
  void SetState(StreamState state, std::string deleting_error = "");

  // Delivery by the specification of now; nothing where there is no place. One caller at a time.
  void StartDelivery();
  // Asked for now; StopDelivery waits for it.
  void RequestStop();
  void StopDelivery();
  // All that is durable in the log now is delivered, and then no more.
  Status Flush(std::stop_token stop);
  // Nothing is put any more from now on.
  void Close() { taking_ = false; }
  // Behind Close: all that was put before is delivered, and then no more.
  Status Drain(std::stop_token stop);

 private:
  struct Counters;
  ServedStream(std::string folder, StreamSpec spec, size_t pending_bytes, const DeliveryPlace& place,
               Clock& clock, Logger logger);
  std::unique_ptr<StreamWorker> MakeWorker() const;
  std::unique_ptr<StreamWorker> TakeWorker();
  void Wake();

  const std::string folder_;  // its own
  const TimePoint created_;
  const size_t pending_bytes_;
  const DeliveryPlace place_;
  Clock& clock_;
  const Logger logger_;

  mutable std::mutex mutex_;
  StreamSpec spec_ GUARDED_BY(mutex_);
  StreamState state_ GUARDED_BY(mutex_) = StreamState::kActive;
  std::string deleting_error_ GUARDED_BY(mutex_);
  std::atomic<bool> taking_{true};  // records; false: puts that are under way are the last ones
  std::unique_ptr<RecordLog> log_;
  // Apart, as the log's thread counts: it must not be the last to hold the log.
  const std::shared_ptr<Counters> counters_;
  mutable std::mutex worker_mutex_;                                 // never taken under mutex_
  std::unique_ptr<StreamWorker> worker_ GUARDED_BY(worker_mutex_);  // nullptr: nothing is delivered
};

}  // namespace penstock::stream
