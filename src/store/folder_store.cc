#include "store/folder_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "base/fault.h"
#include "store/folder_list.h"

namespace penstock::store {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr int kFolderNoLink = kFolder | O_NOFOLLOW;
constexpr int kLockFiles = 64;
constexpr int kMaxAttempts = 1000;
constexpr size_t kMaxRemembered = 100'000;

ObjectInfo InfoOf(std::string_view key, const struct stat& info) {
  return {std::string(key), info.st_size, EtagOf(info), ModifiedOf(info)};
}

// The same for every process and build.
uint32_t Fnv1a(std::string_view text) {
  uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

Status IsFolderOfOthers(std::string_view key) {
  return MakeError(ErrorCode::kUsage,
                   fmt::format("a key cannot be an object and the folder of others at once: \"{}\"", key),
                   "choose another key, or delete what stands there");
}

// Removes `name` when nothing but empty folders are in it.
bool RemoveEmptyTree(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (errno != ENOTEMPTY && errno != EEXIST) return false;
  FileHandle folder(::openat(parent, name.c_str(), kFolderNoLink));
  if (!folder.valid()) return false;
  const auto entries = ReadFolder(folder.get(), name);
  if (!entries.ok()) return false;
  for (const FolderEntry& entry : *entries) {
    if (!entry.is_folder || !RemoveEmptyTree(folder.get(), entry.name)) return false;
  }
  return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

// Makes `path` and what is missing above it, and puts their entries on the disk.
Status MakeRoot(const std::filesystem::path& path, bool fsync) {
  if (::mkdir(path.c_str(), 0777) != 0) {
    if (errno == EEXIST) return Status::OK();
    if (errno != ENOENT || !path.has_parent_path() || path.parent_path() == path) {
      return ErrnoStatus(errno, "make the folder", path.string());
    }
    RETURN_IF_ERROR(MakeRoot(path.parent_path(), fsync));
    if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
      return ErrnoStatus(errno, "make the folder", path.string());
  }
  if (!fsync) return Status::OK();
  const FileHandle parent(::open(path.parent_path().c_str(), kFolder));
  if (parent.valid() && ::fsync(parent.get()) != 0)
    return ErrnoStatus(errno, "sync the folder above", path.string());
  return Status::OK();
}

}  // namespace

// The bytes of a put on their way: unlinked unless renamed.
class FolderStore::Temporary {
 public:
  Temporary(int folder, std::string path, bool fsync)
      : folder_(folder), path_(std::move(path)), fsync_(fsync) {}
  ~Temporary() {
    if (file_.valid() && !renamed_) ::unlinkat(folder_, name_.c_str(), 0);
  }

  Status Create() {
    // Asked once: the device costs more than the rest of a name.
    static const uint32_t start = std::random_device()();
    static std::atomic<uint32_t> serial{0};
    do {
      name_ = fmt::format("{}-{:08x}{:08x}", ::getpid(), start, serial++);
      file_ = FileHandle(
          ::openat(folder_, name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    } while (!file_.valid() && errno == EEXIST);
    if (!file_.valid()) return ErrnoStatus(errno, "create a temporary file for", path_);
    // Held as long as we live, so that nobody takes the file for one whose writer died. A file system without
    // locks leaves that to the file's age.
    ::flock(file_.get(), LOCK_SH | LOCK_NB);
    return Status::OK();
  }

  Status Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, kPushed);
      RETURN_IF_ERROR(WriteAll(file_.get(), piece, path_));
      written_ += static_cast<int64_t>(piece.size());
      bytes.remove_prefix(piece.size());
      if (fsync_) RETURN_IF_ERROR(PushOut());
    }
    return Status::OK();
  }

  // No more is written.
  Status Finish(TimePoint modified, uint64_t serial) {
    // The nanoseconds below the clock's microseconds tell puts of one moment apart.
    const auto us = modified.time_since_epoch().count();
    const auto s = us >= 0 ? us / 1'000'000 : (us - 999'999) / 1'000'000;
    mtime_ = {static_cast<time_t>(s),
              static_cast<long>((us - s * 1'000'000) * 1000 + static_cast<long>(serial % 1000))};
    RETURN_IF_ERROR(Stamp());
    if (fsync_ && ::fsync(file_.get()) != 0) return ErrnoStatus(errno, "sync", path_);
    return Status::OK();
  }

  // Another mtime than `current` has: with its inode, size and ctime the same, it alone makes the etag
  // another one.
  Status DifferFrom(const struct stat& current) {
    if (current.st_mtim.tv_sec != mtime_.tv_sec || current.st_mtim.tv_nsec != mtime_.tv_nsec)
      return Status::OK();
    mtime_.tv_nsec += mtime_.tv_nsec % 1000 == 999 ? -999 : 1;
    return Stamp();
  }

  int fd() const { return file_.get(); }
  int folder() const { return folder_; }
  const char* name() const { return name_.c_str(); }
  void MarkRenamed() { renamed_ = true; }

 private:
  static constexpr size_t kPushed = 2 << 20;

  // Bytes go to the disk while more are written, two pieces at most behind. An fsync of many at once holds up
  // everybody's: ext4 commits one journal for all files, and what they wrote before it.
  Status PushOut() {
    for (constexpr auto kPiece = static_cast<int64_t>(kPushed); written_ - pushed_ >= kPiece;
         pushed_ += kPiece) {
      const bool pushed = ::sync_file_range(file_.get(), pushed_, kPiece, SYNC_FILE_RANGE_WRITE) == 0 &&
                          (pushed_ == 0 || ::sync_file_range(file_.get(), pushed_ - kPiece, kPiece,
                                                             SYNC_FILE_RANGE_WAIT_BEFORE) == 0);
      // A file system may not know it. An error of the disk is told once: here, and not by fsync again.
      if (!pushed && errno != EINVAL && errno != ENOSYS && errno != ESPIPE)
        return ErrnoStatus(errno, "write", path_);
    }
    return Status::OK();
  }
  Status Stamp() {
    const timespec times[2] = {{0, UTIME_OMIT}, mtime_};
    return ::futimens(file_.get(), times) == 0 ? Status::OK() : ErrnoStatus(errno, "set the time of", path_);
  }

  const int folder_;
  const std::string path_;  // of the object, for messages
  const bool fsync_;
  int64_t written_ = 0, pushed_ = 0;
  std::string name_;
  FileHandle file_;
  timespec mtime_{};
  bool renamed_ = false;
};

Result<std::shared_ptr<FolderStore>> FolderStore::Open(const std::string& path, const Options& options) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (path.empty() || error)
    return MakeError(ErrorCode::kConfiguration, fmt::format("not a folder: \"{}\"", path));
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();  // a/ → a
  if (options.create) RETURN_IF_ERROR(MakeRoot(absolute, options.fsync));
  FileHandle root(::open(absolute.c_str(), kFolder));
  if (!root.valid()) {
    if (errno == ENOENT) {
      return MakeError(ErrorCode::kNotFound, fmt::format("no such bucket: {}", absolute.string()),
                       "check the path of --bucket; a run makes the folder by itself");
    }
    if (errno == ENOTDIR) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("the bucket is not a folder: {}", absolute.string()),
                       "name a folder with --bucket");
    }
    return ErrnoStatus(errno, "open the bucket", absolute.string());
  }
  std::shared_ptr<FolderStore> store(new FolderStore(absolute.string(), std::move(root), options));
  RETURN_IF_ERROR(store->RemoveStaleTemporaries());
  return store;
}

