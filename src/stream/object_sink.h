// The bytes of one delivered object on their way to the store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/object_store.h"

namespace penstock::stream {

// What is small is kept and put at once; beyond 4 MiB it flows to the store as it comes. Nothing is to be
// seen before Put, and nothing is left when it is destroyed without.
class ObjectSink {
 public:
  ObjectSink(store::ObjectStore& store, std::string key) : store_(store), key_(std::move(key)) {}
  // As ObjectWriter::Write.
  Status Write(std::string_view bytes);
  // As ObjectStore::Put: atomic, durable; whatever had the key is replaced.
  Status Put();

  const std::string& key() const { return key_; }
  int64_t bytes() const { return bytes_; }

 private:
  store::ObjectStore& store_;
  const std::string key_;
  std::string waiting_;
  int64_t bytes_ = 0;
  std::unique_ptr<store::ObjectWriter> writer_;
};

}  // namespace penstock::stream
