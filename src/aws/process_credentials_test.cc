// credential_process: a command that prints credentials.
#include "aws/process_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/credential_document.h"

namespace penstock::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// AWS SDKs and Tools Reference Guide, "Process credential provider", "Output".
const std::string kDocument =
    R"({"Version": 1, "AccessKeyId": "an id", "SecretAccessKey": "a key", "SessionToken": "a token", )"
    R"("Expiration": "2026-11-21T12:00:00Z"})";

TEST(CredentialProcess, PrintsCredentials) {
  const auto credentials = RunCredentialProcess("printf '%s\\n' '" + kDocument + "'; echo warning >&2");
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->access_key_id, "an id");
  EXPECT_EQ(credentials->secret_access_key, "a key");
  EXPECT_EQ(credentials->session_token, "a token");
  EXPECT_EQ(credentials->expires, *ParseTimestamp("2026-11-21T12:00:00Z"));
}

TEST(CredentialProcess, ArgumentsMayBeQuoted) {
  EXPECT_TRUE(RunCredentialProcess("printf %s \"" +
                                   std::string(R"({\"Version\": 1, \"AccessKeyId\": \"a b\", )") +
                                   R"(\"SecretAccessKey\": \"x\"})" + "\"")
                  .ok());
}

TEST(CredentialProcess, WhatGoesWrongIsSaidWithoutWhatItPrinted) {
  const auto failure = [](const std::string& command) {
    const Status status = RunCredentialProcess(command).status();
    EXPECT_THAT(status.ToString(), Not(HasSubstr("hush"))) << command;
    return NameOf(CodeOf(status));
  };
  EXPECT_EQ(failure("echo hush; exit 3"), "unauthenticated");
  EXPECT_EQ(failure("echo hush; kill -TERM $$"), "unauthenticated");
  EXPECT_EQ(failure("/nowhere/hush"), "unauthenticated");
  EXPECT_EQ(failure("echo hush"), "invalid_data");
  EXPECT_EQ(failure(R"(echo '{"Version": 1, "AccessKeyId": "hush"}')"), "invalid_data");
  EXPECT_EQ(failure(R"(echo '{"Version": 2, "AccessKeyId": "hush", "SecretAccessKey": "hush"}')"),
            "invalid_data");
  EXPECT_EQ(failure(R"(echo '{"AccessKeyId": "hush", "SecretAccessKey": "hush"}')"), "invalid_data");
  EXPECT_EQ(
      failure(
          R"(echo '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "hush", "Expiration": "hush"}')"),
      "invalid_data");
  EXPECT_EQ(failure("head -c 100000 /dev/zero"), "invalid_data");
}

TEST(CredentialProcess, OneThatDoesNotEndIsKilled) {
  const Status status = RunCredentialProcess("sleep 1000", std::chrono::milliseconds(200)).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kTimeout);
  const Status closed = RunCredentialProcess("exec >&-; sleep 1000", std::chrono::milliseconds(200)).status();
  EXPECT_EQ(CodeOf(closed), ErrorCode::kTimeout);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(RunCredentialProcess("sleep 1000", std::chrono::seconds(60), stop.get_token()).status()),
            ErrorCode::kCancelled);
}

// As the instance metadata service and a container's endpoint refuse.
TEST(CredentialDocument, ARefusalSaysWhy) {
  const Status status =
      ParseCredentialDocument(
          R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"})",
          "the service")
          .status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kUnauthenticated);
  EXPECT_THAT(status.message(), HasSubstr("AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"));
}

}  // namespace
}  // namespace penstock::aws
