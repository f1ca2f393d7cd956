// What an engine needs to read tables that lie in S3. The query module knows no cloud: who makes the engine
// says how.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/status.h"

namespace penstock::query {

struct S3Credentials {
  std::string access_key_id, secret_access_key;
  std::string session_token;  // empty: none
};

struct S3Access {
  std::string region;
  // scheme://host[:port]; empty: AWS' own of the region.
  std::string endpoint;
  // http://host/bucket/key; otherwise http://bucket.host/key, which AWS wants.
  bool path_style = false;
  // Certificates to be trusted (AWS_CA_BUNDLE); empty: those of the machine.
  std::string ca_file;
  // Asked before each query, as credentials expire.
  std::function<Result<S3Credentials>(std::stop_token)> credentials;
  // The URIs of all objects below "s3://bucket/prefix/", ascending.
  std::function<Result<std::vector<std::string>>(const std::string& folder, std::stop_token)> list;
};

}  // namespace penstock::query