Status FolderStore::MakeReserved() {
  if (locks_.valid()) return Status::OK();
  const auto open_or_make = [&](int parent, const char* name) -> Result<FileHandle> {
    if (::mkdirat(parent, name, 0777) != 0 && errno != EEXIST)
      return ErrnoStatus(errno, "write to the bucket", path_);
    FileHandle folder(::openat(parent, name, kFolderNoLink));
    if (!folder.valid()) return ErrnoStatus(errno, "open a folder of its own in the bucket", path_);
    return folder;
  };
  ASSIGN_OR_RETURN(const FileHandle reserved,
                   open_or_make(root_.get(), std::string(kReservedSegment).c_str()));
  ASSIGN_OR_RETURN(temporaries_, open_or_make(reserved.get(), "tmp"));
  ASSIGN_OR_RETURN(locks_, open_or_make(reserved.get(), "locks"));
  return Status::OK();
}

Status FolderStore::RemoveStaleTemporaries() {
  const FileHandle folder(OpenBeneath(root_.get(), ".penstock/tmp", kFolder, options_.use_openat2));
  if (!folder.valid()) return Status::OK();  // nothing was ever put
  ASSIGN_OR_RETURN(const auto entries, ReadFolder(folder.get(), path_ + "/.penstock/tmp"));
  if (entries.empty()) return Status::OK();
  // What time it is, the file system says: a replay's clock may stand years away.
  Temporary probe(folder.get(), path_, options_.fsync);
  struct stat now, info;
  if (!probe.Create().ok() || ::fstat(probe.fd(), &now) != 0) return Status::OK();  // read-only
  for (const FolderEntry& entry : entries) {
    if (::fstatat(folder.get(), entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (now.st_ctim.tv_sec - info.st_ctim.tv_sec < options_.stale_temporary_age_s) continue;
    const FileHandle file(
        ::openat(folder.get(), entry.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) continue;
    ::unlinkat(folder.get(), entry.name.c_str(), 0);  // another process may have been faster
  }
  return Status::OK();
}

Status FolderStore::Sync(int fd, std::string_view path) const {
  if (options_.fsync && ::fsync(fd) != 0) return ErrnoStatus(errno, "sync", path);
  return Status::OK();
}

Result<FileHandle> FolderStore::OpenObject(std::string_view key, struct stat* info) const {
  RETURN_IF_ERROR(CheckKey(key));
  // O_NONBLOCK: a FIFO somebody put there must not hang us.
  FileHandle file(OpenBeneath(root_.get(), key, O_RDONLY | O_NONBLOCK, options_.use_openat2));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return MakeError(ErrorCode::kNotFound, fmt::format("no such object: {}", PathOf(key)));
    }
    return ErrnoStatus(errno, "open", PathOf(key));
  }
  if (::fstat(file.get(), info) != 0) return ErrnoStatus(errno, "stat", PathOf(key));
  if (!S_ISREG(info->st_mode))
    return MakeError(ErrorCode::kNotFound, fmt::format("no such object: {}", PathOf(key)));
  return file;
}

Result<ObjectInfo> FolderStore::Head(std::string_view key) {
  struct stat info;
  RETURN_IF_ERROR(OpenObject(key, &info).status());
  return InfoOf(key, info);
}

Result<Object> FolderStore::Get(std::string_view key) { return GetRange(key, 0, INT64_MAX); }

Result<Object> FolderStore::GetRange(std::string_view key, int64_t offset, int64_t length) {
  if (offset < 0 || length < 0) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: a negative range: {}+{}", key, offset, length));
  }
  struct stat info;
  ASSIGN_OR_RETURN(const FileHandle file, OpenObject(key, &info));
  if (offset > info.st_size) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{}: the range begins behind the end: {} > {}",
                                                          PathOf(key), offset, info.st_size));
  }
  Object object{InfoOf(key, info), {}};
  const int64_t wanted = std::min<int64_t>(length, info.st_size - offset);
  RETURN_IF_ERROR(ReadAt(file.get(), offset, wanted, PathOf(key), &object.bytes));
  if (static_cast<int64_t>(object.bytes.size()) < wanted) {
    return MakeError(ErrorCode::kIo, fmt::format("{} shrank while it was read: {} of {} bytes", PathOf(key),
                                                 object.bytes.size(), wanted));
  }
  return object;
}

