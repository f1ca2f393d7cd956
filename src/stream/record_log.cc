#include "stream/record_log.h"

#include <errno.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace penstock::stream {
namespace {

// An emptied segment below this is kept and written on: making a file costs a sync of the folder.
constexpr int64_t kWorthRemoving = 1 << 20;

Status CheckGroup(const RecordGroup& group) {
  const auto sum = std::accumulate(group.sizes.begin(), group.sizes.end(), size_t{0});
  if (group.sizes.empty() || sum != group.bytes.size()) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("a group of {} records and {} bytes, whose sizes add up to {}",
                                 group.sizes.size(), group.bytes.size(), sum));
  }
  const size_t longest = std::ranges::max(group.sizes);
  if (longest <= kMostRecordBytes) return Status::OK();
  return MakeError(ErrorCode::kTooLarge,
                   fmt::format("a record of {} bytes; at most: {}", longest, kMostRecordBytes));
}

Status TooMuchPending(const std::string& folder, size_t bytes) {
  auto detail = std::make_shared<ErrorDetail>(ErrorCode::kThrottled);
  detail->retry_after = std::chrono::milliseconds(100);
  return MakeError(std::move(detail),
                   fmt::format("the disk of {} is slower than what comes: {} bytes wait", folder, bytes));
}

}  // namespace

Result<std::unique_ptr<RecordLog>> RecordLog::Open(const std::string& folder, const LogOptions& options,
                                                   Clock& clock, Logger logger) {
  RETURN_IF_ERROR(MakeLogFolder(folder));
  ASSIGN_OR_RETURN(auto lock, LockForWriting(folder));
  ASSIGN_OR_RETURN(auto durable, DurableEnd::Open(folder));
  std::unique_ptr<RecordLog> log(
      new RecordLog(folder, options, clock, std::move(logger), std::move(lock), std::move(durable)));
  RETURN_IF_ERROR(log->Recover());
  return log;
}

void RecordLog::StartLane() {
  const int lane = static_cast<int>(lanes_.size());
  ++idle_lanes_;  // until it takes something
  lanes_.emplace_back([this, lane] { Run(lane); });
}

RecordLog::~RecordLog() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

Status RecordLog::Recover() {
  ASSIGN_OR_RETURN(const auto known, DurableEnd::Read(folder_));
  const uint64_t expected = std::max(known.value_or(0), options_.at_least);
  ASSIGN_OR_RETURN(auto segments, ListSegments(folder_));
  uint64_t next = expected;
  if (!segments.empty()) {
    const auto newest = segments.back();
    ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(folder_, newest));
    std::vector<Record> records;
    do {
      records.clear();
      RETURN_IF_ERROR(reader->Next(1 << 20, newest.first, std::numeric_limits<uint64_t>::max(), &records));
    } while (!records.empty());
    ASSIGN_OR_RETURN(const int64_t size, reader->FileSize());
    const int64_t tail = size - reader->offset();
    damage_ = reader->damage();
    next = std::max(reader->next(), expected);
    if (reader->next() < expected) {
      // Acknowledged, and no longer there: no torn end. The file stays as it is, for who wants to look.
      damage_ += {.regions = 1, .records = expected - reader->next(), .bytes = static_cast<uint64_t>(tail)};
    } else {
      if (tail > 0) {
        logger_.Info("log_torn_end_cut", {{"segment", FileNameOf(newest)}, {"bytes", tail}});
      }
      ASSIGN_OR_RETURN(segment_, SegmentWriter::Reopen(disk_, folder_, newest, reader->offset(),
                                                       std::max(1, options_.lanes)));
    }
    if (damage_.regions > 0) {
      logger_.Error("log_damaged", {{"segment", FileNameOf(newest)},
                                    {"records_lost", static_cast<int64_t>(damage_.records)},
                                    {"bytes", static_cast<int64_t>(damage_.bytes)}});
    }
  }
  // Written by a process that was killed before it had synced them: durable only from here on.
  ASSIGN_OR_RETURN(const int64_t bytes, SyncSegments(folder_, segments));
  next_sequence_ = next;
  end_ = next;
  if (const Status stored = durable_.Store(next); !stored.ok()) {
    logger_.Warning("log_end_not_written", {{"error", Describe(stored)}});
  }
  std::lock_guard lock(mutex_);
  segments_ = std::move(segments);
  metrics_.disk_bytes = bytes;
  return Status::OK();
}

