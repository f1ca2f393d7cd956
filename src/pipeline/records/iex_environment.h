// What the environment says of a pipeline of kind iex (IEX-2), beside IEX_ENDPOINT and IEX_TOKEN, which are
// its source's.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "pipeline/config.h"

namespace penstock::pipeline {

struct IexEnvironment {
  // IEX_S3_BUCKET: "s3://NAME", a bare NAME (a bucket of S3 as well), or a folder as a path with a '/' in it.
  // As
  // --bucket takes it.
  std::optional<std::string> bucket;
  // IEX_S3_PREFIX: the prefix within it, with its trailing '/'; over pipeline.yaml's.
  std::optional<std::string> prefix;
  // IEX_ROLE: the ARN of a role.
  std::optional<std::string> role;
};

// Configuration names each that is malformed, all at once.
Result<IexEnvironment> ReadIexEnvironment(Environment environment = ProcessEnvironment);

// The same for a command whose bucket nothing else names: Configuration, too, where IEX_S3_BUCKET or
// IEX_S3_PREFIX is not set.
Result<IexEnvironment> RequireIexEnvironment(Environment environment = ProcessEnvironment);

}  // namespace penstock::pipeline
