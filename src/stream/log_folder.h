// The files of a log's folder: segments, the durable end, the writer's lock.
//
//   00000000000000001234-9f3a21c4.log   records from sequence 1234 on; behind the dash, the mark that begins
//   each end                                 the sequence behind the last durable record, for readers of
//   other processes writer.lock                         locked by the process that writes (fcntl, open file
//   description)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/folder_paths.h"

namespace penstock::stream {

struct SegmentName {
  uint64_t first = 0;  // sequence of its first record
  uint32_t mark = 0;   // never 0
  bool operator==(const SegmentName&) const = default;
};
std::string FileNameOf(const SegmentName& segment);
// Nothing: a file of another name.
std::optional<SegmentName> ParseSegmentName(std::string_view file_name);

// Those of the folder, ascending. NotFound: no folder.
Result<std::vector<SegmentName>> ListSegments(const std::string& folder);

// The lock of the one writer, held as long as the object lives. Conflict: another process (or another object
// of this one) holds it.
Result<store::FileHandle> LockForWriting(const std::string& folder);
// Whether a process holds it now. Takes nothing.
Result<bool> IsBeingWritten(const std::string& folder);

// The file `end`: 8 bytes of the sequence, 8 of its complement. It is written after each fsync of the records
// and is not synced itself: what a power cut leaves of it may be too small, never too large.
class DurableEnd {
 public:
  static Result<DurableEnd> Open(const std::string& folder);
  Status Store(uint64_t end);
  Status Sync();
  // As another process sees it; nothing when there is none, or none that checks.
  static Result<std::optional<uint64_t>> Read(const std::string& folder);

 private:
  DurableEnd(store::FileHandle file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  store::FileHandle file_;
  std::string path_;
};

// The folder, and those above it, made where missing; its name is on the disk.
Status MakeLogFolder(const std::string& folder);
// What others wrote into the segments is on the disk. Their bytes together.
Result<int64_t> SyncSegments(const std::string& folder, const std::vector<SegmentName>& segments);
// The bytes that are free now. One that is gone already is removed.
Result<int64_t> RemoveSegment(const std::string& folder, const SegmentName& segment);

}  // namespace penstock::stream
