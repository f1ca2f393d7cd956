// The segment that records are written to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/log_disk.h"
#include "stream/log_folder.h"

namespace penstock::stream {

// Append is one thread's at a time; Sync may run beside it.
class SegmentWriter {
 public:
  // A new file, empty, whose name is on the disk. `lanes`: how many threads call Sync at the same time.
  static Result<std::unique_ptr<SegmentWriter>> Create(LogDisk& disk, const std::string& folder,
                                                       const SegmentName& segment, int lanes);
  // One that is there, cut to `size`, and synced.
  static Result<std::unique_ptr<SegmentWriter>> Reopen(LogDisk& disk, const std::string& folder,
                                                       const SegmentName& segment, int64_t size, int lanes);

  // All of `bytes` at the end, or a failure and nothing: the file is as long as before. NoSpace: the disk, or
  // a quota, is full. Internal: it could not be cut back, and must not be written any more.
  Status Append(std::string_view bytes);
  // What was appended before this call is on the disk. A failure of the disk is told to every lane that asks,
  // for each has its own descriptor. Source: Linux errseq_t, Documentation/core-api/errseq.rst.
  Status Sync(int lane);

  int64_t size() const { return size_; }
  const SegmentName& name() const { return name_; }

 private:
  SegmentWriter(LogDisk& disk, std::string path, const SegmentName& name, int64_t size)
      : disk_(disk), path_(std::move(path)), name_(name), size_(size) {}
  Status OpenLanes(int lanes);

  LogDisk& disk_;
  const std::string path_;
  const SegmentName name_;
  int64_t size_;
  std::vector<store::FileHandle> lanes_;
};

}  // namespace penstock::stream
