// Takes what is in a stream's log to the lake: every acknowledged record once, whatever dies when.
//
// Records are sorted into objects as they come (stream/delivery_batch.h); nothing is to be seen of these
// until a buffering hint is reached. Then: (1) the plan, with the keys of all objects, is written to
// delivery.json; (2) the objects are put, and the table is registered; (3) `delivered` is raised. Who died
// between 1 and 3 delivers the same records again: names are functions of the records (stream/object_name.h),
// so what was put is put over; keys that an earlier attempt put and this one does not (a transform that
// answered otherwise) are deleted before 3. A store that fails is asked again, later and later, up to a
// minute apart; what cannot be delivered waits in the log.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "lake/catalog.h"
#include "store/object_store.h"
#include "stream/delivery_batch.h"
#include "stream/delivery_state.h"
#include "stream/error_replay.h"
#include "stream/log_reader.h"
#include "stream/record_log.h"
#include "stream/transform.h"

namespace penstock::stream {

struct DeliveryOptions {
  size_t read_bytes = 1 << 20;       // of the log at once
  size_t transform_bytes = 8 << 20;  // of records that are transformed at once, by several children
  Duration retry_first{std::chrono::seconds(1)};
  Duration retry_most{std::chrono::seconds(60)};
};

// Since it was opened. Source of the names in brackets: Amazon Data Firehose developer guide, "Monitor with
// CloudWatch metrics".
struct DeliveryMetrics {
  uint64_t delivered_records = 0;  // DeliveryToS3.Records
  uint64_t delivered_bytes = 0;    // DeliveryToS3.Bytes, of records as they were put
  uint64_t dropped_records = 0;    // by the transform
  uint64_t failed_records = 0;     // delivered below the error prefix
  uint64_t lost_records = 0;       // damaged in the log
  uint64_t objects = 0, object_bytes = 0;
  uint64_t deliveries = 0, failures = 0;  // DeliveryToS3.Success is deliveries / (deliveries + failures)
  uint64_t partitions = 0;                // PartitionCount, of the open batch
  uint64_t buffered_records = 0, buffered_bytes = 0;
  Duration freshness{
      0};  // DeliveryToS3.DataFreshness: age of the oldest record that is not delivered; 0: none is known
  uint64_t delivered = 0;  // sequences below it are delivered
  std::string last_error;  // empty: the last delivery succeeded
};

// One a stream. Step and Flush: one thread at a time; metrics: any.
class Delivery {
 public:
  // What it is given outlives it. `stream_folder` holds delivery.json and the log's folder; `transform` may
  // be null. InvalidData: a spec that PrefixesOf refuses; as ReadDeliveryState.
  static Result<std::unique_ptr<Delivery>> Open(StreamSpec spec, std::string stream_folder, RecordLog& log,
                                                store::ObjectStore& store, lake::Catalog& catalog,
                                                Transform* transform, Clock& clock, Logger logger,
                                                const DeliveryOptions& options = {});
  ~Delivery();

  // Reads what is new, and delivers what is due. Answers when to call again at the latest; it may be called
  // whenever the log has more (RecordLog::OnAppend). Cancelled: `stop`. All other failures are logged,
  // counted, and tried again.
  Result<TimePoint> Step(std::stop_token stop);

  // Delivers everything that is durable in the log now. The failure of the store, when there is one; nothing
  // is lost by it.
  Status Flush(std::stop_token stop);

  DeliveryMetrics metrics() const;
  const StreamSpec& spec() const { return spec_; }

 private:
  Delivery(StreamSpec spec, StreamPrefixes prefixes, std::string stream_folder, RecordLog& log,
           store::ObjectStore& store, lake::Catalog& catalog, Transform* transform, Clock& clock,
           Logger logger, const DeliveryOptions& options);

  Status Work(std::optional<uint64_t> flush_to, std::stop_token stop);
  // Adds records up to the end of the batch; false: there are no more of them below `limit` now.
  Result<bool> Collect(uint64_t limit, std::stop_token stop);
  // piece_ := what comes next, below `limit`; nothing: there is none now.
  Status ReadPiece(uint64_t limit);
  Status AddHeld(std::stop_token stop);
  Status AddTransformed(const Record& record, const Transformed& transformed);
  // That all below `limit` was read, of what the log has. Unavailable: it does not give it yet.
  Status CheckRead(uint64_t limit) const;
  // Whether the batch ends where it is.
  bool IsCut() const;
  bool IsAged(TimePoint now) const;
  Status Finish(std::stop_token stop);
  // Failed records that somebody asked to have put again; not while a plan is under way, whose objects are
  // not complete. A failure is told to the logger; delivery goes on.
  Status Replay(std::stop_token stop);
  // What follows the puts.
  Status Complete(const std::vector<std::string>& keys, bool saw_records);
  Status Register();
  // Forgets the batch: its records are read again.
  void Discard();
  TimePoint GiveUp(const Status& status);
  void Publish();
  // What the log had lost of the records that are delivered now.
  void TellDamage();

  const StreamSpec spec_;
  const StreamPrefixes prefixes_;
  const std::string stream_folder_;
  RecordLog& log_;
  store::ObjectStore& store_;
  lake::Catalog& catalog_;
  Transform* const transform_;
  Clock& clock_;
  const Logger logger_;
  const DeliveryOptions options_;
  std::unique_ptr<JsonRows> json_;
  std::shared_ptr<arrow::Schema> schema_;

  DeliveryState state_;
  bool registered_ = false;
  std::unique_ptr<LogReader> reader_;
  uint64_t told_ = 0;  // lost records that reader_ passed and TellDamage told
  ErrorReplay replay_;
  TimePoint replay_at_{};      // Step does not try before
  std::vector<Record> piece_;  // read, views of the reader's
  size_t piece_at_ = 0;        // first one that is not in the batch
  std::unique_ptr<DeliveryBatch> batch_;
  uint64_t batch_end_ = 0;  // behind its last record
  // Records that wait for the transform, with bytes of their own.
  struct Held {
    uint64_t sequence;
    TimePoint arrival;
    size_t at, size;
  };
  std::vector<Held> held_;
  std::string held_bytes_;
  TimePoint retry_at_{};
  Duration retry_wait_{0};  // 0: the last attempt succeeded

  mutable std::mutex mutex_;
  DeliveryMetrics metrics_ GUARDED_BY(mutex_);
  std::optional<TimePoint> oldest_
      GUARDED_BY(mutex_);  // arrival of the oldest record that is known and not delivered
};

}  // namespace penstock::stream
