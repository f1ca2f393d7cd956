#include "stream/segment_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace penstock::stream {

using store::ErrnoStatus;

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(LogDisk& disk, const std::string& folder,
                                                             const SegmentName& segment, int lanes) {
  auto path = folder + "/" + FileNameOf(segment);
  store::FileHandle file(disk.Create(path.c_str()));
  if (!file.valid()) return ErrnoStatus(errno, "create", path);
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(disk, path, segment, 0));
  Status status = disk.SyncFolder(folder.c_str()) == 0 ? Status::OK() : ErrnoStatus(errno, "sync", folder);
  if (status.ok()) status = writer->OpenLanes(lanes);
  if (status.ok()) return writer;
  ::unlink(path.c_str());  // left behind it would do no harm: a segment without records
  return status;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Reopen(LogDisk& disk, const std::string& folder,
                                                             const SegmentName& segment, int64_t size,
                                                             int lanes) {
  auto path = folder + "/" + FileNameOf(segment);
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(disk, path, segment, size));
  RETURN_IF_ERROR(writer->OpenLanes(lanes));
  const int fd = writer->lanes_.front().get();
  if (disk.Truncate(fd, size) != 0) return ErrnoStatus(errno, "cut off the torn end of", path);
  RETURN_IF_ERROR(writer->Sync(0));
  return writer;
}

Status SegmentWriter::OpenLanes(int lanes) {
  for (int lane = 0; lane < lanes; ++lane) {
    lanes_.emplace_back(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (!lanes_.back().valid()) return ErrnoStatus(errno, "open", path_);
  }
  return Status::OK();
}

Status SegmentWriter::Append(std::string_view bytes) {
  const int fd = lanes_.front().get();
  for (size_t written = 0; written < bytes.size();) {
    const ssize_t count = disk_.Write(fd, bytes.data() + written, bytes.size() - written,
                                      size_ + static_cast<int64_t>(written));
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) {
      written += static_cast<size_t>(count);
      continue;
    }
    const auto failed = ErrnoStatus(count == 0 ? ENOSPC : errno, "write", path_);
    if (disk_.Truncate(fd, size_) == 0) return failed;
    return MakeError(ErrorCode::kInternal,
                     ErrnoStatus(errno, "cut back", path_).message() + ", after: " + failed.message());
  }
  size_ += static_cast<int64_t>(bytes.size());
  return Status::OK();
}

Status SegmentWriter::Sync(int lane) {
  if (disk_.Sync(lanes_[static_cast<size_t>(lane)].get()) == 0) return Status::OK();
  return ErrnoStatus(errno, "sync", path_);
}

}  // namespace penstock::stream
