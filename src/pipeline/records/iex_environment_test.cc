#include "pipeline/records/iex_environment.h"

#include <gtest/gtest.h>

#include <map>

namespace penstock::pipeline {
namespace {

std::map<std::string, std::string, std::less<>> variables;

std::optional<std::string> Variable(std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

using Variables = std::map<std::string, std::string, std::less<>>;

Result<IexEnvironment> Read(Variables values) {
  variables = std::move(values);
  return ReadIexEnvironment(&Variable);
}

// IEX-2
TEST(IexEnvironment, BucketAndPrefix) {
  auto read = Read({}).ValueOrDie();
  EXPECT_FALSE(read.bucket || read.prefix || read.role);
  read = Read({{"IEX_S3_BUCKET", "my-data.2019"},
               {"IEX_S3_PREFIX", "a/b/"},
               {"IEX_ROLE", "arn:aws:iam::123456789012:role/iex"}})
             .ValueOrDie();
  EXPECT_EQ(read.bucket, "s3://my-data.2019");
  EXPECT_EQ(read.prefix, "a/b/");
  EXPECT_EQ(Read({{"IEX_S3_BUCKET", "s3://my-data/below"}})->bucket, "s3://my-data/below");
  EXPECT_EQ(Read({{"IEX_S3_BUCKET", "/srv/lake"}})->bucket, "/srv/lake");
  EXPECT_EQ(Read({{"IEX_S3_BUCKET", "./lake"}})->bucket, "./lake");
}

// "A missing or malformed one is named in the error."
TEST(IexEnvironment, WhatIsMalformedIsNamed) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"IEX_S3_BUCKET", ""},
                                                        {"IEX_S3_BUCKET", "My_Bucket"},
                                                        {"IEX_S3_BUCKET", "https://host/bucket"},
                                                        {"IEX_S3_BUCKET", "s3://"},
                                                        {"IEX_S3_BUCKET", "s3://A"},
                                                        {"IEX_S3_PREFIX", "iex"},
                                                        {"IEX_S3_PREFIX", ""},
                                                        {"IEX_S3_PREFIX", "/"},
                                                        {"IEX_S3_PREFIX", "/iex/"},
                                                        {"IEX_S3_PREFIX", "a/../b/"},
                                                        {"IEX_S3_PREFIX", "a//b/"},
                                                        {"IEX_ROLE", "iex"},
                                                        {"IEX_ROLE", "arn:aws:iam::1:role/x"}}) {
    const auto config = Read({{name, value}});
    EXPECT_EQ(CodeOf(config.status()), ErrorCode::kConfiguration) << name << " " << value;
    EXPECT_NE(config.status().message().find(name), std::string::npos) << config.status();
  }
  const auto both = Read({{"IEX_S3_BUCKET", "X"}, {"IEX_S3_PREFIX", "iex"}});
  EXPECT_NE(both.status().message().find("IEX_S3_BUCKET"), std::string::npos);
  EXPECT_NE(both.status().message().find("IEX_S3_PREFIX"), std::string::npos);
}

TEST(IexEnvironment, WhatIsMissingIsNamed) {
  const auto missing = [](Variables values) {
    variables = std::move(values);
    const Status status = RequireIexEnvironment(&Variable).status();
    EXPECT_TRUE(status.ok() || CodeOf(status) == ErrorCode::kConfiguration);
    return status.message();
  };
  EXPECT_NE(missing({}).find("IEX_S3_BUCKET is not set"), std::string::npos);
  EXPECT_NE(missing({{"IEX_S3_BUCKET", "./lake"}}).find("IEX_S3_PREFIX is not set"), std::string::npos);
  EXPECT_EQ(missing({{"IEX_S3_BUCKET", "./lake"}, {"IEX_S3_PREFIX", "iex/"}}), "");
}

}  // namespace
}  // namespace penstock::pipeline
