#include "store/folder_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define PENSTOCK_OPENAT2 1
#endif

namespace penstock::store {
namespace {

#ifdef PENSTOCK_OPENAT2
// -2: the kernel (or a sandbox) does not offer the call.
int OpenByKernel(int root_fd, const std::string& path, int flags) {
  static std::atomic<bool> missing{false};
  if (missing.load(std::memory_order_relaxed)) return -2;
  open_how how{};
  how.flags = static_cast<uint64_t>(flags & ~O_NOFOLLOW);  // RESOLVE_NO_SYMLINKS says it better: ELOOP
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < 100; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root_fd, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == EINTR || errno == EAGAIN) continue;  // EAGAIN: a rename elsewhere disturbed the walk
    if (errno == ENOSYS || errno == EPERM || errno == EINVAL || errno == E2BIG) {
      missing = errno == ENOSYS;
      return -2;
    }
    return -1;
  }
  return -1;
}
#endif

}  // namespace

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

Status ErrnoStatus(int error, std::string_view doing, std::string_view path) {
  ErrorCode code = ErrorCode::kIo;
  std::string advice;
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      code = ErrorCode::kNoSpace;
      advice =
          "free some space (or raise the quota) on this disk and run again; what was written before is whole";
      break;
    case EROFS:
      code = ErrorCode::kReadOnly;
      advice = "mount the file system writable, or choose another bucket";
      break;
    case EACCES:
    case EPERM:
      code = ErrorCode::kPermissionDenied;
      advice = "give this user the right to read and write the bucket's folder and what is in it";
      break;
    case ELOOP:
      code = ErrorCode::kPermissionDenied;
      advice = "symbolic links inside a bucket are not followed: put the file itself there";
      break;
    case ENOENT:
    case ENOTDIR: code = ErrorCode::kNotFound; break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      code = ErrorCode::kResourceExhausted;
      advice = "raise the limit of open files (ulimit -n), or use fewer threads";
      break;
    case EFBIG: code = ErrorCode::kTooLarge; break;
    case ENAMETOOLONG: code = ErrorCode::kUsage; break;
    case EXDEV: advice = "a bucket lies on one file system: no mounts inside it"; break;
    default: break;
  }
  return MakeError(code, fmt::format("cannot {} {}: {}", doing, path, ::strerror(error)), advice);
}

int OpenBeneath(int root_fd, std::string_view path, int flags, bool use_openat2) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  const std::string whole(path);
#ifdef PENSTOCK_OPENAT2
  if (use_openat2) {
    const int fd = OpenByKernel(root_fd, whole, flags);
    if (fd != -2) return fd;
  }
#endif
  (void)use_openat2;
  if (path.empty()) return ::openat(root_fd, ".", flags);
  FileHandle folder;
  int at = root_fd;
  for (size_t begin = 0;;) {
    const size_t slash = path.find('/', begin);
    const std::string segment(path.substr(begin, slash == std::string_view::npos ? slash : slash - begin));
    if (segment == "..") {
      errno = EXDEV;
      return -1;
    }
    const bool last = slash == std::string_view::npos;
    const int fd =
        ::openat(at, segment.c_str(), last ? flags : O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
      // O_DIRECTORY | O_NOFOLLOW on a link fails with ENOTDIR: tell it from a plain file.
      struct stat info;
      if (errno == ENOTDIR && ::fstatat(at, segment.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = S_ISLNK(info.st_mode) ? ELOOP : ENOTDIR;
      }
      return -1;
    }
    if (last) return fd;
    folder = FileHandle(fd);
    at = fd;
    begin = slash + 1;
  }
}

Status ReadAt(int fd, int64_t offset, int64_t length, std::string_view path, std::string* out) {
  out->resize(static_cast<size_t>(length));
  size_t done = 0;
  while (done < out->size()) {
    const ssize_t n =
        ::pread(fd, out->data() + done, out->size() - done, offset + static_cast<int64_t>(done));
    if (n < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "read", path);
    }
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  out->resize(done);
  return Status::OK();
}

Status WriteAll(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return Status::OK();
}

std::pair<std::string_view, std::string_view> SplitKey(std::string_view key) {
  const size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view(), key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

std::string EtagOf(const struct stat& info) {
  const auto ns = [](const timespec& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
  };
  return fmt::format("{:x}-{:x}-{:x}-{:x}", info.st_ino, ns(info.st_mtim), ns(info.st_ctim), info.st_size);
}

}  // namespace penstock::store
