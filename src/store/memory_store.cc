#include "store/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::store {

Result<ObjectInfo> MemoryStore::Put(std::string_view key, std::string_view bytes, const PutOptions& options) {
  RETURN_IF_ERROR(CheckPut(key, options));
  auto copy = std::make_shared<const std::string>(bytes);
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (options.if_match && (found == objects_.end() || found->second.info.etag != *options.if_match)) {
    return MakeError(ErrorCode::kPreconditionFailed,
                     fmt::format("changed or deleted since it was read: {}", key));
  }
  bool is_folder = false;
  const std::string as_folder = std::string(key) + "/";
  if (const auto next = objects_.lower_bound(as_folder); next != objects_.end()) {
    is_folder = next->first.starts_with(as_folder);
  }
  for (size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/', slash + 1)) {
    is_folder = is_folder || objects_.contains(key.substr(0, slash));
  }
  if (is_folder) {
    return MakeError(ErrorCode::kUsage,
                     fmt::format("a key cannot be an object and the folder of others at once: \"{}\"", key));
  }
  if (options.if_absent && found != objects_.end()) {
    return MakeError(ErrorCode::kAlreadyExists, fmt::format("there is an object of this key: {}", key));
  }
  Entry entry{
      {std::string(key), static_cast<int64_t>(bytes.size()), fmt::format("v{}", ++versions_), clock_.Now()},
      std::move(copy)};
  ObjectInfo info = entry.info;
  objects_.insert_or_assign(std::string(key), std::move(entry));
  return info;
}

class MemoryStore::Writer : public ObjectWriter {
 public:
  Writer(MemoryStore& store, std::string_view key, const PutOptions& options)
      : store_(store), key_(key), options_(options) {}
  Status Write(std::string_view bytes) override {
    if (done_) return WriterIsDone(key_);
    bytes_.append(bytes);
    return Status::OK();
  }
  Result<ObjectInfo> Commit() override {
    if (std::exchange(done_, true)) return WriterIsDone(key_);
    return store_.Put(key_, bytes_, options_);
  }

 private:
  MemoryStore& store_;
  const std::string key_;
  const PutOptions options_;
  std::string bytes_;
  bool done_ = false;
};

Result<std::unique_ptr<ObjectWriter>> MemoryStore::OpenWriter(std::string_view key,
                                                              const PutOptions& options) {
  RETURN_IF_ERROR(CheckPut(key, options));
  return std::unique_ptr<ObjectWriter>(std::make_unique<Writer>(*this, key, options));
}

Result<MemoryStore::Entry> MemoryStore::Find(std::string_view key) {
  RETURN_IF_ERROR(CheckKey(key));
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return MakeError(ErrorCode::kNotFound, fmt::format("no such object: {}", key));
  return found->second;
}

Result<Object> MemoryStore::Get(std::string_view key) { return GetRange(key, 0, INT64_MAX); }

Result<Object> MemoryStore::GetRange(std::string_view key, int64_t offset, int64_t length) {
  if (offset < 0 || length < 0) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: a negative range: {}+{}", key, offset, length));
  }
  ASSIGN_OR_RETURN(Entry entry, Find(key));
  if (offset > entry.info.size) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{}: the range begins behind the end: {} > {}", key,
                                                          offset, entry.info.size));
  }
  return Object{std::move(entry.info),
                entry.bytes->substr(static_cast<size_t>(offset), static_cast<size_t>(length))};
}

Result<ObjectInfo> MemoryStore::Head(std::string_view key) {
  ASSIGN_OR_RETURN(Entry entry, Find(key));
  return std::move(entry.info);
}

Result<ListPage> MemoryStore::List(std::string_view prefix, const ListOptions& options) {
  if (options.max_keys < 1)
    return MakeError(ErrorCode::kUsage, fmt::format("max_keys below 1: {}", options.max_keys));
  ListPage page;
  std::lock_guard lock(mutex_);
  auto it =
      prefix > options.start_after ? objects_.lower_bound(prefix) : objects_.upper_bound(options.start_after);
  for (; it != objects_.end() && it->first.starts_with(prefix); ++it) {
    if (static_cast<int64_t>(page.objects.size()) == options.max_keys) {
      page.next = page.objects.back().key;
      break;
    }
    page.objects.push_back(it->second.info);
  }
  return page;
}

Status MemoryStore::Delete(std::string_view key, const std::optional<Etag>& if_match) {
  RETURN_IF_ERROR(CheckKey(key));
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (if_match && (found == objects_.end() || found->second.info.etag != *if_match)) {
    return MakeError(
        ErrorCode::kPreconditionFailed,
        fmt::format("{} {} since it was read", key, found == objects_.end() ? "was deleted" : "changed"));
  }
  if (found != objects_.end()) objects_.erase(found);
  return Status::OK();
}

}  // namespace penstock::store
