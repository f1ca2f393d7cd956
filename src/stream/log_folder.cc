#include "stream/log_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>

namespace penstock::stream {
namespace {

using store::ErrnoStatus;
using store::FileHandle;

constexpr size_t kFirstDigits = 20, kMarkDigits = 8;
constexpr std::string_view kExtension = ".log";

template <typename T>
bool ReadNumber(std::string_view text, int base, T* value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *value, base);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

std::string LockPath(const std::string& folder) { return folder + "/writer.lock"; }
std::string EndPath(const std::string& folder) { return folder + "/end"; }

struct flock WholeFile() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

std::string FileNameOf(const SegmentName& segment) {
  return fmt::format("{:020}-{:08x}{}", segment.first, segment.mark, kExtension);
}

std::optional<SegmentName> ParseSegmentName(std::string_view name) {
  if (name.size() != kFirstDigits + 1 + kMarkDigits + kExtension.size() || !name.ends_with(kExtension) ||
      name[kFirstDigits] != '-')
    return std::nullopt;
  SegmentName segment;
  if (!ReadNumber(name.substr(0, kFirstDigits), 10, &segment.first) ||
      !ReadNumber(name.substr(kFirstDigits + 1, kMarkDigits), 16, &segment.mark) || segment.mark == 0)
    return std::nullopt;
  return segment;
}

Result<std::vector<SegmentName>> ListSegments(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  if (entries == nullptr) return ErrnoStatus(errno, "list", folder);
  std::vector<SegmentName> segments;
  for (errno = 0; const dirent* entry = ::readdir(entries.get()); errno = 0) {
    if (const auto segment = ParseSegmentName(entry->d_name)) segments.push_back(*segment);
  }
  if (errno != 0) return ErrnoStatus(errno, "list", folder);
  std::ranges::sort(segments, {}, &SegmentName::first);
  return segments;
}

Result<FileHandle> LockForWriting(const std::string& folder) {
  const auto path = LockPath(folder);
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return ErrnoStatus(errno, "open", path);
  auto lock = WholeFile();
  if (::fcntl(file.get(), F_OFD_SETLK, &lock) == 0) return file;
  if (errno != EAGAIN && errno != EACCES) return ErrnoStatus(errno, "lock", path);
  return MakeError(ErrorCode::kConflict, fmt::format("another process writes the log {}", folder),
                   "stop the other `penstock serve` of this folder, or put records through it");
}

Result<bool> IsBeingWritten(const std::string& folder) {
  const auto path = LockPath(folder);
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) return false;
  if (!file.valid()) return ErrnoStatus(errno, "open", path);
  auto lock = WholeFile();
  lock.l_type = F_RDLCK;  // what may be asked of a file open for reading; a writer's lock is in its way
  if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0) return ErrnoStatus(errno, "look at the lock", path);
  return lock.l_type != F_UNLCK;
}

Result<DurableEnd> DurableEnd::Open(const std::string& folder) {
  auto path = EndPath(folder);
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return ErrnoStatus(errno, "open", path);
  return DurableEnd(std::move(file), std::move(path));
}

Status DurableEnd::Store(uint64_t end) {
  const uint64_t words[2] = {end, ~end};
  const ssize_t written = ::pwrite(file_.get(), words, sizeof words, 0);
  if (written == sizeof words) return Status::OK();
  return ErrnoStatus(written < 0 ? errno : ENOSPC, "write", path_);
}

Status DurableEnd::Sync() {
  return ::fdatasync(file_.get()) == 0 ? Status::OK() : ErrnoStatus(errno, "sync", path_);
}

Result<std::optional<uint64_t>> DurableEnd::Read(const std::string& folder) {
  const auto path = EndPath(folder);
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) return std::nullopt;
  if (!file.valid()) return ErrnoStatus(errno, "open", path);
  for (int attempt = 0; attempt < 100; ++attempt) {  // a writer may be half-way
    uint64_t words[2];
    const ssize_t read = ::pread(file.get(), words, sizeof words, 0);
    if (read < 0) return ErrnoStatus(errno, "read", path);
    if (read != sizeof words) return std::nullopt;
    if (words[0] == ~words[1]) return words[0];
  }
  return std::nullopt;
}

Status MakeLogFolder(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Status::OK();
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "make the folder", folder);
  for (auto made = path; made.has_relative_path(); made = made.parent_path()) {
    const auto parent = made.has_parent_path() ? made.parent_path() : std::filesystem::path(".");
    const FileHandle handle(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.valid() || ::fsync(handle.get()) != 0) return ErrnoStatus(errno, "sync", parent.native());
    if (made == path.parent_path()) break;  // two levels: the stream's folder, and the log's in it
  }
  return Status::OK();
}

Result<int64_t> SyncSegments(const std::string& folder, const std::vector<SegmentName>& segments) {
  int64_t bytes = 0;
  for (const auto& segment : segments) {
    const auto path = folder + "/" + FileNameOf(segment);
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info{};
    if (!file.valid() || ::fstat(file.get(), &info) != 0) return ErrnoStatus(errno, "open", path);
    if (::fdatasync(file.get()) != 0) return ErrnoStatus(errno, "sync", path);
    bytes += info.st_size;
  }
  return bytes;
}

Result<int64_t> RemoveSegment(const std::string& folder, const SegmentName& segment) {
  const auto path = folder + "/" + FileNameOf(segment);
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || ::unlink(path.c_str()) != 0) {
    if (errno != ENOENT) return ErrnoStatus(errno, "remove", path);
    return 0;
  }
  return static_cast<int64_t>(info.st_size);
}

}  // namespace penstock::stream
