#include "store/group_sync.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace penstock::store {

int GroupSync::Sync(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return errno;
  std::unique_lock lock(mutex_);
  const auto found = folders_.try_emplace(info.st_ino).first;
  Folder& folder = found->second;
  ++folder.users;
  const uint64_t mine = ++folder.asked;
  int error = 0;
  while (folder.synced < mine && error == 0) {
    if (folder.syncing) {
      folder.done.wait(lock);
      continue;
    }
    // All that asked before the fsync begins are covered by it.
    folder.syncing = true;
    const uint64_t covered = folder.asked;
    lock.unlock();
    const int code = ::fsync(fd) == 0 ? 0 : errno;
    lock.lock();
    folder.syncing = false;
    if (code == 0) {
      folder.synced = std::max(folder.synced, covered);
    } else {
      error = code;
    }
    folder.done.notify_all();
  }
  if (--folder.users == 0) folders_.erase(found);
  return error;
}

}  // namespace penstock::store
