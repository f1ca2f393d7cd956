#include "aws/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

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

Result<ProfileFile> ReadProfileFile(const std::string& path, ProfileFileKind kind) {
  std::error_code gone;
  if (path.empty() || !std::filesystem::exists(path, gone)) return ProfileFile{};
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, gone)) {
    return MakeError(
        ErrorCode::kConfiguration, fmt::format("cannot read {}", path),
        "make it a readable file, or name another by AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE");
  }
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return ParseProfileFile(text, kind, path);
}

}  // namespace

std::optional<std::string> PropertyOf(const Properties& properties, std::string_view name) {
  const auto found = properties.find(name);
  if (found == properties.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::string ExpandHome(std::string_view path, const AwsEnvironment& environment) {
  if (!path.starts_with("~/")) return std::string(path);
  return environment.Variable("HOME").value_or("") + std::string(path.substr(1));
}

std::string AwsEnvironment::PathOf(std::string_view variable, std::string_view name) const {
  if (const auto path = Variable(variable)) return ExpandHome(*path, *this);
  const auto home = Variable("HOME");
  return home ? fmt::format("{}/.aws/{}", *home, name) : "";
}

Result<AwsEnvironment> AwsEnvironment::Load(Environment environment) {
  AwsEnvironment loaded(std::move(environment));
  loaded.config_path_ = loaded.PathOf("AWS_CONFIG_FILE", "config");
  loaded.credentials_path_ = loaded.PathOf("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  ASSIGN_OR_RETURN(ProfileFile config, ReadProfileFile(loaded.config_path_, ProfileFileKind::kConfig));
  ASSIGN_OR_RETURN(const ProfileFile credentials,
                   ReadProfileFile(loaded.credentials_path_, ProfileFileKind::kCredentials));
  loaded.files_ = MergeProfileFiles(std::move(config), credentials);
  loaded.profile_name_ = loaded.Variable("AWS_PROFILE").value_or("default");
  if (loaded.profile_name_ != "default" && loaded.FindProfile(loaded.profile_name_) == nullptr) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("AWS_PROFILE is {}, and no such profile stands in {} or {}", loaded.profile_name_,
                    loaded.config_path_, loaded.credentials_path_),
        fmt::format("write [profile {}] in the first, or unset AWS_PROFILE", loaded.profile_name_));
  }
  return loaded;
}

std::optional<std::string> AwsEnvironment::Variable(std::string_view name) const {
  auto value = environment_(name);
  if (value && value->empty()) value.reset();
  return value;
}

const Properties* AwsEnvironment::FindProfile(std::string_view name) const {
  const auto found = files_.profiles.find(name);
  return found == files_.profiles.end() ? nullptr : &found->second;
}

std::optional<std::string> AwsEnvironment::Property(std::string_view name) const {
  const Properties* profile = FindProfile(profile_name_);
  return profile == nullptr ? std::nullopt : PropertyOf(*profile, name);
}

Result<std::string> AwsEnvironment::EndpointOf(std::string_view service) const {
  auto ignored = Variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (!ignored) ignored = Property("ignore_configured_endpoint_urls");
  if (IsTrue(ignored)) return "";
  if (const auto endpoint = Variable("AWS_ENDPOINT_URL_" + Upper(service))) return *endpoint;
  if (const auto endpoint = Variable("AWS_ENDPOINT_URL")) return *endpoint;
  if (const auto name = Property("services")) {
    const auto section = files_.services.find(*name);
    if (section == files_.services.end()) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("profile {} names the services section {}, and {} has none of this name",
                                   profile_name_, *name, config_path_),
                       fmt::format("write [services {}], or remove the line", *name));
    }
    if (const auto value = PropertyOf(section->second, service)) {
      if (const auto endpoint = PropertyOf(SubProperties(*value), "endpoint_url")) return *endpoint;
    }
  }
  return Property("endpoint_url").value_or("");
}

Result<AwsSettings> AwsEnvironment::Settings(std::string_view service) const {
  AwsSettings settings;
  ASSIGN_OR_RETURN(settings.endpoint, EndpointOf(service));
  if (!settings.endpoint.empty()) {
    const auto url = net::ParseUrl(settings.endpoint);
    if (!url.ok() || !url->query.empty() || !url->user.empty()) {
      return MakeError(ErrorCode::kConfiguration,
                       fmt::format("the endpoint of {} is no URL of a service: {}", service,
                                   net::MaskUrl(settings.endpoint)),
                       "give AWS_ENDPOINT_URL or endpoint_url as https://host[:port][/path]");
    }
  }
  for (const char* kind : {"FIPS", "DUALSTACK"}) {
    auto wanted = Variable(fmt::format("AWS_USE_{}_ENDPOINT", kind));
    if (!wanted)
      wanted =
          Property(fmt::format("use_{}_endpoint", kind == std::string_view("FIPS") ? "fips" : "dualstack"));
    if (settings.endpoint.empty() && IsTrue(wanted)) {
      return MakeError(
          ErrorCode::kConfiguration,
          fmt::format("AWS_USE_{}_ENDPOINT is true, and Penstock does not know those endpoints", kind),
          fmt::format("give the one of {} by AWS_ENDPOINT_URL_{}", service, Upper(service)));
    }
  }
  auto region = Variable("AWS_REGION");
  if (!region) region = Variable("AWS_DEFAULT_REGION");
  if (!region) region = Property("region");
  if (!region && !settings.endpoint.empty()) region = "us-east-1";
  if (!region) {
    return MakeError(
        ErrorCode::kConfiguration, fmt::format("no AWS region is set for {}", service),
        fmt::format("set AWS_REGION, such as AWS_REGION=eu-west-1, or region in profile {}", profile_name_));
  }
  const auto is_label = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::all_of(region->begin(), region->end(), is_label)) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("no AWS region has this name: {}", *region),
                     "set AWS_REGION, such as AWS_REGION=eu-west-1");
  }
  settings.region = *region;
  return settings;
}

}  // namespace penstock::aws
