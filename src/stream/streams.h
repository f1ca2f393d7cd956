// All delivery streams of a state folder: made, described, changed, deleted, and given records.
//
//   FOLDER/NAME/stream.json   the specification; a folder without it is what is left of a create or delete
//   FOLDER/NAME/log/          the records (record_log.h)
//   FOLDER/NAME/deleting      there while a deletion is under way: what is in the log is delivered first
//   FOLDER/server.lock        one process has them all (server_lock.h)
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "store/folder_store.h"
#include "stream/record_log.h"
#include "stream/server_lock.h"
#include "stream/stream_spec.h"
#include "stream/stream_worker.h"

namespace penstock::stream {

struct StreamsOptions {
  LogOptions log;  // of each stream
  size_t most_streams = 500;
};

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

// Thread-safe.
class Streams {
 public:
  // Makes the folder; deliveries begin, and deletions go on. Conflict: another process serves it. What it is
  // given outlives it.
  static Result<std::unique_ptr<Streams>> Open(const std::string& folder, Clock& clock, Logger log,
                                               const StreamsOptions& options = {},
                                               const DeliveryPlace& place = {});
  // What was put is written first; deliveries under way are given up, for the next time.
  ~Streams();

  // `version`, `created` and `updated` of the specification are set here. AlreadyExists; InvalidData
  // (CheckStreamSpec); ResourceExhausted: too many.
  Result<StreamInfo> Create(StreamSpec spec);
  // Made, or changed where it differs: for streams that are declared in a file.
  Result<StreamInfo> Ensure(StreamSpec spec);
  // NotFound.
  Result<StreamInfo> Describe(std::string_view name) const;
  // Of all, ascending by name.
  std::vector<StreamInfo> DescribeAll() const;
  // The first `limit` names above `after`, ascending.
  std::vector<std::string> Names(std::string_view after, size_t limit) const;

  struct ChangeOptions {
    bool raises_version = true;
    std::optional<int64_t> if_version;
  };
  // `change` alters the specification, all but name and times. NotFound; PreconditionFailed: it has another
  // version; InvalidData; what `change` says.
  Result<StreamInfo> Change(std::string_view name, const std::function<Status(StreamSpec&)>& change,
                            const ChangeOptions& options);
  // Records that are in the log are delivered, then it is removed: a thread does that (kDeleting), and when
  // the store fails the stream stays (kDeletingFailed), to be deleted again. `force`: what cannot be
  // delivered is lost. Nothing can be put meanwhile. NotFound; Conflict: it is under way.
  Status Delete(std::string_view name, bool force = false);

  using PutDone = std::function<void(const PutResult&)>;
  // `done` is called once: at once on this thread, or on a thread of the log when the records are durable.
  // NotFound: no such stream. Throttled: more waits for the disk than may; kWhatFits takes those records that
  // still fit, from the first on. NoSpace, Unavailable: nothing was stored.
  enum class Take { kWhatFits, kAllOrNothing };
  void Put(std::string_view name, RecordGroup group, Take take, PutDone done);

  // All that is durable in the stream's log now is delivered when it returns. NotFound; the store's failure;
  // Cancelled.
  Status Flush(std::string_view name, std::stop_token stop);

  // Where this process answers, for others.
  Status Publish(std::string_view origin) { return lock_.Publish(origin); }
  // The first log that cannot be written any more.
  Status health() const;
  const std::string& folder() const { return folder_; }

 private:
  struct Counters;
  struct Stream;
  Streams(std::string folder, ServerLock lock, std::shared_ptr<store::FolderStore> files, Clock& clock,
          Logger log, const StreamsOptions& options, const DeliveryPlace& place);
  Status Load(const std::string& name);
  Status Save(const StreamSpec& spec);
  Status RemoveFiles(const std::string& name);
  void StartDelivery(Stream& stream);
  void StartDeletion(const std::string& name, std::shared_ptr<Stream> stream, bool force);
  Status FinishDeletion(const std::string& name, Stream& stream, bool force, std::stop_token stop);
  Result<std::shared_ptr<Stream>> OpenStream(const StreamSpec& spec);
  std::shared_ptr<Stream> Find(std::string_view name) const;
  StreamInfo InfoOf(Stream& stream) const;

  const std::string folder_;
  ServerLock lock_;
  const std::shared_ptr<store::FolderStore> files_;
  Clock& clock_;
  const Logger log_;
  const StreamsOptions options_;
  const DeliveryPlace place_;
  std::mutex changing_;  // one create, change or delete at a time; taken before mutex_
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<Stream>, std::less<>> streams_ GUARDED_BY(mutex_);
  std::vector<std::jthread> deletions_ GUARDED_BY(changing_);  // last: they end first
};

// The specifications of a folder, ascending by name, whoever serves it. None: no such folder.
Result<std::vector<StreamSpec>> ReadStreamSpecs(const std::string& folder);

// What of a stream's log is not delivered, whoever serves it: records, bytes, and the arrival of the oldest.
struct WaitingRecords {
  uint64_t records = 0, bytes = 0;
  std::optional<TimePoint> oldest;
};
// Reads all of them. None: no such stream.
Result<WaitingRecords> ReadWaiting(const std::string& folder, std::string_view name);

// Where the log of a stream lies.
std::string LogFolderOf(const std::string& folder, std::string_view name);

}  // namespace penstock::stream
