// The durable log of a stream: records are acknowledged when they are on the disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread_annotations.h"
#include "stream/log_folder.h"
#include "stream/log_record.h"
#include "stream/segment_reader.h"
#include "stream/segment_writer.h"

namespace penstock::stream {

// Payloads end to end. All of a group is acknowledged, or nothing.
struct RecordGroup {
  std::string bytes;
  std::vector<uint32_t> sizes;
  std::optional<TimePoint> arrival = std::nullopt;  // of all of them; absent: when it is appended
};

struct LogOptions {
  // A segment that has reached this is followed by the next one.
  int64_t segment_bytes = 64 << 20;
  // Written and synced together, at most (one group is never divided). More: fewer syncs, more memory.
  size_t commit_bytes = 4 << 20;
  // Of groups that wait to be written; above it appends are Throttled.
  size_t pending_bytes = 32 << 20;
  // Threads that write and sync, at most; they are started as they are needed. One writes while the others
  // wait for the disk, which many disks answer sooner than one after the other.
  int lanes = 4;
  // The first sequence is at least this: what was delivered, so that a log that lost its end never gives a
  // number twice.
  uint64_t at_least = 0;
  LogDisk* disk = nullptr;  // null: the machine's
};

// Since it was opened.
struct LogMetrics {
  uint64_t records = 0, bytes = 0;  // durable; bytes of data
  uint64_t commits = 0;             // syncs
  uint64_t refused = 0;             // records not stored: no space, throttled, failed
  size_t pending_bytes = 0;         // now
  int64_t disk_bytes = 0;           // of all segments, now
};

// Thread-safe. One object a folder, in all processes (Conflict).
//
// The one that finds a full disk fails with NoSpace, nothing of it is kept, and the next append tries again.
// After a failed sync nobody knows what the disk has: every append fails from then on, until the process is
// started again and reads what is there. Source: "Can applications recover from fsync failures?", Rebello et
// al., USENIX ATC 2020.
class RecordLog {
 public:
  // Makes the folder. A torn end is cut off; damage is reported to the logger and passed over.
  static Result<std::unique_ptr<RecordLog>> Open(const std::string& folder, const LogOptions& options,
                                                 Clock& clock, Logger logger);
  // What waits is written first.
  ~RecordLog();

  // Called once, on a thread of the log, in the order of the sequences; should return soon. OK: the group is
  // durable, its records have the sequences from `first_sequence` on.
  using Done = std::function<void(const Status&, uint64_t first_sequence)>;
  // Usage: an empty group, or sizes that are not the bytes'. TooLarge: a record
  // above kMostRecordBytes. Throttled, NoSpace: try again later. Unavailable: health(). What is refused at
  // once calls `done` on this thread.
  void Append(RecordGroup group, Done done);

  // Durable: [first, end). Readers have all of it.
  uint64_t first() const;
  uint64_t end() const { return end_.load(std::memory_order_acquire); }

  // Frees what lies below `sequence`, whole segments only; the newest one too, when all of it is below and it
  // is worth it. Usage: `sequence` is above what was ever appended.
  Status RemoveBefore(uint64_t sequence);

  // Called after each commit, on a thread of the log. Set once, before the first append.
  void OnAppend(std::function<void()> on_append);

  Status health() const;
  LogMetrics metrics() const;
  // What Open passed over in the newest segment.
  const LogDamage& damage() const { return damage_; }
  const std::string& folder() const { return folder_; }

 private:
  struct Pending {
    RecordGroup group;
    TimePoint arrival;
    Done done;
  };
  struct Commit {
    std::vector<Pending> groups;
    uint64_t ticket = 0;  // commits complete in this order
    uint64_t first = 0, end = 0;
    std::shared_ptr<SegmentWriter> segment;
    Status status;
  };
  RecordLog(std::string folder, const LogOptions& options, Clock& clock, Logger logger,
            store::FileHandle lock, DurableEnd durable)
      : folder_(std::move(folder)),
        options_(options),
        disk_(options.disk == nullptr ? LogDisk::System() : *options.disk),
        clock_(clock),
        logger_(std::move(logger)),
        lock_(std::move(lock)),
        durable_(std::move(durable)) {}

  // What the folder has; segment_ and the sequences follow from it.
  Status Recover();
  void StartLane() REQUIRES(mutex_);
  void Run(int lane);
  // The groups that are written together. Nothing: the log is being closed.
  bool Take(Commit* commit);
  // Three that only who holds writing_ calls.
  void Write(Commit* commit, std::string* buffer);
  Status WriteRecords(Commit* commit, std::string* buffer);
  Status StartSegment(uint64_t first);
  // In the order of the tickets.
  void Complete(Commit* commit);
  void Answer(Commit* commit);
  // From now on every append fails, with health_.
  void Fail(const Status& why) REQUIRES(mutex_);

  const std::string folder_;
  const LogOptions options_;
  LogDisk& disk_;
  Clock& clock_;
  const Logger logger_;
  const store::FileHandle lock_;
  LogDamage damage_;
  Random random_;
  std::function<void()> on_append_;
  std::atomic<uint64_t> end_{0};

  // Of who holds writing_.
  std::shared_ptr<SegmentWriter> segment_;  // null: the next append makes one
  uint64_t next_sequence_ = 0;
  uint64_t next_ticket_ = 0;
  // Of who has the turn.
  DurableEnd durable_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;  // pending_, writing_, stopping_
  std::condition_variable turn_;  // completed_
  std::deque<Pending> pending_ GUARDED_BY(mutex_);
  bool writing_ GUARDED_BY(mutex_) = false;  // a thread writes, or removes segments
  bool stopping_ GUARDED_BY(mutex_) = false;
  int idle_lanes_ GUARDED_BY(mutex_) = 0;
  uint64_t completed_ GUARDED_BY(mutex_) = 0;  // tickets below it
  Status health_ GUARDED_BY(mutex_);
  bool full_ GUARDED_BY(mutex_) = false;                  // the last commit found no space
  std::vector<SegmentName> segments_ GUARDED_BY(mutex_);  // ascending
  LogMetrics metrics_ GUARDED_BY(mutex_);

  std::vector<std::jthread> lanes_ GUARDED_BY(mutex_);  // last: they end first
};

}  // namespace penstock::stream
