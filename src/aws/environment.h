// Where this process stands towards AWS: region, endpoints and profile, from the standard variables and
// files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/profile_file.h"
#include "base/environment.h"
#include "base/status.h"

namespace penstock::aws {

// Of one service.
struct AwsSettings {
  std::string region;
  std::string endpoint;  // scheme://host[:port][/path]; empty: AWS's own
};

// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files", "AWS Region" and
// "Service-specific endpoints". Immutable.
class AwsEnvironment {
 public:
  // Reads AWS_CONFIG_FILE (else ~/.aws/config) and AWS_SHARED_CREDENTIALS_FILE (else ~/.aws/credentials),
  // once; a file that is not there is empty. Configuration: one that cannot be read, or is none; AWS_PROFILE
  // names a profile that stands in neither.
  static Result<AwsEnvironment> Load(Environment environment = ProcessEnvironment);

  // Region: AWS_REGION, AWS_DEFAULT_REGION, then `region` of the profile; with an endpoint of one's own and
  // no region, us-east-1, as emulators take any. Endpoint, unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true
  // (or the profile's ignore_configured_endpoint_urls): AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL,
  // endpoint_url of the service in the profile's `services` section, endpoint_url of the profile.
  // Configuration: no region anywhere, an endpoint that is no URL, a `services` section that is not there;
  // FIPS or dual-stack endpoints are asked for (AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT) and none
  // is given.
  Result<AwsSettings> Settings(std::string_view service) const;

  // An empty variable counts as not set.
  std::optional<std::string> Variable(std::string_view name) const;

  // The profile that counts: AWS_PROFILE, else "default".
  const std::string& profile_name() const { return profile_name_; }
  // Null when there is none of this name.
  const Properties* FindProfile(std::string_view name) const;
  // A non-empty property of the profile that counts.
  std::optional<std::string> Property(std::string_view name) const;

  // The files that were looked for.
  const std::string& config_path() const { return config_path_; }
  const std::string& credentials_path() const { return credentials_path_; }

 private:
  explicit AwsEnvironment(Environment environment) : environment_(std::move(environment)) {}
  std::string PathOf(std::string_view variable, std::string_view name) const;
  Result<std::string> EndpointOf(std::string_view service) const;

  Environment environment_;
  std::string profile_name_, config_path_, credentials_path_;
  ProfileFile files_;
};

// `path` with a leading ~/ replaced by the variable HOME.
std::string ExpandHome(std::string_view path, const AwsEnvironment& environment);

// A property that should be there; empty counts as not there.
std::optional<std::string> PropertyOf(const Properties& properties, std::string_view name);

}  // namespace penstock::aws
