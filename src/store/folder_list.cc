#include "store/folder_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/utf8.h"
#include "store/folder_paths.h"

namespace penstock::store {
namespace {

// readdir wants a description with a position of its own.
DIR* OpenStream(int fd) {
  const int copy = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return nullptr;
  DIR* stream = ::fdopendir(copy);
  if (stream == nullptr) ::close(copy);
  return stream;
}

class Walk {
 public:
  Walk(const std::string& root_path, std::string_view prefix, const ListOptions& options, ListPage* page)
      : root_path_(root_path),
        prefix_(prefix),
        after_(options.start_after),
        max_(options.max_keys),
        page_(page) {}

  // Lists `folder`, whose keys begin with `base` ("a/b/", or ""). False: the page is full.
  Result<bool> Enter(int folder, const std::string& base) {
    // Among the keys of one folder, that of a file is its name, and those of a folder begin with its name and
    // '/': sorted so, the walk meets all keys in order ("a-b", "a.b", "a/b", "aa").
    if (after_ > base && !after_.starts_with(base)) return true;  // all of them are before
    const auto rest_of = [&](std::string_view text) {
      return text.starts_with(base) ? text.substr(base.size()) : "";
    };
    const std::string_view prefix = rest_of(prefix_), after = rest_of(after_);
    ASSIGN_OR_RETURN(auto entries, ReadFolder(folder, root_path_ + "/" + base, [&](const FolderEntry& entry) {
                       if (!entry.is_folder && !entry.is_file) return false;
                       if (base.empty() && entry.is_folder && IsReserved(entry.name)) return false;
                       return MayHold(entry, prefix, after) && IsUtf8(entry.name);  // other names are no keys
                     }));
    // Only as much order as a page needs.
    const auto by_name = [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; };
    size_t sorted = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i == sorted) {
        const size_t wanted = static_cast<size_t>(max_) - page_->objects.size() + 1;
        sorted = entries.size() - i <= wanted ? entries.size() : i + wanted;
        std::partial_sort(entries.begin() + static_cast<ptrdiff_t>(i),
                          entries.begin() + static_cast<ptrdiff_t>(sorted), entries.end(), by_name);
      }
      ASSIGN_OR_RETURN(const bool go_on, Visit(folder, base, entries[i]));
      if (!go_on) return false;
    }
    return true;
  }

 private:
  static bool IsReserved(std::string_view name) {
    return name.size() == kReservedSegment.size() + 1 && name.starts_with(kReservedSegment);
  }

  // `prefix` and `after`: what of them lies below the folder of `entry`.
  static bool MayHold(const FolderEntry& entry, std::string_view prefix, std::string_view after) {
    const std::string_view name = entry.name;
    if (!entry.is_folder) return name.starts_with(prefix) && name > after;
    return (name.starts_with(prefix) || prefix.starts_with(name)) &&
           (name > after || after.starts_with(name));
  }

  Result<bool> Visit(int folder, const std::string& base, const FolderEntry& entry) {
    if (entry.is_folder) {
      const std::string name = entry.name.substr(0, entry.name.size() - 1);
      const FileHandle child(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (child.valid()) return Enter(child.get(), base + entry.name);
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return true;  // gone, or replaced
      return ErrnoStatus(errno, "list the folder", fmt::format("{}/{}{}", root_path_, base, name));
    }
    struct stat info;
    if (::fstatat(folder, entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return true;
      return ErrnoStatus(errno, "stat", fmt::format("{}/{}{}", root_path_, base, entry.name));
    }
    if (!S_ISREG(info.st_mode)) return true;
    if (static_cast<int64_t>(page_->objects.size()) == max_) {
      page_->next = page_->objects.back().key;
      return false;
    }
    page_->objects.push_back({base + entry.name, info.st_size, EtagOf(info), ModifiedOf(info)});
    return true;
  }

  const std::string& root_path_;
  const std::string_view prefix_;
  const std::string_view after_;
  const int64_t max_;
  ListPage* const page_;
};

// Whether the folders of a prefix ("a/b/") could be those of a key.
bool CouldBeginKey(std::string_view folders) { return folders.empty() || CheckKey(folders).ok(); }

}  // namespace

Result<std::vector<FolderEntry>> ReadFolder(int fd, std::string_view path,
                                            const std::function<bool(const FolderEntry&)>& wanted) {
  std::vector<FolderEntry> entries;
  FolderEntry one;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(OpenStream(fd), &::closedir);
  if (stream == nullptr) return ErrnoStatus(errno, "list the folder", path);
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {  // some file systems do not say
      struct stat info;
      if (::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      type = S_ISDIR(info.st_mode) ? DT_DIR : S_ISREG(info.st_mode) ? DT_REG : DT_LNK;
    }
    one.name = name;
    one.is_folder = type == DT_DIR;
    one.is_file = type == DT_REG;
    if (wanted != nullptr && one.is_folder) one.name += '/';
    if (wanted == nullptr || wanted(one)) entries.push_back(one);
  }
  if (errno != 0 && errno != ENOENT) return ErrnoStatus(errno, "list the folder", path);
  return entries;
}

TimePoint ModifiedOf(const struct stat& info) {
  return TimePoint(std::chrono::seconds(info.st_mtim.tv_sec) +
                   std::chrono::microseconds(info.st_mtim.tv_nsec / 1000));
}

Result<ListPage> ListFolder(int root_fd, const std::string& root_path, std::string_view prefix,
                            const ListOptions& options, bool use_openat2) {
  ListPage page;
  const auto folders = SplitKey(prefix).first;
  if (!CouldBeginKey(folders) || (folders.empty() && prefix.starts_with('/'))) return page;
  const FileHandle start(OpenBeneath(root_fd, folders, O_RDONLY | O_DIRECTORY, use_openat2));
  if (!start.valid()) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return page;
    return ErrnoStatus(errno, "list the folder", fmt::format("{}/{}", root_path, folders));
  }
  Walk walk(root_path, prefix, options, &page);
  RETURN_IF_ERROR(walk.Enter(start.get(), folders.empty() ? "" : std::string(folders) + "/").status());
  return page;
}

}  // namespace penstock::store
