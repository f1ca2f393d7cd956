// Objects in Amazon S3, or in what speaks its API.
#pragma once

#include <memory>
#include <string>

#include "store/object_store.h"
#include "store/s3_bucket.h"

namespace penstock::store {

struct S3StoreOptions {
  S3Location location;
  bool path_style = false;  // UsesPathStyle; the client's endpoint is BucketEndpoint's
  // Objects of more bytes go up in parts of this size: at least 5 MiB, and at most 10,000 parts (Amazon S3
  // User Guide, "Multipart upload limits"). A writer holds parts_in_flight + 1 of them in memory.
  int64_t part_bytes = 16 << 20;
  int parts_in_flight = 3;
};

// Key "a/b" is the object PREFIX/a/b of the bucket. Conditions are S3's own (If-None-Match: *, If-Match), so
// they hold among all machines. What differs from other stores:
// - An etag is S3's: of the bytes. Putting the same bytes again gives the same etag.
// - `modified` has whole seconds; that of a put is the time of its answer.
// - That a key is not the folder of another one is not looked for: S3 holds both.
// - Objects whose keys are none of ours (a console's "folder/") are not listed.
// - A process that dies leaves the parts of an unfinished upload: invisible, but stored, until the bucket's
//   lifecycle removes them (docs/s3.md).
// Each object carries a CRC-32 of its bytes, checked by S3 when it is put, and by Get of the whole; a Get of
// what others put checks the CRC-32 or SHA-256 that S3 has. Thread-safe. What it is given lives longer.
class S3Store : public ObjectStore {
 public:
  using Options = S3StoreOptions;
  // Asks for a list of one key: Configuration, PermissionDenied or Unauthenticated say what to do, before
  // anything is done.
  static Result<std::shared_ptr<S3Store>> Open(aws::AwsClient& client, Clock& clock, Random& random,
                                               const Options& options);

  Result<ObjectInfo> Put(std::string_view key, std::string_view bytes,
                         const PutOptions& options = {}) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view key,
                                                   const PutOptions& options = {}) override;
  // ResourceExhausted: no memory of this process holds it.
  Result<Object> Get(std::string_view key) override;
  Result<Object> GetRange(std::string_view key, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<ListPage> List(std::string_view prefix, const ListOptions& options = {}) override;
  // If-Match holds on AWS (since September 2025); for services that do not know it on DELETE, the etag is
  // compared before, and a put between the two is lost.
  Status Delete(std::string_view key, const std::optional<Etag>& if_match = std::nullopt) override;
  std::string uri() const override { return bucket_.location().Uri(); }

 private:
  S3Store(aws::AwsClient& client, Clock& clock, Random& random, const Options& options)
      : options_(options), bucket_(client, clock, random, options.location, options.path_style) {}

  const Options options_;
  S3Bucket bucket_;
};

}  // namespace penstock::store
