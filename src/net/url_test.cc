#include "net/url.h"

#include <gtest/gtest.h>

#include "net/http.h"

namespace penstock::net {
namespace {

TEST(Url, PercentEncodingKeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("^GSPC"), "%5EGSPC");
  EXPECT_EQ(PercentEncode("BT-A.L_~"), "BT-A.L_~");
  EXPECT_EQ(PercentEncode("a b/c?d&e=f%g+h"), "a%20b%2Fc%3Fd%26e%3Df%25g%2Bh");
  EXPECT_EQ(PercentEncode("\xc3\xbc"), "%C3%BC");
}

TEST(Url, EveryByteSurvivesEncodingAndDecoding) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(*PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(*PercentDecode(PercentEncode(all), true), all);
}

TEST(Url, DecodingRefusesBrokenEscapes) {
  for (const char* text : {"%", "a%2", "%zz", "%1", "abc%g0"}) {
    EXPECT_EQ(CodeOf(PercentDecode(text).status()), ErrorCode::kInvalidData) << text;
  }
  EXPECT_EQ(*PercentDecode("%5e%5E"), "^^");
  EXPECT_EQ(*PercentDecode("a+b"), "a+b");
  EXPECT_EQ(*PercentDecode("a+b", true), "a b");
}

TEST(Url, QueriesKeepOrderAndRepeatedNames) {
  const QueryParams params{{"symbol", "A&B=C"}, {"range", "5y"}, {"range", ""}, {"\xc3\xa4", "1 2"}};
  EXPECT_EQ(FormatQuery(params), "symbol=A%26B%3DC&range=5y&range=&%C3%A4=1%202");
  EXPECT_EQ(*ParseQuery(FormatQuery(params)), params);
  EXPECT_EQ(*ParseQuery("a&&b=1=2&"), (QueryParams{{"a", ""}, {"b", "1=2"}}));
  EXPECT_EQ(WithQuery("http://h/p", {{"a", "1"}}), "http://h/p?a=1");
  EXPECT_EQ(WithQuery("http://h/p?x=y#z", {{"a", "1"}}), "http://h/p?x=y&a=1");
  EXPECT_EQ(WithQuery("http://h/p?", {{"a", "1"}}), "http://h/p?a=1");
  EXPECT_EQ(WithQuery("http://h/p", {}), "http://h/p");
}

TEST(Url, PartsOfAUrl) {
  const auto url = ParseUrl("HTTPS://me:pw@Query1.Finance.Yahoo.COM:8443/v8/%5EFTSE?range=5y#top");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->user, "me:pw");
  EXPECT_EQ(url->host, "query1.finance.yahoo.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/v8/%5EFTSE");
  EXPECT_EQ(url->query, "range=5y");
  EXPECT_EQ(url->Origin(), "https://query1.finance.yahoo.com:8443");
  EXPECT_EQ(ParseUrl("http://[::1]:80")->Origin(), "http://[::1]");
  EXPECT_EQ(ParseUrl("http://[::1]:80")->path, "/");
  EXPECT_EQ(ParseUrl("https://h:443/")->Origin(), "https://h");
}

TEST(Url, WhatIsNoHttpUrlIsUsage) {
  for (const char* text : {"", "h/p", "//h/p", "ftp://h/", "file:///etc/passwd", "http://", "http:///p",
                           "http://h:0/", "http://h:65536/", "http://h:8x/", "http://[::1", "http://a b/",
                           "http://h/a b", "http://h/\r\nX: y", "http://u:p@/", "http://[xyz]/"}) {
    EXPECT_EQ(CodeOf(ParseUrl(text).status()), ErrorCode::kUsage) << text;
  }
}

// ALL-4
TEST(Url, MaskedUrlsCarryNoSecret) {
  EXPECT_EQ(MaskUrl("https://me:secret@h.example:8443/a/b?token=secret#secret"),
            "https://h.example:8443/a/b");
  EXPECT_EQ(MaskUrl("https://h/p"), "https://h/p");
  EXPECT_EQ(MaskUrl("http://[::1]:8080/x?y"), "http://[::1]:8080/x");
  for (const char* text :
       {"http://u:sec/ret@h/p", "http://u:secret", "http://u:sec?ret@h", "secret", "u:secret@h/p",
        "http://u:sec#ret@h/", "http://u@secret@h/?secret", "http://h?secret", "http://h/#secret",
        "http://h\\secret@x/", "://secret", "sec ret://h/"}) {
    const std::string masked = MaskUrl(text);
    EXPECT_EQ(masked.find("secret"), std::string::npos) << text << " -> " << masked;
    EXPECT_EQ(masked.find("sec"), std::string::npos) << text << " -> " << masked;
  }
}

TEST(Url, Loopback) {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST", "replay.localhost"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host :
       {"127.0.0.1.example.com", "localhost.example", "128.0.0.1", "::2", "", "127.1x.0.1", "127.0.1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(Url, SameSite) {
  EXPECT_TRUE(IsSameSite("query1.finance.yahoo.com", "Finance.Yahoo.com"));
  EXPECT_TRUE(IsSameSite("yahoo.com", "yahoo.com"));
  EXPECT_TRUE(IsSameSite("a.lse.co.uk", "b.lse.co.uk"));
  EXPECT_TRUE(IsSameSite("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(IsSameSite("yahoo.com", "yahoo.com.evil.example"));
  EXPECT_FALSE(IsSameSite("yahoo.com", "notyahoo.com"));
  EXPECT_FALSE(IsSameSite("lse.co.uk", "evil.co.uk"));
  EXPECT_FALSE(IsSameSite("10.1.0.1", "10.0.0.1"));
  EXPECT_FALSE(IsSameSite("localhost", "com"));
}

}  // namespace
}  // namespace penstock::net
