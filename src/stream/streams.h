// All delivery streams of a state folder: made, described, changed, deleted, and given records.
//
//   FOLDER/NAME/stream.json   the specification; a folder without it is what is left of a create or delete
//   FOLDER/NAME/log/          the records (record_log.h)
//   FOLDER/NAME/deleting      there while a deletion is under way
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
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "store/folder_store.h"
#include "stream/record_log.h"
#include "stream/server_lock.h"
#include "stream/stream_spec.h"

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

struct StreamInfo {
  StreamSpec spec;
  StreamCounts counts;
  LogMetrics log;
  uint64_t first = 0, end = 0;  // sequences that the log holds, [first, end)
  Status health;                // of the log
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
  // Makes the folder. Conflict: another process serves it. What it is given outlives it.
  static Result<std::unique_ptr<Streams>> Open(const std::string& folder, Clock& clock, Logger log,
                                               const StreamsOptions& options = {});
  // What was put is written first.
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
  // With its log. NotFound.
  Status Delete(std::string_view name);

  using PutDone = std::function<void(const PutResult&)>;
  // `done` is called once: at once on this thread, or on a thread of the log when the records are durable.
  // NotFound: no such stream. Throttled: more waits for the disk than may; kWhatFits takes those records that
  // still fit, from the first on. NoSpace, Unavailable: nothing was stored.
  enum class Take { kWhatFits, kAllOrNothing };
  void Put(std::string_view name, RecordGroup group, Take take, PutDone done);

  // Where this process answers, for others.
  Status Publish(std::string_view origin) { return lock_.Publish(origin); }
  // The first log that cannot be written any more.
  Status health() const;
  const std::string& folder() const { return folder_; }

 private:
  struct Counters;
  struct Stream;
  Streams(std::string folder, ServerLock lock, std::shared_ptr<store::FolderStore> files, Clock& clock,
          Logger log, const StreamsOptions& options);
  Status Load(const std::string& name);
  Status Save(const StreamSpec& spec);
  Status RemoveFiles(const std::string& name);
  Result<std::shared_ptr<Stream>> OpenStream(const StreamSpec& spec);
  std::shared_ptr<Stream> Find(std::string_view name) const;
  StreamInfo InfoOf(const Stream& stream) const;

  const std::string folder_;
  ServerLock lock_;
  const std::shared_ptr<store::FolderStore> files_;
  Clock& clock_;
  const Logger log_;
  const StreamsOptions options_;
  std::mutex changing_;  // one create, change or delete at a time; taken before mutex_
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<Stream>, std::less<>> streams_ GUARDED_BY(mutex_);
};

// The specifications of a folder, ascending by name, whoever serves it. None: no such folder.
Result<std::vector<StreamSpec>> ReadStreamSpecs(const std::string& folder);

// Where the log of a stream lies.
std::string LogFolderOf(const std::string& folder, std::string_view name);

}  // namespace penstock::stream
