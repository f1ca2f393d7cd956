#include "store/s3_location.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/object_store.h"

namespace penstock::store {
namespace {

bool IsBucketName(std::string_view name) {
  const auto is_edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() >= 3 && name.size() <= 63 && is_edge(name.front()) && is_edge(name.back()) &&
         name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_edge(c) || c == '.' || c == '-'; });
}

}  // namespace

std::string S3Location::Uri() const {
  return std::string(kS3Scheme) + bucket + (prefix.empty() ? "" : "/" + prefix);
}

Result<S3Location> ParseS3Uri(std::string_view uri) {
  if (!uri.starts_with(kS3Scheme)) {
    return MakeError(ErrorCode::kUsage, fmt::format("no bucket in S3: {}", uri), "write s3://NAME/PREFIX");
  }
  const std::string_view rest = uri.substr(kS3Scheme.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  S3Location location{std::string(rest.substr(0, slash)), ""};
  if (!IsBucketName(location.bucket)) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: no name of a bucket: \"{}\"", uri, location.bucket),
                     "write s3://NAME/PREFIX; a name has 3 to 63 lower-case letters, digits, '-' and '.'");
  }
  if (slash < rest.size()) location.prefix = rest.substr(slash + 1);
  if (location.prefix.ends_with('/')) location.prefix.pop_back();
  if (!location.prefix.empty()) {
    if (const Status status = CheckKey(location.prefix); !status.ok()) return WithContext(status, uri);
  }
  return location;
}

bool UsesPathStyle(std::string_view bucket, bool own_endpoint) {
  return own_endpoint || bucket.find('.') != std::string_view::npos;
}

std::string BucketEndpoint(std::string_view endpoint, std::string_view bucket, bool path_style) {
  const size_t scheme = endpoint.find("://");
  if (path_style || scheme == std::string_view::npos) return std::string(endpoint);
  return fmt::format("{}{}.{}", endpoint.substr(0, scheme + 3), bucket, endpoint.substr(scheme + 3));
}

}  // namespace penstock::store
