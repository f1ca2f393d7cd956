// A store that fails to order, around a real one. For tests of what stands above the seam.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/thread_annotations.h"
#include "store/object_store.h"

namespace penstock::store {

enum class Operation { kAny, kPut, kWrite, kGet, kHead, kList, kDelete };
// kGet is GetRange too, kPut the Commit of a writer too; kWrite is one Write of a writer

enum class FaultKind {
  kBefore,     // fails, and nothing happened
  kAfter,      // happens, and then fails: the caller cannot know
  kSlow,       // waits `delay` by the clock, then happens
  kTruncated,  // a get gives only the first `bytes` bytes, and says OK; info.size is the true one
  kNoSpace,    // puts and writes happen until they would exceed `bytes` in all; from there on each fails with
               // NoSpace
};

struct Fault {
  FaultKind kind = FaultKind::kBefore;
  Operation operation = Operation::kAny;
  // '*' stands for any bytes, '?' for one; matched with the whole key (of a list: the prefix).
  std::string key_pattern = "*";
  int skip = 0;                              // this many matching calls pass first
  int count = 1;                             // then this many are met; below 0: all
  ErrorCode code = ErrorCode::kUnavailable;  // of kBefore and kAfter
  Duration delay{0};
  int64_t bytes = 0;
};

// Thread-safe. `inner` and `clock` outlive it.
class FaultyStore : public ObjectStore {
 public:
  FaultyStore(ObjectStore& inner, Clock& clock) : inner_(inner), clock_(clock) {}

  void Order(Fault fault);
  void Clear();
  // How many calls met a fault.
  int met() const;

  Result<ObjectInfo> Put(std::string_view key, std::string_view bytes,
                         const PutOptions& options = {}) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view key,
                                                   const PutOptions& options = {}) override;
  Result<Object> Get(std::string_view key) override;
  Result<Object> GetRange(std::string_view key, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<ListPage> List(std::string_view prefix, const ListOptions& options = {}) override;
  Status Delete(std::string_view key, const std::optional<Etag>& if_match = std::nullopt) override;
  std::optional<int64_t> FreeBytes() override { return inner_.FreeBytes(); }
  std::string uri() const override { return inner_.uri(); }

 private:
  class Writer;
  struct Ordered {
    Fault fault;
    int seen = 0;
    int64_t used = 0;
  };
  // What one call meets.
  struct Plan {
    Status before, after;
    Duration delay{0};
    int64_t keep = INT64_MAX;
  };
  Plan Meet(Operation operation, std::string_view key, size_t put_bytes = 0);
  template <typename T, typename Call>
  Result<T> Run(Operation operation, std::string_view key, size_t put_bytes, const Call& call);

  ObjectStore& inner_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Ordered> faults_ GUARDED_BY(mutex_);
  int met_ GUARDED_BY(mutex_) = 0;
};

}  // namespace penstock::store
