// fsync of a folder, shared: threads that renamed files into one folder wait for one fsync instead of doing
// one each.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/thread_annotations.h"

namespace penstock::store {

// Thread-safe.
class GroupSync {
 public:
  // Returns 0 when an fsync of the folder that `fd` is open on began after this call and succeeded, by
  // whichever thread; otherwise the errno of the one that this thread did.
  int Sync(int fd);

 private:
  struct Folder {
    uint64_t asked = 0;   // calls so far
    uint64_t synced = 0;  // of these: covered by an fsync
    bool syncing = false;
    int users = 0;
    std::condition_variable done{};
  };
  std::mutex mutex_;
  std::map<uint64_t, Folder> folders_
      GUARDED_BY(mutex_);  // by inode: open descriptors keep it from being another's
};

}  // namespace penstock::store