Result<FileHandle> FolderStore::Lock(std::string_view key) const {
  // A description of its own each time: flock then also holds between threads, and a fork does not share it.
  const std::string name = fmt::format("{:02}", Fnv1a(key) % kLockFiles);
  FileHandle lock(::openat(locks_.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!lock.valid()) return ErrnoStatus(errno, "open the lock of", PathOf(key));
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return ErrnoStatus(errno, "lock", PathOf(key));
  }
  return lock;
}

Result<FileHandle> FolderStore::OpenOrMakeFolder(std::string_view folder) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    FileHandle found(OpenBeneath(root_.get(), folder, kFolder, options_.use_openat2));
    if (found.valid()) {
      RETURN_IF_ERROR(SyncEntriesAbove(folder, found.get()));
      return found;
    }
    if (errno == ENOTDIR) return IsFolderOfOthers(folder);
    if (errno != ENOENT) return ErrnoStatus(errno, "open the folder", PathOf(folder));
    const auto [above, name] = SplitKey(folder);
    ASSIGN_OR_RETURN(const FileHandle parent, OpenOrMakeFolder(above));
    if (::mkdirat(parent.get(), std::string(name).c_str(), 0777) != 0 && errno != EEXIST && errno != ENOENT) {
      return ErrnoStatus(errno, "make the folder", PathOf(folder));
    }
  }
  return MakeError(ErrorCode::kIo, fmt::format("somebody keeps removing the folder {}", PathOf(folder)));
}

