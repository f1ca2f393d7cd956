// One bucket of S3 by one client: what the store and its uploads send, and how failures read.
#pragma once

#include <string>
#include <string_view>

#include "aws/client.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/object_store.h"
#include "store/s3_location.h"

namespace penstock::store {

// Thread-safe. What it is given lives longer.
class S3Bucket {
 public:
  // `client` speaks to BucketEndpoint(…, path_style).
  S3Bucket(aws::AwsClient& client, Clock& clock, Random& random, S3Location location, bool path_style)
      : client_(client),
        clock_(clock),
        random_(random),
        location_(std::move(location)),
        path_style_(path_style) {}

  const S3Location& location() const { return location_; }
  std::string UriOf(std::string_view key) const { return location_.Uri() + "/" + std::string(key); }
  // The key as the bucket has it; "" is the prefix itself, with '/' behind.
  std::string WholeKey(std::string_view key) const {
    return location_.prefix.empty() ? std::string(key) : location_.prefix + "/" + std::string(key);
  }

  aws::AwsRequest ForObject(std::string method, std::string_view key) const;
  aws::AwsRequest ForBucket(std::string method) const;

  // AwsClient::Send, with failures that say what to do. `doing`: "read s3://name/key".
  Result<net::HttpResponse> Send(const aws::AwsRequest& request, std::string_view doing);
  Result<ObjectInfo> Head(std::string_view key);

  // Something of its own for each put whose outcome may stay in doubt; it becomes metadata of the object
  // (kTokenHeader).
  std::string NewToken();
  static constexpr std::string_view kTokenHeader = "x-amz-meta-penstock-put";

  // Sends what makes an object (PutObject, CompleteMultipartUpload) under the conditions of `options`, and
  // again after failures that may pass. When one of these left in doubt whether the object was made, and the
  // next attempt is refused, the object that is there is asked for its token: with ours, it was we.
  // AlreadyExists, PreconditionFailed as Put; Conflict: S3 could not tell (409), many times.
  Result<ObjectInfo> Publish(aws::AwsRequest request, std::string_view key, int64_t size,
                             const PutOptions& options, const std::string& token);

 private:
  Status Explain(const Status& status, std::string_view doing) const;
  Result<ObjectInfo> FindOurs(std::string_view key, const std::string& token);
  Result<net::HttpResponse> SendHead(std::string_view key);

  aws::AwsClient& client_;
  Clock& clock_;
  Random& random_;
  const S3Location location_;
  const bool path_style_;
};

// The size in Content-Length, or -1.
int64_t ContentLength(const net::HttpResponse& response);
// What the answer to a HEAD, a GET or a put says of the object. InvalidData when the ETag is missing.
Result<ObjectInfo> InfoOfAnswer(std::string_view key, int64_t size, const net::HttpResponse& response);

}  // namespace penstock::store
