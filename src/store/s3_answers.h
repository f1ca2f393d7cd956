// What S3 answers in XML, read into structs. Source: Amazon S3 API Reference, ListObjectsV2 and
// CreateMultipartUpload and CompleteMultipartUpload, "Response Syntax".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace penstock::store {

struct S3ListAnswer {
  std::vector<ObjectInfo> objects;  // keys of the bucket, with any prefix; modified in whole seconds
  bool truncated = false;           // there are more
};

// InvalidData: no such answer, an object without key, size or ETag, keys that do not ascend, or a time that
// is none.
Result<S3ListAnswer> ParseS3List(std::string_view xml);

// InvalidData: no such answer, or no UploadId in it.
Result<std::string> ParseS3UploadId(std::string_view xml);

// The ETag of a CompleteMultipartUploadResult; empty when it is none.
std::string S3CompletedEtag(std::string_view xml);

// The ETag of a header or an element, without its quotes.
std::string UnquotedEtag(std::string_view text);

}  // namespace penstock::store
