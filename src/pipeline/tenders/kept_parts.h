// What came of an object that is being transferred, kept so that a killed process goes on where it was.
//
//   PREFIX/offer.json              which version the parts are of (offered_object.h)
//   PREFIX/VERSION/000000000000    the bytes from offset 0 on, and so forth: names are offsets
//
// Parts are objects of their own, as every store has these: a folder and S3 keep them alike. The price is
// that the whole is written once more when it is put together; parts of two versions never meet, whoever
// transfers at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "pipeline/tenders/offered_object.h"
#include "store/object_store.h"

namespace penstock::pipeline {

class KeptParts {
 public:
  // `prefix` ends with '/'; nothing else lies below it. The store outlives this.
  KeptParts(store::ObjectStore& store, std::string prefix) : store_(store), prefix_(std::move(prefix)) {}

  // What an earlier process kept; nothing when there is none. Parts behind a gap are removed.
  Status Load();
  const std::optional<OfferedObject>& offer() const { return offer_; }
  // Bytes from the beginning that are kept.
  int64_t size() const { return size_; }

  // Drops what is kept; what comes is of this version.
  Status Begin(const OfferedObject& offer);
  // Durable when it returns.
  Status Append(std::string_view bytes);
  // All bytes in order, a part at a time.
  Status Read(const std::function<Status(std::string_view)>& sink);
  Status Drop();

 private:
  std::string VersionPrefix() const;

  store::ObjectStore& store_;
  const std::string prefix_;
  std::optional<OfferedObject> offer_;
  int64_t size_ = 0;
  std::vector<std::string> keys_;
};

}  // namespace penstock::pipeline
