// The format of ~/.aws/config and ~/.aws/credentials, by the AWS SDKs' common tests, and what they leave
// open.
#include "aws/profile_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"

namespace penstock::aws {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Result<ProfileFile> ParseBoth(const json::value& input) {
  const std::string config = GetStringOr(input, "configFile", "").ValueOrDie();
  const std::string credentials = GetStringOr(input, "credentialsFile", "").ValueOrDie();
  ASSIGN_OR_RETURN(ProfileFile file, ParseProfileFile(config, ProfileFileKind::kConfig, "config"));
  ASSIGN_OR_RETURN(const ProfileFile more,
                   ParseProfileFile(credentials, ProfileFileKind::kCredentials, "credentials"));
  return MergeProfileFiles(std::move(file), more);
}

Sections SectionsOf(const json::value* value) {
  Sections sections;
  if (value == nullptr) return sections;
  for (const auto& [name, properties] : value->as_object()) {
    Properties& section = sections[name];
    for (const auto& [key, text] : properties.as_object()) section[key] = std::string(text.as_string());
  }
  return sections;
}

TEST(ProfileFile, EveryCaseOfTheSdks) {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/data/aws/profile-parser-tests.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const json::value suite = ParseJson(text).ValueOrDie();
  const json::array& tests = suite.at("tests").as_array();
  EXPECT_EQ(tests.size(), 65u);
  for (const json::value& test : tests) {
    SCOPED_TRACE(*GetString(test, "name"));
    const auto parsed = ParseBoth(test.at("input"));
    const json::object& output = test.at("output").as_object();
    if (const auto* error = output.if_contains("errorContaining")) {
      EXPECT_EQ(CodeOf(parsed.status()), ErrorCode::kConfiguration);
      EXPECT_THAT(parsed.status().message(), HasSubstr(std::string(error->as_string())));
      continue;
    }
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const json::object& config = output.at("config").as_object();
    EXPECT_EQ(parsed->profiles, SectionsOf(config.if_contains("profiles")));
    EXPECT_EQ(parsed->sso_sessions, SectionsOf(config.if_contains("sso_sessions")));
  }
}

TEST(ProfileFile, ServicesHaveSubProperties) {
  const auto parsed = ParseProfileFile(
      "[services local]\ns3 =\n  # of the test\n  endpoint_url = http://127.0.0.1:9000 # here\n  x = y\n"
      "sqs =\n  endpoint_url = http://127.0.0.1:9324\n",
      ProfileFileKind::kConfig, "config");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(SubProperties(parsed->services.at("local").at("s3")),
              ElementsAre(Pair("endpoint_url", "http://127.0.0.1:9000"), Pair("x", "y")));
  EXPECT_TRUE(SubProperties("http://127.0.0.1").empty());
}

// ALL-4
TEST(ProfileFile, AnErrorNamesTheLineAndNotItsText) {
  const Status status = ParseProfileFile("[a]\r\naws_access_key_id=x\r\nwJalrXUtnFEMIsecret\r\n",
                                         ProfileFileKind::kCredentials, "creds")
                            .status();
  EXPECT_THAT(status.message(), HasSubstr("creds:3: "));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("secret")));
}

TEST(ProfileFile, AByteOrderMarkAndNoNewlineAtTheEnd) {
  const auto parsed = ParseProfileFile("\xef\xbb\xbf[a]\nx=1", ProfileFileKind::kCredentials, "c");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->profiles.at("a").at("x"), "1");
}

}  // namespace
}  // namespace penstock::aws