// Another process may have made `folder` and not yet synced it, so that it is there says nothing.
Status FolderStore::SyncEntriesAbove(std::string_view folder, int fd) {
  if (!options_.fsync || folder.empty()) return Status::OK();
  struct statx info{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &info) != 0) {
    return ErrnoStatus(errno, "stat", PathOf(folder));
  }
  const std::pair<uint64_t, int64_t> identity(info.stx_ino,
                                              info.stx_btime.tv_sec * 1'000'000'000 + info.stx_btime.tv_nsec);
  {
    std::lock_guard lock(mutex_);
    if (const auto it = durable_.find(folder); it != durable_.end() && it->second == identity)
      return Status::OK();
  }
  const auto above = SplitKey(folder).first;
  const FileHandle parent(OpenBeneath(root_.get(), above, kFolder, options_.use_openat2));
  if (!parent.valid())
    return errno == ENOENT ? Status::OK() : ErrnoStatus(errno, "open the folder", PathOf(above));
  if (const int error = group_sync_.Sync(parent.get()); error != 0) {
    return ErrnoStatus(error, "sync", PathOf(above));
  }
  RETURN_IF_ERROR(SyncEntriesAbove(above, parent.get()));
  std::lock_guard lock(mutex_);
  if (durable_.size() >= kMaxRemembered) durable_.clear();
  durable_[std::string(folder)] = identity;
  return Status::OK();
}

Status FolderStore::CheckCurrent(std::string_view key, const struct stat* current,
                                 const PutOptions& options) const {
  if (options.if_absent && current != nullptr) {
    return MakeError(ErrorCode::kAlreadyExists,
                     fmt::format("there is an object of this key: {}", PathOf(key)));
  }
  if (options.if_match && (current == nullptr || EtagOf(*current) != *options.if_match)) {
    return MakeError(
        ErrorCode::kPreconditionFailed,
        fmt::format("{} {} since it was read", PathOf(key), current == nullptr ? "was deleted" : "changed"));
  }
  return Status::OK();
}

Result<ObjectInfo> FolderStore::Put(std::string_view key, std::string_view bytes, const PutOptions& options) {
  RETURN_IF_ERROR(CheckPut(key, options));
  if (options.if_absent || options.if_match) {  // a cheap "no" before anything is written
    struct stat info;
    const Status found = OpenObject(key, &info).status();
    if (found.ok() || CodeOf(found) == ErrorCode::kNotFound) {
      // A folder of this key is told from an absent one below.
      if (found.ok() || options.if_match)
        RETURN_IF_ERROR(CheckCurrent(key, found.ok() ? &info : nullptr, options));
    }
  }
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(MakeReserved());
  }
  Temporary temporary(temporaries_.get(), PathOf(key), options_.fsync);
  RETURN_IF_ERROR(temporary.Create());
  RETURN_IF_ERROR(temporary.Write(bytes));
  return Publish(temporary, key, options);
}

