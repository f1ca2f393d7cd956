// A store that counts what is asked of it, around a real one. For tests of how much work something does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/object_store.h"

namespace penstock::store {

// Of the keys that begin with a prefix; what fails counts, too. Thread-safe. `inner` outlives it.
class CountingStore : public ObjectStore {
 public:
  explicit CountingStore(ObjectStore& inner, std::string prefix = "")
      : inner_(inner), prefix_(std::move(prefix)) {}

  int64_t gets() const { return gets_; }  // GetRange and Head, too
  int64_t got_bytes() const { return got_bytes_; }
  int64_t puts() const { return puts_; }  // not those of writers
  int64_t put_bytes() const { return put_bytes_; }
  int64_t lists() const { return lists_; }  // of prefixes within the prefix

  Result<ObjectInfo> Put(std::string_view key, std::string_view bytes,
                         const PutOptions& options = {}) override {
    if (Counts(key)) {
      ++puts_;
      put_bytes_ += static_cast<int64_t>(bytes.size());
    }
    return inner_.Put(key, bytes, options);
  }
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view key,
                                                   const PutOptions& options = {}) override {
    return inner_.OpenWriter(key, options);
  }
  Result<Object> Get(std::string_view key) override { return Got(key, inner_.Get(key)); }
  Result<Object> GetRange(std::string_view key, int64_t offset, int64_t length) override {
    return Got(key, inner_.GetRange(key, offset, length));
  }
  Result<ObjectInfo> Head(std::string_view key) override {
    if (Counts(key)) ++gets_;
    return inner_.Head(key);
  }
  Result<ListPage> List(std::string_view prefix, const ListOptions& options = {}) override {
    if (Counts(prefix)) ++lists_;
    return inner_.List(prefix, options);
  }
  Status Delete(std::string_view key, const std::optional<Etag>& if_match = std::nullopt) override {
    return inner_.Delete(key, if_match);
  }
  std::optional<int64_t> FreeBytes() override { return inner_.FreeBytes(); }
  std::string uri() const override { return inner_.uri(); }

 private:
  bool Counts(std::string_view key) const { return key.starts_with(prefix_); }
  Result<Object> Got(std::string_view key, Result<Object> object) {
    if (Counts(key)) {
      ++gets_;
      got_bytes_ += object.ok() ? static_cast<int64_t>(object->bytes.size()) : 0;
    }
    return object;
  }

  ObjectStore& inner_;
  const std::string prefix_;
  std::atomic<int64_t> gets_{0}, got_bytes_{0}, puts_{0}, put_bytes_{0}, lists_{0};
};

}  // namespace penstock::store
