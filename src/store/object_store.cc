#include "store/object_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace penstock::store {
namespace {

constexpr size_t kMaxKeyBytes = 1024;     // as S3: User Guide, "Naming Amazon S3 objects"
constexpr size_t kMaxSegmentBytes = 255;  // NAME_MAX of the usual file systems
// Large, so that a folder is read once; a store with smaller pages of its own cuts them.
constexpr int64_t kListAllPage = 1'000'000;

Status Wrong(std::string_view key, std::string_view why) {
  return MakeError(ErrorCode::kUsage, fmt::format("object key {}: \"{}\"", why, key.substr(0, 200)));
}

}  // namespace

Status CheckKey(std::string_view key) {
  if (key.empty()) return Wrong(key, "is empty");
  if (key.size() > kMaxKeyBytes) return Wrong(key, fmt::format("is longer than {} bytes", kMaxKeyBytes));
  if (key.find('\0') != std::string_view::npos) return Wrong(key, "holds a NUL");
  if (!IsUtf8(key)) return MakeError(ErrorCode::kUsage, "object key is not UTF-8");
  bool first = true;
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const auto segment = key.substr(begin, end - begin);
    if (segment.empty()) return Wrong(key, "has an empty segment (a '/' first, last or doubled)");
    if (segment == "." || segment == "..") return Wrong(key, "has a segment that is \".\" or \"..\"");
    if (segment.size() > kMaxSegmentBytes) {
      return Wrong(key, fmt::format("has a segment longer than {} bytes", kMaxSegmentBytes));
    }
    if (first && segment == kReservedSegment) return Wrong(key, "begins with .penstock/, which is reserved");
    first = false;
    begin = end + 1;
  }
  return Status::OK();
}

Status CheckPut(std::string_view key, const PutOptions& options) {
  RETURN_IF_ERROR(CheckKey(key));
  if (options.if_absent && options.if_match) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: if_absent and if_match exclude each other", key));
  }
  return Status::OK();
}

Status WriterIsDone(std::string_view key) {
  return MakeError(ErrorCode::kUsage, fmt::format("the writer of {} failed before, or was committed", key));
}

Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix,
                                        std::string_view start_after) {
  std::vector<ObjectInfo> all;
  ListOptions options;
  options.start_after = start_after;
  options.max_keys = kListAllPage;
  while (true) {
    ASSIGN_OR_RETURN(ListPage page, store.List(prefix, options));
    if (all.empty()) {
      all = std::move(page.objects);
    } else {
      all.insert(all.end(), std::make_move_iterator(page.objects.begin()),
                 std::make_move_iterator(page.objects.end()));
    }
    if (page.next.empty()) return all;
    options.start_after = std::move(page.next);
  }
}

}  // namespace penstock::store
