#include "aws/environment.h"

#include <fmt/format.h>

#include "net/http.h"
#include "net/url.h"

namespace penstock::aws {
namespace {

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

bool IsTrue(const std::optional<std::string>& value) { return value && Upper(*value) == "TRUE"; }

}  // namespace

Result<AwsEnvironment> AwsEnvironment::Load(Environment environment) {
  return AwsEnvironment(std::move(environment));
}

std::optional<std::string> AwsEnvironment::Variable(std::string_view name) const {
  auto value = environment_(name);
  if (value && value->empty()) value.reset();
  return value;
}

Result<AwsSettings> AwsEnvironment::Settings(std::string_view service) const {
  AwsSettings settings;
  if (!IsTrue(Variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
    auto endpoint = Variable("AWS_ENDPOINT_URL_" + Upper(service));
    if (!endpoint) endpoint = Variable("AWS_ENDPOINT_URL");
    settings.endpoint = endpoint.value_or("");
  }
  if (!settings.endpoint.empty()) {
    const auto url = net::ParseUrl(settings.endpoint);
    if (!url.ok() || !url->query.empty() || !url->user.empty()) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("the endpoint of {} is no URL of a service: {}", service,
                                   net::MaskUrl(settings.endpoint)),
                       "give AWS_ENDPOINT_URL as https://host[:port][/path]");
    }
  }
  auto region = Variable("AWS_REGION");
  if (!region) region = Variable("AWS_DEFAULT_REGION");
  if (!region && !settings.endpoint.empty()) region = "us-east-1";
  if (!region) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("no AWS region is set for {}", service),
                     "set AWS_REGION, such as AWS_REGION=eu-west-1");
  }
  settings.region = *region;
  return settings;
}

}  // namespace penstock::aws
