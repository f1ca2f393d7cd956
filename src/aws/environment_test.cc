// Region, endpoints and credentials from the standard variables.
#include "aws/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "aws/credential_chain.h"
#include "aws/scripted_http.h"

namespace penstock::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Variables = std::map<std::string, std::string, std::less<>>;

Result<AwsEnvironment> Load(Variables variables) {
  return AwsEnvironment::Load([variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
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

Result<Credentials> CredentialsOf(const Variables& variables) {
  ManualClock clock(TimePoint{});
  Random random(1);
  ScriptedHttp http;
  ASSIGN_OR_RETURN(const AwsEnvironment environment, Load(variables));
  ASSIGN_OR_RETURN(auto source, MakeCredentials(environment, http, clock, random, Logger()));
  return source->Get();
}

TEST(AwsCredentials, FromVariables) {
  const auto keys = CredentialsOf(
      {{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "secret"}, {"AWS_SESSION_TOKEN", "token"}});
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->access_key_id, "id");
  EXPECT_EQ(keys->secret_access_key, "secret");
  EXPECT_EQ(keys->session_token, "token");
  EXPECT_EQ(keys->expires, std::nullopt);
}

TEST(AwsCredentials, HalfAPairIsAMistake) {
  const Status status = CredentialsOf({{"AWS_SECRET_ACCESS_KEY", "hush"}}).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kConfiguration);
  EXPECT_THAT(status.ToString(), Not(HasSubstr("hush")));
  EXPECT_EQ(CodeOf(CredentialsOf({{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", ""}}).status()),
            ErrorCode::kConfiguration);
}

TEST(AwsCredentials, NoneIsSaid) {
  const Status status = CredentialsOf({}).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_THAT(AdviceOf(status), HasSubstr("AWS_ACCESS_KEY_ID"));
}

}  // namespace
}  // namespace penstock::aws
