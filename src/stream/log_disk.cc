#include "stream/log_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"

namespace penstock::stream {

int LogDisk::Create(const char* path) { return ::open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }

ssize_t LogDisk::Write(int fd, const char* bytes, size_t size, int64_t offset) {
  if (!FaultPoint("log.write").ok()) {
    errno = ENOSPC;
    return -1;
  }
  return ::pwrite(fd, bytes, size, offset);
}

int LogDisk::Sync(int fd) {
  if (!FaultPoint("log.sync").ok()) {
    errno = EIO;
    return -1;
  }
  return ::fdatasync(fd);
}

int LogDisk::Truncate(int fd, int64_t size) { return ::ftruncate(fd, size); }

int LogDisk::SyncFolder(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  errno = error;
  return result;
}

LogDisk& LogDisk::System() {
  static LogDisk disk;
  return disk;
}

}  // namespace penstock::stream