Result<ObjectInfo> FolderStore::Publish(Temporary& temporary, std::string_view key,
                                        const PutOptions& options) {
  RETURN_IF_ERROR(temporary.Finish(Now(), puts_.fetch_add(1)));
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    ASSIGN_OR_RETURN(const FileHandle folder, OpenOrMakeFolder(SplitKey(key).first));
    RETURN_IF_ERROR(FaultPoint("store.put.before_rename"));
    ASSIGN_OR_RETURN(auto info, Commit(temporary, folder.get(), key, options));
    if (!info) continue;
    RETURN_IF_ERROR(FaultPoint("store.put.after_rename"));
    if (const int error = options_.fsync ? group_sync_.Sync(folder.get()) : 0; error != 0) {
      return ErrnoStatus(error, "sync the folder of", PathOf(key));
    }
    return *std::move(info);
  }
  return MakeError(ErrorCode::kIo, fmt::format("somebody keeps removing the folder of {}", PathOf(key)));
}

class FolderStore::Writer : public ObjectWriter {
 public:
  Writer(FolderStore& store, std::string_view key, const PutOptions& options)
      : store_(store),
        key_(key),
        options_(options),
        temporary_(store.temporaries_.get(), store.PathOf(key), store.options_.fsync) {}
  Status Create() { return temporary_.Create(); }
  Status Write(std::string_view bytes) override {
    if (done_) return WriterIsDone(key_);
    Status written = temporary_.Write(bytes);
    done_ = !written.ok();
    return written;
  }
  Result<ObjectInfo> Commit() override {
    if (std::exchange(done_, true)) return WriterIsDone(key_);
    return store_.Publish(temporary_, key_, options_);
  }

 private:
  FolderStore& store_;
  const std::string key_;
  const PutOptions options_;
  Temporary temporary_;
  bool done_ = false;
};

Result<std::unique_ptr<ObjectWriter>> FolderStore::OpenWriter(std::string_view key,
                                                              const PutOptions& options) {
  RETURN_IF_ERROR(CheckPut(key, options));
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(MakeReserved());
  }
  auto writer = std::make_unique<Writer>(*this, key, options);
  RETURN_IF_ERROR(writer->Create());
  return std::unique_ptr<ObjectWriter>(std::move(writer));
}

Result<std::optional<ObjectInfo>> FolderStore::Commit(Temporary& temporary, int folder_fd,
                                                      std::string_view key, const PutOptions& options) {
  const std::string name(SplitKey(key).second);
  ASSIGN_OR_RETURN(const FileHandle lock, Lock(key));
  struct stat current;
  bool exists = ::fstatat(folder_fd, name.c_str(), &current, AT_SYMLINK_NOFOLLOW) == 0;
  if (!exists && errno != ENOENT) return ErrnoStatus(errno, "stat", PathOf(key));
  if (exists && S_ISDIR(current.st_mode)) {
    if (!RemoveEmptyTree(folder_fd, name)) return IsFolderOfOthers(key);
    exists = false;
  }
  if (exists && S_ISLNK(current.st_mode)) return ErrnoStatus(ELOOP, "replace", PathOf(key));
  if (exists && !S_ISREG(current.st_mode)) {
    return MakeError(ErrorCode::kPermissionDenied, fmt::format("not a regular file: {}", PathOf(key)));
  }
  RETURN_IF_ERROR(CheckCurrent(key, exists ? &current : nullptr, options));
  if (exists) RETURN_IF_ERROR(temporary.DifferFrom(current));

  int failed = 0;
  if (options.if_absent) {
    // Other programs do not take our lock, so the kernel is asked too.
    failed = ::renameat2(temporary.folder(), temporary.name(), folder_fd, name.c_str(), RENAME_NOREPLACE);
    if (failed != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system that cannot
      failed = ::linkat(temporary.folder(), temporary.name(), folder_fd, name.c_str(), 0);
      if (failed == 0) ::unlinkat(temporary.folder(), temporary.name(), 0);
    }
  } else {
    failed = ::renameat(temporary.folder(), temporary.name(), folder_fd, name.c_str());
  }
  if (failed != 0) {
    if (errno == ENOENT) return std::optional<ObjectInfo>();
    if (errno == EEXIST) return CheckCurrent(key, &current, options);
    if (errno == EISDIR || errno == ENOTEMPTY) return IsFolderOfOthers(key);
    return ErrnoStatus(errno, "put in place", PathOf(key));
  }
  temporary.MarkRenamed();
  struct stat info;
  if (::fstat(temporary.fd(), &info) != 0) return ErrnoStatus(errno, "stat", PathOf(key));
  return std::optional<ObjectInfo>(InfoOf(key, info));
}

