// The seam to where objects lie: a folder, memory, S3. One conformance suite holds for all
// (store/object_store_conformance.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace penstock::store {

// The version of an object's bytes, opaque. Another put gives another etag.
using Etag = std::string;

struct ObjectInfo {
  std::string key;
  int64_t size = 0;  // bytes
  Etag etag;
  TimePoint modified;  // when it was put, by the store's clock
};

struct PutOptions {
  // Only when there is no object of this key yet; AlreadyExists otherwise, and nothing is written.
  bool if_absent = false;
  // Only over exactly this version; PreconditionFailed otherwise (also when it is gone), and nothing is
  // written.
  std::optional<Etag> if_match;
};

struct Object {
  ObjectInfo info;
  std::string bytes;
};

struct ListOptions {
  std::string start_after;  // keys strictly greater than this
  int64_t max_keys = 1000;  // a page
};

struct ListPage {
  std::vector<ObjectInfo> objects;  // ascending by key, bytewise
  // start_after of the next page; empty on the last one.
  std::string next;
};

// The bytes of one object on their way, in as many pieces as one likes; the memory it takes is bounded,
// however large the object. Destroyed without Commit: nothing is published, and nothing is left. For one
// thread at a time; goes before its store. After a failure, and after Commit, every further call fails.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  // NoSpace, ReadOnly, PermissionDenied as they occur.
  virtual Status Write(std::string_view bytes) = 0;
  // As Put: atomic and durable. The PutOptions hold at this moment.
  virtual Result<ObjectInfo> Commit() = 0;
};

// The first segment that no key has: the folder store keeps its locks and temporary files there.
inline constexpr std::string_view kReservedSegment = ".penstock";

// Keys: 1 to 1024 bytes of UTF-8, segments split by '/', none empty, "." or "..", none longer than 255 bytes;
// no leading '/', no NUL, not below ".penstock/". A key may not also be the "folder" of another one (a, and
// a/b): the folder store cannot hold both, so none may. Usage: a key of another form, or a put that would
// make one key the folder of another. Every method is thread-safe, and safe among processes.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Atomic and durable: a reader sees the old bytes or the new ones whole, and after OK they survive a power
  // cut. NoSpace, ReadOnly, PermissionDenied as they occur; nothing half-written is left to be seen. Usage:
  // both conditions at once.
  virtual Result<ObjectInfo> Put(std::string_view key, std::string_view bytes,
                                 const PutOptions& options = {}) = 0;
  // A put of bytes that come piece by piece. Usage: as of Put; what depends on other objects is told by
  // Commit.
  virtual Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view key,
                                                           const PutOptions& options = {}) = 0;

  // NotFound: no such object (also for the "folder" of others).
  virtual Result<Object> Get(std::string_view key) = 0;
  // Bytes [offset, offset+length), fewer at the end (none at offset == size); InvalidData when offset is
  // behind the end, Usage when one is negative. `info.size` is the whole object's.
  virtual Result<Object> GetRange(std::string_view key, int64_t offset, int64_t length) = 0;
  virtual Result<ObjectInfo> Head(std::string_view key) = 0;

  // Keys that begin with `prefix` (bytewise, "a" finds "ab"), a page at a time; a store may give fewer a page
  // than asked. Usage: max_keys below 1. What is put or deleted meanwhile may or may not be seen.
  virtual Result<ListPage> List(std::string_view prefix, const ListOptions& options = {}) = 0;

  // OK when there was none. Durable as Put is.
  // With `if_match`: only exactly this version; PreconditionFailed otherwise (also when it is gone).
  virtual Status Delete(std::string_view key, const std::optional<Etag>& if_match = std::nullopt) = 0;

  // Bytes that may still be put here; absent where there is no such bound. A guess: others put, too.
  virtual std::optional<int64_t> FreeBytes() { return std::nullopt; }

  // For messages and for other programs: "/data/lake", "s3://bucket/prefix".
  virtual std::string uri() const = 0;
};

// All pages of List, from behind the key `start_after` on.
Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix,
                                        std::string_view start_after = "");

// Usage, naming what is wrong with the key.
Status CheckKey(std::string_view key);
// Usage, naming what is wrong with the key, or that both conditions are asked for.
Status CheckPut(std::string_view key, const PutOptions& options);
// Usage: what a writer says that failed before, or was committed.
Status WriterIsDone(std::string_view key);

}  // namespace penstock::store