void RecordLog::Append(RecordGroup group, Done done) {
  Status refused = CheckGroup(group);
  if (refused.ok()) {
    std::unique_lock lock(mutex_);
    refused = health_;
    if (refused.ok() && metrics_.pending_bytes + group.bytes.size() > options_.pending_bytes &&
        !pending_.empty()) {
      refused = TooMuchPending(folder_, metrics_.pending_bytes);
    }
    if (refused.ok()) {
      metrics_.pending_bytes += group.bytes.size();
      const TimePoint arrival = group.arrival.value_or(clock_.Now());
      pending_.push_back({std::move(group), arrival, std::move(done)});
      if (idle_lanes_ == 0 && lanes_.size() < static_cast<size_t>(std::max(1, options_.lanes))) StartLane();
      lock.unlock();
      wake_.notify_all();
      return;
    }
    metrics_.refused += group.sizes.size();
  }
  done(refused, 0);
}

void RecordLog::Run(int lane) {
  std::string buffer;
  for (;;) {
    Commit commit;
    if (!Take(&commit)) return;
    Write(&commit, &buffer);
    if (commit.segment == nullptr) {
      Answer(&commit);  // nothing was written
    } else {
      commit.status = commit.segment->Sync(lane);
      Complete(&commit);
    }
    const std::lock_guard lock(mutex_);
    ++idle_lanes_;
  }
}

bool RecordLog::Take(Commit* commit) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return !writing_ && (stopping_ || !pending_.empty()); });
  if (pending_.empty()) return false;
  --idle_lanes_;
  writing_ = true;
  commit->status = health_;
  for (size_t bytes = 0; !pending_.empty(); pending_.pop_front()) {
    Pending& next = pending_.front();
    bytes += next.group.bytes.size() + next.group.sizes.size() * kRecordHead;
    if (!commit->groups.empty() && bytes > options_.commit_bytes) break;
    metrics_.pending_bytes -= next.group.bytes.size();
    commit->groups.push_back(std::move(next));
  }
  return true;
}

void RecordLog::Write(Commit* commit, std::string* buffer) {
  if (commit->status.ok()) commit->status = WriteRecords(commit, buffer);
  std::lock_guard lock(mutex_);
  const bool full = CodeOf(commit->status) == ErrorCode::kNoSpace;
  if (full != full_) {
    full_ = full;
    if (full) logger_.Error("log_disk_full", {{"error", Describe(commit->status)}});
    if (!full) logger_.Info("log_disk_has_space_again");
  }
  if (CodeOf(commit->status) == ErrorCode::kInternal) {
    Fail(commit->status);
    commit->status = health_;
  }
  if (commit->status.ok()) metrics_.disk_bytes += static_cast<int64_t>(buffer->size());
  writing_ = false;
  wake_.notify_all();
}

Status RecordLog::WriteRecords(Commit* commit, std::string* buffer) {
  buffer->clear();
  uint64_t sequence = next_sequence_;
  if (segment_ != nullptr && segment_->size() >= options_.segment_bytes) segment_.reset();
  if (segment_ == nullptr) RETURN_IF_ERROR(StartSegment(sequence));
  for (const auto& pending : commit->groups) {
    std::string_view bytes = pending.group.bytes;
    for (const uint32_t size : pending.group.sizes) {
      EncodeRecord({sequence++, pending.arrival, bytes.substr(0, size)}, segment_->name().mark, buffer);
      bytes.remove_prefix(size);
    }
  }
  RETURN_IF_ERROR(segment_->Append(*buffer));
  commit->segment = segment_;
  commit->first = std::exchange(next_sequence_, sequence);
  commit->end = sequence;
  commit->ticket = next_ticket_++;
  return Status::OK();
}

