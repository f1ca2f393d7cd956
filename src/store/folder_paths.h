// System calls of the folder store: files below one folder, opened so that neither ".." nor a link leads out
// of it.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace penstock::store {

// A file descriptor, closed with the object.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileHandle();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Our status for `error` (an errno), met while `doing` ("write") something to `path`: NoSpace, ReadOnly,
// PermissionDenied, NotFound, ResourceExhausted, TooLarge, Usage (a name too long) or Io, with advice.
Status ErrnoStatus(int error, std::string_view doing, std::string_view path);

// Opens `path` ("a/b/c", "" is the root itself) below `root_fd`. No segment may be a symbolic link, the last
// one neither. With `use_openat2` the kernel checks that (openat2(2), RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
// Linux 5.6); where it does not know the call, or without, the path is walked segment by segment with
// O_NOFOLLOW. Returns -1 and sets errno; a link gives ELOOP.
int OpenBeneath(int root_fd, std::string_view path, int flags, bool use_openat2);

// Reads up to `length` bytes at `offset`; fewer only at the end of the file.
Status ReadAt(int fd, int64_t offset, int64_t length, std::string_view path, std::string* out);
// Writes all of `bytes`.
Status WriteAll(int fd, std::string_view bytes, std::string_view path);

// "a/b/c" → {"a/b", "c"}; "c" → {"", "c"}.
std::pair<std::string_view, std::string_view> SplitKey(std::string_view key);

// What tells a version of a file from another one: inode, size, and both times to the nanosecond.
std::string EtagOf(const struct stat& info);

}  // namespace penstock::store
