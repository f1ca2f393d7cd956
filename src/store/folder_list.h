// Listing a folder as keys: bytewise by the whole key, pruned to a prefix, from where a page ended.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace penstock::store {

struct FolderEntry {
  std::string name;
  bool is_folder = false;
  bool is_file = false;  // neither: a link, a device, …
};

// All entries but "." and "..", in no order; what vanishes meanwhile may be missing. `path` is for messages.
// With `wanted`, only those for which it says true (of a folder it is given the name with a '/').
Result<std::vector<FolderEntry>> ReadFolder(int fd, std::string_view path,
                                            const std::function<bool(const FolderEntry&)>& wanted = {});

// When the file was put: its mtime, to the microsecond.
TimePoint ModifiedOf(const struct stat& info);

// `root_path` is for messages. A page reads only the folders that its keys lie in.
Result<ListPage> ListFolder(int root_fd, const std::string& root_path, std::string_view prefix,
                            const ListOptions& options, bool use_openat2);

}  // namespace penstock::store
