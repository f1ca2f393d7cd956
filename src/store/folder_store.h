// Objects as files in a folder: the embedded bucket. Any tool may read it; what others write into it is seen
// too.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/thread_annotations.h"
#include "store/folder_paths.h"
#include "store/group_sync.h"
#include "store/object_store.h"

namespace penstock::store {

struct FolderOptions {
  // Make the folder (and those above it) when it is missing; NotFound otherwise.
  bool create = true;
  // false: an object survives a killed process, but not a power cut. Only for tests and benchmarks.
  bool fsync = true;
  // Where ObjectInfo::modified comes from; the machine's clock when null. Outlives the store.
  const Clock* clock = nullptr;
  // Temporary files that died with their writer are removed at Open when they are older than this.
  int stale_temporary_age_s = 3600;
  // false: never ask the kernel's openat2, as before Linux 5.6. For tests.
  bool use_openat2 = true;
};

// Key "a/b" is the file ROOT/a/b. ROOT/.penstock/ holds tmp/ (bytes not yet put) and locks/ (64 files; a put
// or delete holds the one of its key's hash with flock(2) while it compares and renames, so that if_match
// loses no update). Symbolic links in it are refused with PermissionDenied and never listed; ROOT itself may
// be one. An etag is inode, size, mtime and ctime: a program that touches a file makes a new version of it.
class FolderStore : public ObjectStore {
 public:
  using Options = FolderOptions;
  // A folder that cannot be written is opened for reading; puts then say why. Configuration: `path` is no
  // folder.
  static Result<std::shared_ptr<FolderStore>> Open(const std::string& path, const Options& options = {});

  Result<ObjectInfo> Put(std::string_view key, std::string_view bytes,
                         const PutOptions& options = {}) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view key,
                                                   const PutOptions& options = {}) override;
  Result<Object> Get(std::string_view key) override;
  Result<Object> GetRange(std::string_view key, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<ListPage> List(std::string_view prefix, const ListOptions& options = {}) override;
  Status Delete(std::string_view key, const std::optional<Etag>& if_match = std::nullopt) override;
  std::optional<int64_t> FreeBytes() override;
  std::string uri() const override { return path_; }

 private:
  class Temporary;
  class Writer;
  FolderStore(std::string path, FileHandle root, const Options& options)
      : path_(std::move(path)), root_(std::move(root)), options_(options) {}

  std::string PathOf(std::string_view key) const { return path_ + "/" + std::string(key); }
  Status MakeReserved() REQUIRES(mutex_);
  Status RemoveStaleTemporaries();
  Result<FileHandle> OpenObject(std::string_view key, struct stat* info) const;
  Result<FileHandle> OpenOrMakeFolder(std::string_view folder);
  Status SyncEntriesAbove(std::string_view folder, int fd);
  Result<FileHandle> Lock(std::string_view key) const;
  // The end of a put: `temporary` takes the place of what has this key.
  Result<ObjectInfo> Publish(Temporary& temporary, std::string_view key, const PutOptions& options);
  // One try; an absent value: the folder was removed meanwhile, try again.
  Result<std::optional<ObjectInfo>> Commit(Temporary& temporary, int folder_fd, std::string_view key,
                                           const PutOptions& options);
  Status CheckCurrent(std::string_view key, const struct stat* current, const PutOptions& options) const;
  Status PruneAbove(std::string_view folder, FileHandle fd);
  Status Sync(int fd, std::string_view path) const;
  TimePoint Now() const { return options_.clock == nullptr ? system_clock_.Now() : options_.clock->Now(); }

  const std::string path_;
  const FileHandle root_;
  const Options options_;
  const SystemClock system_clock_;
  std::atomic<uint64_t> puts_{0};
  GroupSync group_sync_;

  std::mutex mutex_;
  FileHandle temporaries_ GUARDED_BY(mutex_);  // ROOT/.penstock/tmp; set once
  FileHandle locks_ GUARDED_BY(mutex_);        // ROOT/.penstock/locks; set once
  // Folders whose entries, up to the root, are known to be on the disk: path → inode and time of birth.
  std::map<std::string, std::pair<uint64_t, int64_t>, std::less<>> durable_ GUARDED_BY(mutex_);
};

}  // namespace penstock::store
