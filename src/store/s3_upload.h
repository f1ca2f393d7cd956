// The ways of bytes into S3: at once, or in parts while they come.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "store/s3_bucket.h"

namespace penstock::store {

// PutObject. Errors as ObjectStore::Put.
Result<ObjectInfo> PutWhole(S3Bucket& bucket, std::string_view key, std::string bytes,
                            const PutOptions& options);

// Up to `part_bytes` it is PutWhole at Commit; beyond, a multipart upload, of which parts_in_flight are sent
// at once by threads of its own. Without Commit, and where one fails, the upload is aborted. TooLarge: more
// than 10,000 parts.
class S3Upload : public ObjectWriter {
 public:
  S3Upload(S3Bucket& bucket, std::string_view key, const PutOptions& options, int64_t part_bytes,
           int parts_in_flight)
      : bucket_(bucket),
        key_(key),
        options_(options),
        part_bytes_(static_cast<size_t>(part_bytes)),
        parts_in_flight_(static_cast<size_t>(parts_in_flight)) {}
  ~S3Upload() override;

  Status Write(std::string_view bytes) override;
  Result<ObjectInfo> Commit() override;

 private:
  struct Part {
    int number = 0;
    Etag etag;
    uint32_t crc = 0;
    int64_t size = 0;
  };
  Status Begin();
  Status StartPart();
  // Waits until at most `left` parts are under way.
  Status AwaitParts(size_t left);
  Result<Part> SendPart(int number, std::string bytes);
  Result<ObjectInfo> Complete();
  void Abort();

  S3Bucket& bucket_;
  const std::string key_;
  const PutOptions options_;
  const size_t part_bytes_;
  const size_t parts_in_flight_;
  std::string token_;
  std::string upload_id_;  // empty: none is open
  std::string buffer_;     // of the next part
  int next_number_ = 1;
  std::deque<std::future<Result<Part>>> under_way_;  // by number
  std::vector<Part> sent_;                           // by number
  bool done_ = false;
};

}  // namespace penstock::store