Status RecordLog::StartSegment(uint64_t first) {
  SegmentName name{.first = first, .mark = 0};
  while (name.mark == 0) name.mark = static_cast<uint32_t>(random_.Next());
  ASSIGN_OR_RETURN(segment_, SegmentWriter::Create(disk_, folder_, name, std::max(1, options_.lanes)));
  std::lock_guard lock(mutex_);
  segments_.push_back(name);
  return Status::OK();
}

void RecordLog::Complete(Commit* commit) {
  {
    std::unique_lock lock(mutex_);
    turn_.wait(lock, [&] { return completed_ == commit->ticket; });
    if (!commit->status.ok()) Fail(commit->status);
    commit->status = health_;
  }
  if (commit->status.ok()) {
    // Before end(): who knows that one can read up to it.
    if (const Status stored = durable_.Store(commit->end); !stored.ok()) {
      // Readers see less than there is until the next commit; nothing is lost.
      logger_.Warning("log_end_not_written", {{"error", Describe(stored)}});
    }
    end_.store(commit->end, std::memory_order_release);
  }
  Answer(commit);
  {
    std::lock_guard lock(mutex_);
    ++completed_;
    turn_.notify_all();
  }
  if (commit->status.ok() && on_append_) on_append_();
}

void RecordLog::Answer(Commit* commit) {
  uint64_t records = 0, bytes = 0, first = commit->first;
  for (const auto& pending : commit->groups) {
    records += pending.group.sizes.size();
    bytes += pending.group.bytes.size();
  }
  {
    std::lock_guard lock(mutex_);
    if (commit->status.ok()) {
      metrics_.records += records;
      metrics_.bytes += bytes;
      ++metrics_.commits;
    } else {
      metrics_.refused += records;
    }
  }
  for (const auto& pending : commit->groups) {
    pending.done(commit->status, commit->status.ok() ? first : 0);
    first += pending.group.sizes.size();
  }
}

void RecordLog::Fail(const Status& why) {
  if (!health_.ok()) return;
  health_ = MakeError(
      ErrorCode::kUnavailable, fmt::format("the log {} takes nothing more: {}", folder_, why.message()),
      "look at the disk (dmesg), then start `penstock serve` again: what was acknowledged is kept");
  logger_.Error("log_failed", {{"error", Describe(health_)}});
}

uint64_t RecordLog::first() const {
  std::lock_guard lock(mutex_);
  return segments_.empty() ? end() : std::min(segments_.front().first, end());
}

Status RecordLog::RemoveBefore(uint64_t sequence) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return !writing_; });
  // Who reads the files may be a moment ahead of end().
  if (sequence > next_sequence_) {
    return MakeError(ErrorCode::kUsage, fmt::format("the log {} ends at {}: nothing is removed before {}",
                                                    folder_, next_sequence_, sequence));
  }
  writing_ = true;
  Status status;
  const bool all = segment_ != nullptr && sequence == next_sequence_ && segment_->size() >= kWorthRemoving;
  if (all) {
    // Without a segment, the end is all that tells which sequence comes next.
    status = durable_.Sync();
    if (status.ok()) segment_.reset();
  }
  std::vector<SegmentName> below;
  while (status.ok() && !segments_.empty() && (segments_.size() > 1 ? segments_[1].first <= sequence : all)) {
    below.push_back(segments_.front());
    segments_.erase(segments_.begin());
  }
  writing_ = false;
  lock.unlock();
  wake_.notify_all();
  // A disk takes its time to give the space of a file back: nobody's record waits for that.
  for (auto next = below.begin(); next != below.end(); ++next) {
    const auto removed = RemoveSegment(folder_, *next);
    lock.lock();
    if (!removed.ok()) {
      segments_.insert(segments_.begin(), next, below.end());
      return removed.status();
    }
    metrics_.disk_bytes -= *removed;
    lock.unlock();
  }
  return status;
}

void RecordLog::OnAppend(std::function<void()> on_append) { on_append_ = std::move(on_append); }

Status RecordLog::health() const {
  std::lock_guard lock(mutex_);
  return health_;
}

LogMetrics RecordLog::metrics() const {
  std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace penstock::stream
