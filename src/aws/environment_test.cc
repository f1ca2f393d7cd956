// Region and endpoints from the standard variables and files.
#include "aws/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "aws/environment_for_test.h"
#include "base/json.h"

namespace penstock::aws {
namespace {

using ::testing::HasSubstr;
Result<AwsEnvironment> Load(Variables variables) {
  return AwsEnvironment::Load(EnvironmentOf(std::move(variables)));
}

std::string RegionOf(const Variables& variables) {
  const auto settings = Load(variables).ValueOrDie().Settings("s3");
  return settings.ok() ? settings->region : std::string(NameOf(CodeOf(settings.status())));
}

std::string EndpointOf(Variables variables, std::string_view service = "s3") {
  variables.emplace("AWS_REGION", "eu-west-1");
  const auto settings = Load(variables).ValueOrDie().Settings(service);
  return settings.ok() ? settings->endpoint : std::string(NameOf(CodeOf(settings.status())));
}

TEST(AwsEnvironment, Region) {
  EXPECT_EQ(RegionOf({{"AWS_REGION", "eu-west-1"}, {"AWS_DEFAULT_REGION", "us-west-2"}}), "eu-west-1");
  EXPECT_EQ(RegionOf({{"AWS_REGION", ""}, {"AWS_DEFAULT_REGION", "us-west-2"}}), "us-west-2");
  EXPECT_EQ(RegionOf({}), "configuration");
  EXPECT_EQ(RegionOf({{"AWS_ENDPOINT_URL", "http://127.0.0.1:9000"}}), "us-east-1");
}

TEST(AwsEnvironment, NamesThatAreNoRegion) {
  for (const char* name : {"eu west", "evil.example/", "EU-WEST-1", "x@y"}) {
    EXPECT_EQ(RegionOf({{"AWS_REGION", name}}), "configuration") << name;
  }
}

// Another endpoint than the one that was asked for would be worse than none.
TEST(AwsEnvironment, EndpointsThatWeDoNotKnowAreRefused) {
  EXPECT_EQ(EndpointOf({{"AWS_USE_FIPS_ENDPOINT", "true"}}), "configuration");
  EXPECT_EQ(EndpointOf({{"AWS_USE_DUALSTACK_ENDPOINT", "true"}}), "configuration");
  EXPECT_EQ(EndpointOf({{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_ENDPOINT_URL_S3", "https://s3-fips.x"}}),
            "https://s3-fips.x");
}

TEST(AwsEnvironment, Endpoints) {
  EXPECT_EQ(EndpointOf({}), "");
  const Variables both{{"AWS_ENDPOINT_URL", "http://all:1"}, {"AWS_ENDPOINT_URL_S3", "http://s3:2"}};
  EXPECT_EQ(EndpointOf(both, "s3"), "http://s3:2");
  EXPECT_EQ(EndpointOf(both, "sqs"), "http://all:1");
  Variables ignored = both;
  ignored["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(EndpointOf(ignored), "");
  for (const char* wrong : {"127.0.0.1:9000", "ftp://x", "http://me:pw@x", "http://x?y=1"}) {
    EXPECT_EQ(EndpointOf({{"AWS_ENDPOINT_URL", wrong}}), "configuration") << wrong;
  }
}

const char kConfig[] = R"([default]
region = eu-central-1
endpoint_url = http://default:1

[profile local]
region = us-west-2
services = emulators
endpoint_url = http://profile:2

[services emulators]
s3 =
  endpoint_url = http://127.0.0.1:9000
  addressing_style = path

[profile plain]
ignore_configured_endpoint_urls = true
endpoint_url = http://plain:3

[profile broken]
services = nowhere
)";

AwsSettings SettingsOf(const Variables& variables, std::string_view service) {
  return TestHome(kConfig).Load(variables).ValueOrDie().Settings(service).ValueOrDie();
}

TEST(AwsEnvironment, OfAProfile) {
  EXPECT_EQ(SettingsOf({}, "s3").region, "eu-central-1");
  EXPECT_EQ(SettingsOf({}, "s3").endpoint, "http://default:1");
  EXPECT_EQ(SettingsOf({{"AWS_PROFILE", "local"}}, "s3").region, "us-west-2");
  EXPECT_EQ(SettingsOf({{"AWS_PROFILE", "local"}}, "s3").endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(SettingsOf({{"AWS_PROFILE", "local"}}, "sqs").endpoint, "http://profile:2");
  EXPECT_EQ(SettingsOf({{"AWS_PROFILE", "local"}, {"AWS_ENDPOINT_URL", "http://variable:4"}}, "s3").endpoint,
            "http://variable:4");
  EXPECT_EQ(SettingsOf({{"AWS_PROFILE", "local"}, {"AWS_REGION", "eu-west-3"}}, "s3").region, "eu-west-3");
  EXPECT_EQ(SettingsOf({{"AWS_PROFILE", "plain"}, {"AWS_REGION", "eu-west-3"}}, "s3").endpoint, "");
}

TEST(AwsEnvironment, WhatIsWrongInFilesIsSaid) {
  TestHome home(kConfig, "[default\n");
  EXPECT_EQ(CodeOf(home.Load().status()), ErrorCode::kConfiguration);
  home.Write(".aws/credentials", "");
  ASSERT_TRUE(home.Load().ok());
  const Status absent = home.Load({{"AWS_PROFILE", "nobody"}}).status();
  EXPECT_EQ(CodeOf(absent), ErrorCode::kConfiguration);
  EXPECT_THAT(absent.message(), HasSubstr("nobody"));
  EXPECT_EQ(CodeOf(home.Load({{"AWS_PROFILE", "broken"}})->Settings("s3").status()),
            ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(home.Load({{"AWS_CONFIG_FILE", "/proc"}}).status()),
            ErrorCode::kConfiguration);  // a folder
}

// The AWS SDKs' common tests, those of this platform.
TEST(AwsEnvironment, TheFilesAreWhereTheSdksLook) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/aws/file-location-tests.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const json::value suite = ParseJson(text).ValueOrDie();
  int cases = 0;
  for (const json::value& test : suite.at("tests").as_array()) {
    if (*GetString(test, "platform") != "linux") continue;
    SCOPED_TRACE(*GetString(test, "name"));
    ++cases;
    Variables variables;
    for (const auto& [name, value] : test.at("environment").as_object()) {
      variables[name] = std::string(value.as_string());
    }
    const bool other = variables.contains("AWS_PROFILE");  // it is not in a file that is not there
    if (other) {
      EXPECT_EQ(CodeOf(Load(variables).status()), ErrorCode::kConfiguration);
    }
    variables.erase("AWS_PROFILE");
    const AwsEnvironment environment = Load(variables).ValueOrDie();
    EXPECT_EQ(environment.config_path(), *GetString(test, "configLocation"));
    EXPECT_EQ(environment.credentials_path(), *GetString(test, "credentialsLocation"));
    EXPECT_EQ(environment.profile_name(), "default");
  }
  EXPECT_EQ(cases, 4);
}

TEST(AwsEnvironment, AFileMayBeNamedFromHome) {
  TestHome home;
  home.Write("other", "[default]\nregion = sa-east-1\n");
  EXPECT_EQ(home.Load({{"AWS_CONFIG_FILE", "~/other"}})->Settings("s3")->region, "sa-east-1");
}

}  // namespace
}  // namespace penstock::aws
