// Which row of which file is the one that stands for its notice: the latest version.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lake/columns.h"
#include "store/object_store.h"

namespace penstock::pipeline {

// Of clean files of the table `notices`. Of two rows of one notice the one of the greater version holds; of
// the same version the one in the later file (by key, thus by day), and within a file the later one.
class NoticeVersions {
 public:
  // Reads two columns of each file; they are held: about 150 bytes a notice.
  static Result<NoticeVersions> Read(store::ObjectStore& store, const std::vector<std::string>& keys,
                                     int threads);

  // `file`: position in `keys`.
  bool AllHold(size_t file) const { return files_[file].lost == 0; }
  bool Holds(size_t file, int64_t row) const;
  // Whether the row that holds of the notice of `row` is of this file and version: that of a lot or an award,
  // whose columns these are. Where a file has that version more than once, which of them holds is left to the
  // caller.
  bool Holds(size_t file, const lake::CellColumn& id, const lake::CellColumn& version, int64_t row) const;
  // Rows that do not hold.
  int64_t lost() const { return lost_; }

 private:
  struct File {
    std::shared_ptr<const lake::BatchView> rows;
    int64_t lost = 0;
  };
  struct Place {
    uint32_t file = 0, row = 0;
  };
  Status Choose();

  std::vector<File> files_;
  std::unordered_map<std::string_view, Place> latest_;  // by id, within `files_`
  int64_t lost_ = 0;
};

}  // namespace penstock::pipeline
