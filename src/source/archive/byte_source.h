// Bytes read from front to back, a piece at a time: what archives are read from. An object of the store,
// memory, or what comes out of another archive.
#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "store/object_store.h"

namespace penstock::source {

// One thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next piece, valid until the next call; empty at the end, and from then on.
  virtual Result<std::string_view> Read() = 0;
  // How many bytes there are, where Seek works; nothing for what only flows.
  virtual std::optional<int64_t> size() const { return std::nullopt; }
  // The next Read begins `offset` bytes from the beginning, 0 ≤ offset ≤ size(). Internal: there is no
  // size().
  virtual Status Seek(int64_t offset);
};

// `bytes` outlives it.
class MemorySource : public ByteSource {
 public:
  // `piece`: at most so many bytes a Read; tests make them small.
  explicit MemorySource(std::string_view bytes, size_t piece = 1 << 20) : bytes_(bytes), piece_(piece) {}
  Result<std::string_view> Read() override;
  std::optional<int64_t> size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status Seek(int64_t offset) override;

 private:
  const std::string_view bytes_;
  const size_t piece_;
  size_t at_ = 0;
};

// An object of a store by ranged gets of `block` bytes; while one block is worked on the next one is on its
// way, so three times `block` is what it holds. `store` outlives it.
class ObjectSource : public ByteSource {
 public:
  // As of the store. PreconditionFailed, from Read: the object was replaced meanwhile.
  static Result<std::unique_ptr<ObjectSource>> Open(store::ObjectStore& store, std::string key,
                                                    int64_t block = 4 << 20);
  Result<std::string_view> Read() override;
  std::optional<int64_t> size() const override { return info_.size; }
  Status Seek(int64_t offset) override;
  const store::ObjectInfo& info() const { return info_; }

 private:
  ObjectSource(store::ObjectStore& store, store::ObjectInfo info, int64_t block)
      : store_(store), info_(std::move(info)), block_(block) {}
  Result<std::string> Fetch(int64_t offset) const;

  store::ObjectStore& store_;
  const store::ObjectInfo info_;
  const int64_t block_;
  std::string current_;
  int64_t current_at_ = 0;  // offset of current_ within the object
  int64_t at_ = 0;          // of the next Read
  std::future<Result<std::string>> next_;
  int64_t next_at_ = -1;
};

}  // namespace penstock::source
