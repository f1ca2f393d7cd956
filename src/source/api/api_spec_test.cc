#include "source/api/api_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/api/api_pages.h"

namespace penstock::source {
namespace {

using ::testing::HasSubstr;

const SourceSettings kGood = {{"url", "https://api.example/v1/{name}"}};

std::string FaultsOf(SourceSettings more) {
  more.insert(kGood.begin(), kGood.end());
  const auto spec = ReadApiSpec(more);
  EXPECT_EQ(CodeOf(spec.status()), ErrorCode::kConfiguration);
  return spec.status().message();
}

TEST(ApiSpec, AllFaultsAtOnce) {
  const std::string faults = FaultsOf({{"method", "PUT"},
                                       {"auth.kind", "header"},
                                       {"pagination.kind", "offset"},
                                       {"incremental.field", "id"},
                                       {"format", "xml"},
                                       {"columns.a", "dat"},
                                       {"recods", "/a"}});
  EXPECT_THAT(faults, HasSubstr("source.method: expected one of GET, POST, got PUT\n"));
  EXPECT_THAT(faults,
              HasSubstr("source.auth.env: is required: the environment variable that holds the secret\n"));
  EXPECT_THAT(faults, HasSubstr("source.auth.name: is required"));
  EXPECT_THAT(faults, HasSubstr("source.pagination.parameter: is required"));
  EXPECT_THAT(faults, HasSubstr("source.pagination.size: is required: records a page\n"));
  EXPECT_THAT(faults, HasSubstr("source.incremental.parameter: is required"));
  EXPECT_THAT(faults, HasSubstr("source.format: expected one of auto, json, csv, got xml"));
  EXPECT_THAT(faults, HasSubstr("source.columns.a: expected one of string"));
  EXPECT_THAT(faults, HasSubstr("source.recods: no such key (did you mean records?)"));
}

TEST(ApiSpec, Urls) {
  for (const char* url : {"", "api.example/v1", "ftp://h/a", "https://me:of-mine@h.example/a",
                          "https://{host}/a", "https://h.example/{a", "https://h.example/{a b}"}) {
    const std::string faults = FaultsOf({{"url", url}});
    EXPECT_THAT(faults, HasSubstr("source.url: ")) << url;
    EXPECT_THAT(faults, ::testing::Not(HasSubstr("of-mine")));
  }
  EXPECT_THAT(FaultsOf({{"url", "https://h.example/a?key=x"}}), HasSubstr("goes under query:"));
  EXPECT_THAT(FaultsOf({{"endpoint", "https://h.example/v1"}}), HasSubstr("source.endpoint: "));
}

TEST(ApiSpec, NoSecretInAFile) {
  EXPECT_THAT(FaultsOf({{"query.api_key", "abc"}}),
              HasSubstr("source.query.api_key: a secret does not stand in a file"));
  EXPECT_THAT(FaultsOf({{"headers.Authorization", "Bearer abc"}}),
              HasSubstr("source.headers.Authorization: a secret"));
  EXPECT_THAT(FaultsOf({{"auth.kind", "bearer"}, {"auth.env", "abc-def"}}), HasSubstr("(not its value)"));
  EXPECT_TRUE(
      ReadApiSpec({{"url", "https://h.example/a"}, {"query.api_key", "${KEY}"}, {"query.page_token", "x"}})
          .ok());
}

TEST(ApiSpec, WhatGoesWithWhat) {
  EXPECT_THAT(FaultsOf({{"pagination.cursor", "/a"}}),
              HasSubstr("source.pagination.cursor: goes with pagination.kind: cursor"));
  EXPECT_THAT(
      FaultsOf({{"pagination.kind", "cursor"}, {"pagination.parameter", "a"}, {"pagination.cursor", "/a/*"}}),
      HasSubstr("a path to one value"));
  EXPECT_THAT(FaultsOf({{"pagination.kind", "page"}, {"pagination.parameter", "p"}, {"query.p", "1"}}),
              HasSubstr("p is sent already"));
  EXPECT_THAT(
      FaultsOf({{"pagination.kind", "page"}, {"pagination.parameter", "p"}, {"pagination.max_pages", "0"}}),
      HasSubstr("a whole number from 1"));
  EXPECT_THAT(FaultsOf({{"body", "{}"}}), HasSubstr("goes with method: POST"));
  EXPECT_THAT(FaultsOf({{"headers.a b", "c"}}), HasSubstr("a header's name"));
  EXPECT_THAT(FaultsOf({{"delimiter", "ab"}}), HasSubstr("source.delimiter"));
}

TEST(ApiPages, LinkHeaders) {
  EXPECT_EQ(NextOfLinkHeader("<https://h/a?p=2>; rel=\"next\""), "https://h/a?p=2");
  EXPECT_EQ(NextOfLinkHeader("<a>; rel=prev, <b,c>; title=\"x, <y>; rel=next\"; REL=\"first next\""), "b,c");
  EXPECT_EQ(NextOfLinkHeader("<a>;rel=nexts, <b>"), std::nullopt);
  for (const char* text : {"", "<", "<a", ">a<", "<a>; rel=\"next", ",,;;", "<>;;=;,"})
    NextOfLinkHeader(text);
}

TEST(ApiPages, LinksAreSeenFromTheirPage) {
  const auto resolve = [](std::string_view link) {
    return ResolveLink("https://h.example:8443/v1/a?x=1", link).ValueOr("none");
  };
  EXPECT_EQ(resolve("https://o.example/b"), "https://o.example/b");
  EXPECT_EQ(resolve("//o.example/b"), "https://o.example/b");
  EXPECT_EQ(resolve("/b?c"), "https://h.example:8443/b?c");
  EXPECT_EQ(resolve("?c=1#d"), "https://h.example:8443/v1/a?c=1");
  EXPECT_EQ(resolve("b"), "https://h.example:8443/v1/b");
  EXPECT_EQ(resolve("ftp://h/x"), "none");
}

}  // namespace
}  // namespace penstock::source
