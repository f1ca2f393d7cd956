// The system calls by which records reach the disk: a seam, for disks that are full or broken on order.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace penstock::stream {

// Thread-safe. Each as the call of its name: -1 and errno.
class LogDisk {
 public:
  virtual ~LogDisk() = default;
  virtual int Create(const char* path);  // for reading and writing, must not exist
  virtual ssize_t Write(int fd, const char* bytes, size_t size, int64_t offset);
  virtual int Sync(int fd);  // fdatasync
  virtual int Truncate(int fd, int64_t size);
  virtual int SyncFolder(const char* path);

  // The machine's. PENSTOCK_FAULT's points log.write and log.sync fail with ENOSPC and EIO (base/fault.h).
  static LogDisk& System();
};

}  // namespace penstock::stream
