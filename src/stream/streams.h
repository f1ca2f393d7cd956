// All delivery streams of a state folder: made, described, changed, deleted, and given records.
//
//   FOLDER/NAME/          the files of one (stream_folder.h)
//   FOLDER/NAME/deleting  there while a deletion is under way: what is in the log is delivered first
//   FOLDER/server.lock    one process has them all (server_lock.h)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "stream/record_log.h"
#include "stream/served_stream.h"
#include "stream/server_lock.h"
#include "stream/stream_spec.h"
#include "stream/stream_worker.h"

namespace penstock::stream {

struct StreamsOptions {
  LogOptions log;  // of each stream
  size_t most_streams = 500;
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

  using PutDone = ServedStream::PutDone;
  // `done` is called once: at once on this thread, or on a thread of the log when the records are durable.
  // NotFound: no such stream. Throttled: more waits for the disk than may; kWhatFits takes those records that
  // still fit, from the first on. NoSpace, Unavailable: nothing was stored.
  using Take = stream::Take;
  void Put(std::string_view name, RecordGroup group, Take take, PutDone done);

  // All that is durable in the stream's log now is delivered when it returns. NotFound; Conflict: it is being
  // deleted; the store's failure; Cancelled.
  Status Flush(std::string_view name, std::stop_token stop);

  // Where this process answers, for others.
  Status Publish(std::string_view origin) { return lock_.Publish(origin); }
  // The first log that cannot be written any more.
  Status health() const;
  const std::string& folder() const { return folder_; }

 private:
  Streams(std::string folder, ServerLock lock, Clock& clock, Logger log, const StreamsOptions& options,
          const DeliveryPlace& place);
  Status Load(const std::string& name);
  Result<std::shared_ptr<ServedStream>> OpenStream(const StreamSpec& spec);
  std::shared_ptr<ServedStream> Find(std::string_view name) const;
  void StartDeletion(const std::string& name, std::shared_ptr<ServedStream> stream, bool force);
  Status FinishDeletion(const std::string& name, ServedStream& stream, bool force, std::stop_token stop);

  const std::string folder_;
  ServerLock lock_;
  Clock& clock_;
  const Logger log_;
  const StreamsOptions options_;
  const DeliveryPlace place_;
  std::mutex changing_;  // one create, change or delete at a time; taken before mutex_
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<ServedStream>, std::less<>> streams_ GUARDED_BY(mutex_);
  std::vector<std::jthread> deletions_ GUARDED_BY(changing_);  // last: they end first
};

}  // namespace penstock::stream