std::optional<int64_t> FolderStore::FreeBytes() {
  struct statvfs info;
  if (::fstatvfs(root_.get(), &info) != 0) return std::nullopt;
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

Status FolderStore::Delete(std::string_view key, const std::optional<Etag>& if_match) {
  RETURN_IF_ERROR(CheckKey(key));
  PutOptions condition;
  condition.if_match = if_match;
  const auto [folder, name] = SplitKey(key);
  FileHandle parent(OpenBeneath(root_.get(), folder, kFolder, options_.use_openat2));
  if (!parent.valid()) {
    return errno == ENOENT || errno == ENOTDIR ? CheckCurrent(key, nullptr, condition)
                                               : ErrnoStatus(errno, "open the folder", PathOf(folder));
  }
  {
    struct stat current;
    if (::fstatat(parent.get(), std::string(name).c_str(), &current, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? CheckCurrent(key, nullptr, condition)
                             : ErrnoStatus(errno, "stat", PathOf(key));
    }
    if (S_ISDIR(current.st_mode)) return CheckCurrent(key, nullptr, condition);
    if (S_ISLNK(current.st_mode)) return ErrnoStatus(ELOOP, "delete", PathOf(key));
    std::unique_lock mutex(mutex_);
    RETURN_IF_ERROR(MakeReserved());
    mutex.unlock();
    ASSIGN_OR_RETURN(const FileHandle lock, Lock(key));
    if (if_match) {
      const bool gone =
          ::fstatat(parent.get(), std::string(name).c_str(), &current, AT_SYMLINK_NOFOLLOW) != 0;
      if (gone && errno != ENOENT) return ErrnoStatus(errno, "stat", PathOf(key));
      RETURN_IF_ERROR(CheckCurrent(key, gone ? nullptr : &current, condition));
    }
    if (::unlinkat(parent.get(), std::string(name).c_str(), 0) != 0) {
      return errno == ENOENT || errno == EISDIR ? Status::OK() : ErrnoStatus(errno, "delete", PathOf(key));
    }
  }
  return PruneAbove(folder, std::move(parent));
}

// Removes `folder` and those above it while they are empty, and syncs the first that stays. A put that is
// about to use one of them finds it gone (ENOENT) and makes it again.
Status FolderStore::PruneAbove(std::string_view folder, FileHandle fd) {
  while (!folder.empty()) {
    const auto [above, name] = SplitKey(folder);
    FileHandle parent(OpenBeneath(root_.get(), above, kFolder, options_.use_openat2));
    if (!parent.valid() || ::unlinkat(parent.get(), std::string(name).c_str(), AT_REMOVEDIR) != 0) break;
    fd = std::move(parent);
    folder = above;
  }
  return Sync(fd.get(), PathOf(folder));
}

Result<ListPage> FolderStore::List(std::string_view prefix, const ListOptions& options) {
  if (options.max_keys < 1)
    return MakeError(ErrorCode::kUsage, fmt::format("max_keys below 1: {}", options.max_keys));
  return ListFolder(root_.get(), path_, prefix, options, options_.use_openat2);
}

}  // namespace penstock::store
