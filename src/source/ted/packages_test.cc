// TED-1: which archives a month is, and where they lie.
#include "source/ted/packages.h"

#include <gtest/gtest.h>

namespace penstock::source::ted {
namespace {

Result<std::vector<Package>> Parse(std::string_view text) { return ParsePackages(*ParseJson(text)); }

TEST(Ted1Packages, AMonthIsOneArchive) {
  const auto packages = Parse(R"({"year":2019,"month":3})");
  ASSERT_TRUE(packages.ok()) << packages.status();
  ASSERT_EQ(packages->size(), 1u);
  EXPECT_EQ(packages->front().Url(kEndpoint), "https://ted.europa.eu/packages/monthly/2019-3");
  EXPECT_EQ(packages->front().key(), "2019/03/2019-03.tar.gz");
}

TEST(Ted1Packages, IssuesAreAnArchiveEach) {
  const auto packages = Parse(R"({"year":2024,"month":1,"issues":[1,15,1]})");
  ASSERT_TRUE(packages.ok()) << packages.status();
  ASSERT_EQ(packages->size(), 2u);
  EXPECT_EQ((*packages)[0].Url(kEndpoint), "https://ted.europa.eu/packages/daily/202400001");
  EXPECT_EQ((*packages)[1].key(), "2024/01/202400015.tar.gz");
}

TEST(Ted1Packages, WhatIsNoMonthIsNamed) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "an object"},
           {R"({"month":3})", "\"year\" is missing"},
           {R"({"year":2019})", "\"month\" is missing"},
           {R"({"year":2019,"month":13})", "\"month\": expected a number from 1 to 12"},
           {R"({"year":"2019","month":3})", "\"year\": expected a number"},
           {R"({"year":1992,"month":3})", "1993"},
           {R"({"year":2019,"month":3,"day":1})", "unknown: \"day\""},
           {R"({"year":2019,"month":3,"issues":[]})", "\"issues\""},
           {R"({"year":2019,"month":3,"issues":[0]})", "\"issues\""},
       }) {
    const auto packages = Parse(text);
    EXPECT_EQ(CodeOf(packages.status()), ErrorCode::kUsage) << text;
    EXPECT_NE(packages.status().message().find(part), std::string::npos) << packages.status();
  }
}

TEST(Ted1Packages, PathsOfTheSiteAreUnderstood) {
  EXPECT_EQ(PackageOfPath("/packages/monthly/2019-3"), (Package{2019, 3, 0}));
  EXPECT_EQ(PackageOfPath("/packages/monthly/2019-03"), (Package{2019, 3, 0}));
  EXPECT_EQ(PackageOfPath("/packages/daily/202400001"), (Package{2024, 0, 1}));
  for (const char* path :
       {"/packages/monthly/2019-13", "/packages/monthly/2019-003", "/packages/monthly/x-3",
        "/packages/daily/202400000", "/packages/daily/2024001", "/packages/weekly/1", "/"}) {
    EXPECT_EQ(PackageOfPath(path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace penstock::source::ted
