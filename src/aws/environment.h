// Where this process stands towards AWS: region, endpoints and profile, from the standard variables and
// files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/status.h"

namespace penstock::aws {

// Of one service.
struct AwsSettings {
  std::string region;
  std::string endpoint;  // scheme://host[:port][/path]; empty: AWS's own
};

// Source: AWS SDKs and Tools Reference Guide, "AWS Region" and "Service-specific endpoints". Immutable.
class AwsEnvironment {
 public:
  static Result<AwsEnvironment> Load(Environment environment = ProcessEnvironment);

  // Region: AWS_REGION, then AWS_DEFAULT_REGION; with an endpoint of one's own and no region, us-east-1, as
  // emulators take any. Endpoint, unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true:
  // AWS_ENDPOINT_URL_SERVICE, then AWS_ENDPOINT_URL. Configuration: no region anywhere, or an endpoint that
  // is no URL.
  Result<AwsSettings> Settings(std::string_view service) const;

  // An empty variable counts as not set.
  std::optional<std::string> Variable(std::string_view name) const;

 private:
  explicit AwsEnvironment(Environment environment) : environment_(std::move(environment)) {}

  Environment environment_;
};

}  // namespace penstock::aws
