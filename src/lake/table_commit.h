// How the files of a table become visible. The only place that knows: everything else hands over a set of
// changes.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace penstock::lake {

struct FileChange {
  std::string key;
  std::optional<std::string> bytes;     // nothing: the file is removed
  std::optional<store::Etag> if_match;  // the version that was read; nothing: there was no file
};

// Seam: plain Hive partitions now, a Delta log later. Thread-safe.
class TableFormat {
 public:
  virtual ~TableFormat() = default;

  // Makes the changes visible, in their order where it is not one step. The answer has, for each change, the
  // new version, or nothing for a removal. PreconditionFailed: a file is no longer the version that was read;
  // what stood before it in `changes` may be visible by then. `transaction` names the commit for formats that
  // keep a log.
  virtual Result<std::vector<std::optional<store::Etag>>> Commit(std::span<const FileChange> changes,
                                                                 std::string_view transaction) = 0;
  virtual std::string_view name() const = 0;  // "hive"
};

// Folders dt=D with one file each, no log: every change is visible by itself, with one atomic put. Readers of
// two partitions may see one before and one after; within a partition never.
// Fault points: lake.commit.before, lake.commit.after (around each change).
class HiveTableFormat : public TableFormat {
 public:
  explicit HiveTableFormat(store::ObjectStore& store) : store_(store) {}
  Result<std::vector<std::optional<store::Etag>>> Commit(std::span<const FileChange> changes,
                                                         std::string_view transaction) override;
  std::string_view name() const override { return "hive"; }

 private:
  Status Remove(const FileChange& change);
  std::mutex& MutexOf(const std::string& key) {
    return mutexes_[std::hash<std::string>()(key) % mutexes_.size()];
  }

  store::ObjectStore& store_;
  std::array<std::mutex, 64>
      mutexes_;  // by key: a change of this process waits for a removal of this process
};

}  // namespace penstock::lake
