// Where a lake lies in S3: "s3://bucket/prefix".
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::store {

struct S3Location {
  std::string bucket;
  std::string prefix;  // "" or "a/b", without '/' at its ends

  std::string Uri() const;
};

inline constexpr std::string_view kS3Scheme = "s3://";

// Usage, saying what is wrong: the bucket's name has 3 to 63 letters, digits, dots and hyphens (lower case;
// Amazon S3 User Guide, "General purpose bucket naming rules"), the prefix is a key (CheckKey) or empty; '/'
// behind it is fine.
Result<S3Location> ParseS3Uri(std::string_view uri);

// Whether the bucket's name goes into the path of a URL and not into its host name: at an endpoint of one's
// own, and where a dot in the name would not fit the certificate of *.s3.REGION.amazonaws.com. As the SDKs.
bool UsesPathStyle(std::string_view bucket, bool own_endpoint);

// The endpoint that requests for `bucket` go to: `endpoint` itself in path style, otherwise with the bucket
// before its host.
std::string BucketEndpoint(std::string_view endpoint, std::string_view bucket, bool path_style);

}  // namespace penstock::store
