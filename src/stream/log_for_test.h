// What the tests of the log share. For tests only.
#pragma once

#include <errno.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "base/clock.h"
#include "stream/log_reader.h"
#include "stream/record_log.h"

namespace penstock::stream {

inline RecordGroup GroupOf(const std::vector<std::string>& records) {
  RecordGroup group;
  for (const auto& record : records) {
    group.bytes += record;
    group.sizes.push_back(static_cast<uint32_t>(record.size()));
  }
  return group;
}

// Appends and waits: the sequence of the first.
inline Result<uint64_t> AppendAll(RecordLog& log, const std::vector<std::string>& records) {
  std::promise<Result<uint64_t>> answer;
  log.Append(GroupOf(records), [&](const Status& status, uint64_t first) {
    answer.set_value(status.ok() ? Result<uint64_t>(first) : Result<uint64_t>(status));
  });
  return answer.get_future().get();
}

struct ReadBack {
  std::vector<uint64_t> sequences;
  std::vector<std::string> data;
  LogDamage damage;
};

inline Result<ReadBack> ReadAll(const std::string& folder, uint64_t from = 0, size_t most_bytes = 1 << 16) {
  ASSIGN_OR_RETURN(const auto reader, LogReader::Open(folder, from));
  ReadBack all;
  for (;;) {
    ASSIGN_OR_RETURN(const auto records, reader->Next(most_bytes));
    if (records.empty()) break;
    for (const auto& record : records) {
      all.sequences.push_back(record.sequence);
      all.data.emplace_back(record.data);
    }
  }
  all.damage = reader->damaged();
  return all;
}

// A disk that has `space` bytes more, and whose sync fails on order.
class FaultyDisk : public LogDisk {
 public:
  ssize_t Write(int fd, const char* bytes, size_t size, int64_t offset) override {
    const int64_t left = space;
    if (left <= 0) {
      errno = full_error;
      return -1;
    }
    const ssize_t written = LogDisk::Write(fd, bytes, std::min(size, static_cast<size_t>(left)), offset);
    if (written > 0) space -= written;
    return written;
  }
  int Sync(int) override {
    ++syncs;
    if (before_sync) before_sync();
    if (fail_sync) {
      errno = EIO;
      return -1;
    }
    return 0;  // nobody cuts the power: not waiting for the disk makes the tests quick
  }
  int SyncFolder(const char*) override { return 0; }

  std::atomic<int64_t> space{INT64_MAX};
  int full_error = ENOSPC;
  std::atomic<bool> fail_sync{false};
  std::atomic<int> syncs{0};
  std::function<void()> before_sync;
};

}  // namespace penstock::stream
