// Objects in memory: for tests, and for what need not outlive the process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/thread_annotations.h"
#include "store/object_store.h"

namespace penstock::store {

// "Durable" and "safe among processes" do not apply; all else is as the seam says.
class MemoryStore : public ObjectStore {
 public:
  // `clock` says when an object was put, and outlives the store.
  explicit MemoryStore(const Clock& clock) : clock_(clock) {}

  Result<ObjectInfo> Put(std::string_view key, std::string_view bytes,
                         const PutOptions& options = {}) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view key,
                                                   const PutOptions& options = {}) override;
  Result<Object> Get(std::string_view key) override;
  Result<Object> GetRange(std::string_view key, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<ListPage> List(std::string_view prefix, const ListOptions& options = {}) override;
  Status Delete(std::string_view key, const std::optional<Etag>& if_match = std::nullopt) override;
  std::string uri() const override { return "memory:"; }

 private:
  class Writer;
  struct Entry {
    ObjectInfo info;
    std::shared_ptr<const std::string> bytes;
  };
  Result<Entry> Find(std::string_view key);

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> objects_ GUARDED_BY(mutex_);
  uint64_t versions_ GUARDED_BY(mutex_) = 0;
};

}  // namespace penstock::store
